"""Calls of two threads at the same time, line by line.

Left alone, two threads take turns a few times in a thousandth of a second, and what they do to each
other shows by chance.  Here each line of Python hands over to the other thread, so that what one
leaves where the other finds it shows each time.  A thread that does not get its turn back, since
the other one waits for a lock that it holds or computes for long, goes on without it.
"""

import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from bnproof.engine.execution.exceptions import Stop

PATIENCE = 0.004
"""Seconds that a thread waits for its turn."""
MISSED = 6
"""Turns that may be missed before both threads run freely."""
TURNS = 4000
"""Turns in all, after which both run freely: they cost time."""
OURS = str(Path(__file__).parent)
"""Lines of this package are not those of a target."""


class _Turns:
    """Whose turn it is, of two threads."""

    def __init__(self) -> None:
        self._mine = threading.Lock(), threading.Lock()
        self._ended = [False, False]
        self._missed = self._taken = 0
        for lock in self._mine:
            lock.acquire()

    def hand_over(self, me: int) -> None:
        """Let the other thread go on, and wait for this one's turn."""
        if self._ended[1 - me] or self._missed > MISSED or self._taken > TURNS:
            return
        self._taken += 1
        self._wake(1 - me)
        if not self._mine[me].acquire(timeout=PATIENCE):
            self._missed += 1

    def end(self, me: int) -> None:
        """Leave all turns to the other thread."""
        self._ended[me] = True
        self._wake(1 - me)

    def _wake(self, other: int) -> None:
        try:
            self._mine[other].release()
        except RuntimeError:  # it is awake
            return


def in_two_threads(lives: Sequence[Callable[[], None]]) -> None:
    """Run two functions at the same time, each in a thread of its own, until both have ended.

    A `Stop` ends its thread alone; anything else that a function raises is raised here.

    >>> seen = set()
    >>> in_two_threads([lambda: seen.add(1), lambda: seen.add(2)])
    >>> sorted(seen)
    [1, 2]
    """
    turns, start = _Turns(), threading.Barrier(len(lives))
    errors: list[BaseException] = []

    def run(me: int, life: Callable[[], None]) -> None:
        before = sys.gettrace()
        try:
            start.wait()
            sys.settrace(_tracer(turns, me))
            with np.errstate(all="ignore"):  # each thread has a handling of its own
                life()
        except Stop:
            return
        except BaseException as error:  # noqa: BLE001  # it is raised in the thread that waits
            errors.append(error)
        finally:
            sys.settrace(before)
            turns.end(me)

    threads = [
        threading.Thread(target=run, args=(me, life), daemon=True) for me, life in enumerate(lives)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def _tracer(turns: _Turns, me: int) -> Any:
    """A trace function that hands over at each line that is not one of this package."""

    def line(_frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            turns.hand_over(me)
        return line

    def call(frame: FrameType, _event: str, _: Any) -> Any:
        return None if frame.f_code.co_filename.startswith(OURS) else line

    return call
