"""Calls in several threads at the same time."""

import sys
import threading
from collections.abc import Callable, Sequence

import numpy as np

from bnproof.engine.execution.exceptions import Stop

SWITCHES = 1e-6
"""Seconds after which a thread makes room for another one: as often as Python allows."""


def in_threads(lives: Sequence[Callable[[], None]]) -> None:
    """Run functions at the same time, each in a thread of its own, until all have ended.

    A `Stop` ends its thread alone; anything else that a function raises is raised here.

    >>> seen = set()
    >>> in_threads([lambda: seen.add(1), lambda: seen.add(2)])
    >>> sorted(seen)
    [1, 2]
    """
    start = threading.Barrier(len(lives))
    errors: list[BaseException] = []

    def run(life: Callable[[], None]) -> None:
        try:
            start.wait()
            with np.errstate(all="ignore"):  # each thread has a handling of its own
                life()
        except Stop:
            return
        except BaseException as error:  # noqa: BLE001  # it is raised in the thread that waits
            errors.append(error)

    threads = [threading.Thread(target=run, args=(life,), daemon=True) for life in lives]
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCHES)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    if errors:
        raise errors[0]
