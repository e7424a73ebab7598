"""The files that reports are written to: checked before a long run, written after it."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bnproof.cli.output import TO_STDOUT, WrongUsage, check_writable, write, write_to_stdout

if TYPE_CHECKING:
    from bnproof.engine.model.result import Report

    Checks = Sequence[Sequence[Report]]


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

    def write(self, checks: "Checks") -> None:
        """Write the reports on each target to all files."""
        for option, name in self.named.items():
            text = RENDERERS[option](checks)
            if name == TO_STDOUT:
                write_to_stdout(text)
            else:
                write(Path(name), text)


def check_extra(option: str) -> None:
    """Say before a long run that a page cannot be made."""
    try:
        import jinja2  # noqa: F401  # an extra; only whether it is there
    except ImportError:
        raise WrongUsage(f"{option} needs jinja2: pip install 'bnproof[html]'") from None


def _json(checks: "Checks") -> str:
    from bnproof.report.model_json import dumps_all  # costs time that help has not

    return dumps_all(checks)


def _markdown(checks: "Checks") -> str:
    from bnproof.report.markdown import markdown  # likewise

    return markdown(checks)


def _html(checks: "Checks") -> str:
    from bnproof.report.page import page  # an extra

    return page(checks)


RENDERERS: dict[str, Callable[["Checks"], str]] = {
    "--json": _json,
    "--markdown": _markdown,
    "--html": _html,
}
"""How each option writes."""
