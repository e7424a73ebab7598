"""Whose fault it was: telling the target's frames from ours, and a crash in one line."""

import re
import signal
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

HARNESS = (
    "engine",
    "properties",
    "targets",
    "sandbox",
    "check",
    "known_failures",
    "store",
    "replay",
    "report",
    "cli",
)
ALL = (*HARNESS, "recognition", "implementations", "reference", "mutants", "spec")


def _places(folder: str) -> list[str]:
    spec = find_spec(f"bnproof.{folder}")
    return list(spec.submodule_search_locations or ()) if spec else []


PLACES = {folder: _places(folder) for folder in ALL}
"""Where the modules of each folder are; found now, since a target may leave no memory for it."""

_FRAME = re.compile(r'File "(?P<file>.*)", line (?P<line>\d+) in (?P<function>\S+)')


def is_ours(filename: str, folders: Sequence[str] = HARNESS) -> bool:
    """Whether a file belongs to the harness, or to other folders of this package."""
    path = Path(filename)
    return any(path.is_relative_to(place) for name in folders for place in PLACES[name])


def raised_by_us(error: BaseException) -> bool:
    """Whether the innermost frame of an exception is one of the harness."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and is_ours(frames[-1].filename)


def exit_in_words(status: int) -> str:
    """How a process ended.

    >>> exit_in_words(-11), exit_in_words(3)
    ('killed by SIGSEGV', 'exited with status 3')
    """
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"killed by signal {-status}"


def last_words(errors: str, lines: int = 3) -> str:
    """What a process that died said last: the line of a fatal error, else its last lines.

    >>> last_words("loading\\nassertion failed\\n")
    'loading | assertion failed'
    """
    if "Fatal Python error" in errors:
        said = errors[errors.rindex("Fatal Python error") :]
        frame = _outermost_before_ours(said)
        if frame:
            where = f"{Path(frame['file']).name}, line {frame['line']}, in {frame['function']}"
            return f"{said.splitlines()[0]} ({where})"
        return said.splitlines()[0]
    kept = [line.strip() for line in errors.splitlines() if line.strip()]
    return " | ".join(kept[-lines:])[-300:]


def _outermost_before_ours(said: str) -> "re.Match[str] | None":
    """The frame that the harness called: the last one before the first of ours."""
    before = None
    for frame in _FRAME.finditer(said):
        if is_ours(frame["file"]):
            return before
        if not frame["file"].startswith("<"):  # the machinery of imports
            before = frame
    return before
