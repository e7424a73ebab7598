"""The options of ``bnproof check`` about known failures, and what they ask for together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bnproof.cli.output import WrongUsage

if TYPE_CHECKING:
    from bnproof.check.request import CheckedVariant, Request
    from bnproof.engine.model.result import Report
    from bnproof.known_failures.edits import Why

DAYS = 90  # until an entry expires, where nothing else is asked for


def known_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command, which gets them as `KnownOptions` takes them."""
    for option in reversed(
        (
            click.option(
                "--known",
                "known_file",
                metavar="FILE",
                type=click.Path(path_type=Path),
                help="TOML file of known failures; default: known-failures in [tool.bnproof] of "
                "pyproject.toml.",
            ),
            click.option(
                "--update-known",
                is_flag=True,
                help="Write the failures into that file and remove stale entries.",
            ),
            click.option("--reason", metavar="TEXT", help="Reason, for the written entries."),
            click.option("--link", metavar="URL", help="Link to an issue, likewise."),
            click.option(
                "--expires",
                metavar="DATE",
                type=click.DateTime(["%Y-%m-%d"]),
                help=f"Their last day, such as 2027-01-31.  [default: {DAYS} days from now]",
            ),
        )
    ):
        command = option(command)
    return command


@dataclass(frozen=True)
class KnownOptions:
    """What was asked for about known failures."""

    known_file: Path | None
    update_known: bool
    reason: str | None
    link: str | None
    expires: datetime | None

    def file(self) -> Path | None:
        """The file, from the command line or from pyproject.toml; WrongUsage if it is not there."""
        from bnproof.check.configuration import (  # not for --help
            ConfigurationError,
            known_failures,
        )

        try:
            path = self.known_file or known_failures()
        except ConfigurationError as error:
            raise WrongUsage(str(error)) from error
        self._check(path)
        if path is not None and not path.exists() and self.update_known:
            if not path.parent.is_dir():
                raise WrongUsage(f"cannot write {path}: there is no folder {path.parent}")
            return None  # it is made
        return path

    def written(self) -> Path:
        """The file that is written."""
        from bnproof.check.configuration import known_failures

        path = self.known_file or known_failures()
        assert path is not None  # noqa: S101  # checked by `file`
        return path

    def why(self) -> "Why":
        """What is said of the entries."""
        from bnproof.known_failures.edits import Why
        from bnproof.known_failures.pinned_examples import today

        last = today() + timedelta(days=DAYS) if self.expires is None else self.expires.date()
        return Why(_one_line(self.reason), _one_line(self.link), last)

    def _check(self, path: Path | None) -> None:
        given = {"--reason": self.reason, "--link": self.link, "--expires": self.expires}
        if not self.update_known:
            stray = next((name for name, value in given.items() if value is not None), None)
            if stray:
                raise click.UsageError(f"{stray} is for --update-known")
            return
        if path is None:
            raise click.UsageError("--update-known needs --known FILE, or one in pyproject.toml")
        if not _one_line(self.reason):
            raise click.UsageError("--update-known needs --reason TEXT: why is a failure accepted?")
        if self.expires is not None and self.expires.date() < _today():
            raise click.UsageError(f"--expires {self.expires.date()} is over")


def update(
    options: KnownOptions, target: str, examined: "list[CheckedVariant]", asked: "Request"
) -> "list[Report]":
    """Write the file, say what was written, and return the reports as they are then."""
    from bnproof.engine.wording.text import count
    from bnproof.known_failures.update import update_known
    from bnproof.store.fields import StoreError

    path = options.written()
    try:
        updated = update_known(
            path,
            target,
            examined,
            options.why(),
            timeout=asked.timeout,
            memory=asked.memory,
        )
    except StoreError as error:
        raise WrongUsage(str(error)) from error
    for line in updated.left:
        click.echo(f"not written: {line}", err=True)
    written = count(updated.added, "entry", "entries")
    click.echo(f"{path}: {written} written, {updated.removed} removed", err=True)
    return updated.reports


def _today() -> date:
    from bnproof.known_failures.pinned_examples import today

    return today()


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())
