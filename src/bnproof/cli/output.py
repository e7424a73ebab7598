"""Files that reports are written to: checked before a long run, written after it."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bnproof.properties.result import Report

TO_STDOUT = "-"
"""A name of a file that stands for standard output."""


class WrongUsage(click.ClickException):
    """A mistake of the user's, said in one or two lines."""

    exit_code = 2


class Files:
    """The files that were asked for, by option; WrongUsage if one could not be written."""

    def __init__(self, asked: Mapping[str, str | None]) -> None:
        self.named = {option: name for option, name in asked.items() if name is not None}
        seen: dict[str, str] = {}
        for option, name in self.named.items():
            same = name if name == TO_STDOUT else os.path.realpath(name)
            if same in seen:
                raise WrongUsage(f"{seen[same]} and {option} both write {name}; name two files")
            seen[same] = option
            if name != TO_STDOUT:
                check_writable(Path(name))
        if "--html" in self.named:
            check_extra("--html")

    @property
    def take_stdout(self) -> bool:
        """Whether standard output is for a file, so that people read standard error."""
        return TO_STDOUT in self.named.values()

    def write(self, reports: "Sequence[Report]") -> None:
        """Write the reports on one target to all files."""
        for option, name in self.named.items():
            text = RENDERERS[option](reports)
            if name == TO_STDOUT:
                click.echo(text, nl=False)
            else:
                write(Path(name), text)


def check_extra(option: str) -> None:
    """Say before a long run that a page cannot be made."""
    try:
        import jinja2  # noqa: F401, PLC0415  # an extra; only whether it is there
    except ImportError:
        raise WrongUsage(f"{option} needs jinja2: pip install 'bnproof[html]'") from None


def check_writable(path: Path) -> None:
    """Say before a long run that its result could not be written."""
    folder = path.parent
    if path.is_dir():
        reason = "it is a folder"
    elif not folder.is_dir():
        reason = f"there is no folder {folder}"
    elif not os.access(path if path.exists() else folder, os.W_OK):
        reason = "permission denied"
    else:
        return
    raise WrongUsage(f"cannot write {path}: {reason}")


def write(path: Path, text: str) -> None:
    """Write a file; WrongUsage if that fails."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise WrongUsage(f"cannot write {path}: {error.strerror}") from error


def _json(reports: "Sequence[Report]") -> str:
    from bnproof.report.model_json import dumps  # noqa: PLC0415  # costs time that help has not

    return dumps(reports)


def _markdown(reports: "Sequence[Report]") -> str:
    from bnproof.report.markdown import markdown  # noqa: PLC0415  # likewise

    return markdown([reports])


def _html(reports: "Sequence[Report]") -> str:
    from bnproof.report.page import page  # noqa: PLC0415  # an extra

    return page([reports])


RENDERERS: dict[str, Callable[["Sequence[Report]"], str]] = {
    "--json": _json,
    "--markdown": _markdown,
    "--html": _html,
}
"""How each option writes."""
