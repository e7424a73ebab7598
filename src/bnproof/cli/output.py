"""What the verbs share: mistakes of the user's, and files that results go to."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path

import click

TO_STDOUT = "-"
"""The name of a file that stands for standard output."""


class WrongUsage(click.ClickException):
    """A mistake of the user's, said in one or two lines."""

    exit_code = 2


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


def write_to_stdout(text: str) -> None:
    """Write a result as it would be written to a file, in UTF-8, unless a terminal shows it."""
    if sys.stdout.isatty() or not isinstance(sys.stdout, TextIOWrapper):
        click.echo(text, nl=False)
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", errors="replace"))
    sys.stdout.buffer.flush()


def write(path: Path, text: str) -> None:
    """Write a result; raises WrongUsage where that fails."""
    try:
        path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise WrongUsage(f"cannot write {path}: {error.strerror}") from error
