"""Progress over several checks: how far all of them are, when each only knows of itself."""

from collections.abc import Callable

Progress = Callable[[int, int, str], None]
"""Told how much is done, how much there is, 0 if that is not known, and what is done now."""


class Meter:
    """Adds up the progress of a known number of parts that are done one after the other.

    Parts that have not begun are taken to be as long as the present one.  A total of 0 leaves the
    numbers as they are: then the text tells of work that is not counted.

    >>> seen = []
    >>> meter = Meter(lambda done, total, text: seen.append((done, total)), parts=2)
    >>> part = meter.next()
    >>> part(1, 5, "a case"), part(5, 5, "a case"), part(5, 5, "smaller")
    (None, None, None)
    >>> meter.next()(1, 6, "a case")
    >>> seen
    [(1, 10), (5, 10), (5, 10), (6, 11)]
    """

    def __init__(self, sink: Progress, parts: int) -> None:
        self._sink, self._left = sink, parts
        self._before = self._done = self._total = 0

    def next(self) -> Progress:
        """The progress of the next part; the part before it has ended, maybe early."""
        self._before += self._done
        self._done = 0
        self._left = max(self._left - 1, 0)
        return self._report

    def _report(self, done: int, total: int, text: str) -> None:
        if total:
            self._done, self._total = done, max(done, total)
        self._sink(self._before + self._done, self._before + self._total * (1 + self._left), text)
