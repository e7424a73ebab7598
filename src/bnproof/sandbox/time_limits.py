"""How long a target is waited for, and when it is no longer tried."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from bnproof.engine.model.event import EarlyEnd
from bnproof.engine.model.observation import Observation

FIRST = 5.0  # the first call of a kind may take so many times the limit: compilers need it
HANG = 4  # a time-out weighs as much as four crashes, for it costs the user far more time
IN_A_ROW = 10  # weight of failures in a row after which a dtype is given up
IN_ALL = 40  # and of failures at all


class CallLimits:
    """Time limits by kind of call, and failures by dtype.

    >>> limits = CallLimits(30.0)
    >>> limits.limit("train")
    150.0
    >>> limits.returned(["train"])
    >>> limits.limit("train")
    30.0
    """

    def __init__(self, timeout: float, first: float = FIRST) -> None:
        self.timeout, self.first = timeout, first
        self._lost = False
        self._seen: set[str] = set()
        self._hung: set[str] = set()
        self._in_a_row: Counter[str] = Counter()
        self._in_all: Counter[str] = Counter()
        self._last: dict[str, EarlyEnd] = {}

    @property
    def longest(self) -> float:
        """Seconds for calls that may have to compile."""
        return self.timeout if self._lost else self.timeout * self.first

    def lose(self) -> None:
        """The very first calls took too long: no call gets the longer limit any more."""
        self._lost = True

    def limit(self, kind: str, *, repeated: bool = False) -> float:
        """Seconds for a call of this kind; one that is repeated was just made before."""
        first = not repeated and kind not in self._seen and kind not in self._hung
        return self.longest if first else self.timeout

    def returned(self, kinds: Iterable[str]) -> None:
        """Calls of these kinds have returned, so that there is nothing more to compile."""
        self._seen.update(kinds)

    def hung(self, kind: str) -> None:
        """A call of this kind took too long: a new worker does not get the longer limit for it."""
        self._hung.add(kind)

    def restarted(self) -> None:
        """In a new worker everything happens for the first time."""
        self._seen.clear()

    def answered(self, dtype: str) -> None:
        """A case was run to its end."""
        self._in_a_row[dtype] = 0

    def failed(self, dtype: str, failure: EarlyEnd) -> Observation:
        """A case ended in a crash or a time-out: the observation of it."""
        weight = HANG if failure.kind == "timed-out" else 1
        self._in_a_row[dtype] += weight
        self._in_all[dtype] += weight
        self._last[dtype] = failure
        return Observation(failure=failure)

    def given_up(self, dtype: str) -> Observation | None:
        """The observation of a case that is not tried any more, or None."""
        if self._in_a_row[dtype] < IN_A_ROW and self._in_all[dtype] < IN_ALL:
            return None
        return Observation(failure=replace(self._last[dtype], given_up=True))
