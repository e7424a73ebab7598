"""Progress on a terminal, and nothing anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

TEXT = 50  # characters of what is being done; a bar of changing length is hard to look at


@contextmanager
def progress_on(stream: TextIO) -> Iterator[Callable[[int, int, str], None]]:
    """A function ``(done, total, text)`` that draws a bar, if the stream is a terminal."""
    if not stream.isatty():
        yield lambda done, total, text: None  # nobody is looking
        return
    from rich.console import Console  # noqa: PLC0415  # costs nothing where it is not used
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415  # costs time that not everybody needs

    columns = (
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(file=stream)
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def advance(done: int, total: int, text: str) -> None:
            bar.update(task, completed=done, total=total, description=text[:TEXT])

        yield advance
