"""Progress over several checks: how far all of them are, when each only knows of itself."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]


class Meter:
    """Adds up the progress of a known number of checks that run one after the other.

    A check reports its cases from 1 on, so that a count that does not grow is the next check's.
    Checks that have not begun are taken to be as long as the present one.

    >>> seen = []
    >>> meter = Meter(lambda done, total, text: seen.append((done, total)), checks=2)
    >>> for done in (1, 5, 1):
    ...     meter(done, 5, "a case")
    >>> seen
    [(1, 10), (5, 10), (6, 10)]
    """

    def __init__(self, sink: Progress, checks: int) -> None:
        self._sink, self._left = sink, checks - 1
        self._finished = self._done = self._total = 0

    def __call__(self, done: int, total: int, text: str) -> None:
        """Pass the progress of the present check on, as that of all."""
        if done <= self._done:
            self._finished += self._total
            self._left = max(self._left - 1, 0)
        self._done, self._total = done, total
        self._sink(self._finished + done, self._finished + total * (1 + self._left), text)
