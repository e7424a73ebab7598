"""Progress: a bar with the remaining time on a terminal, a line now and then in a log."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from bnproof.check.meter import Progress

TEXT = 50  # characters of what is being done; a bar of changing length is hard to look at
EVERY = 30.0  # seconds between two lines in a log


@contextmanager
def progress_on(stream: TextIO, *, every: float = EVERY) -> Iterator[Progress]:
    """A function ``(done, total, text)`` that shows progress.

    On a terminal it draws a bar with the remaining time.  Elsewhere, as in the log of a CI run, it
    writes a line every 30 seconds, so that a long run is not taken for one that hangs.
    """
    if stream.isatty():
        with _bar(stream) as advance:
            yield advance
    else:
        with _heartbeat(stream, every) as advance:
            yield advance


def no_progress(done: int, total: int, text: str) -> None:
    """Show nothing."""


@contextmanager
def _bar(stream: TextIO) -> Iterator[Progress]:
    from rich.console import Console  # noqa: PLC0415  # costs nothing where it is not used
    from rich.progress import (  # noqa: PLC0415  # likewise
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[left]:5} {task.description}", markup=False),
    )
    console = Console(file=stream)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, left="")

        def advance(done: int, total: int, text: str) -> None:
            left = "left" if total else ""
            bar.update(
                task, completed=done, total=total or None, description=text[:TEXT], left=left
            )

        yield advance


@contextmanager
def _heartbeat(stream: TextIO, every: float) -> Iterator[Progress]:
    """Lines from a thread, so that they come during a call that hangs as well."""
    began, ended = time.monotonic(), threading.Event()
    state = [(0, 0, "no case yet")]

    def advance(done: int, total: int, text: str) -> None:
        state[0] = done, total, text[:TEXT]

    def beat() -> None:
        while not ended.wait(every):
            done, total, text = state[0]
            seconds = time.monotonic() - began
            stream.write(f"bnproof: {_so_far(done, total)} after {seconds:.0f} s: {text}\n")
            stream.flush()

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield advance
    finally:
        ended.set()
        thread.join()


def _so_far(done: int, total: int) -> str:
    """How far the work is, in words.

    >>> _so_far(3, 10), _so_far(0, 0)
    ('3 of 10', 'starting')
    """
    return f"{done} of {total}" if total else "starting"
