"""Whether a result of a known mistake is the observed one, but for rounding."""

from typing import Any, Literal

import numpy as np

from bnproof.engine.judging.record import Judged
from bnproof.engine.model.formats import Array, format_of
from bnproof.engine.truth.oracle import error

SLACK = 4
"""Times the bound by which two implementations of one mistake may differ.

This is chosen, not derived: a bound is derived for right implementations, and a mistake may round
a few times more often.  No verdict depends on it; how often the right cause is named is measured
(see `bnproof.selftest.named_causes`).
"""


Finding = Literal["explained", "contradicted", ""]
"""What a result says of an observed output; "" where it says nothing, as a right result does."""


class ObservedOutput:
    """A judged output of the target, prepared for comparisons with results of many mistakes.

    Attributes:
        is_wrong: whether the output exceeds its bound.
    """

    def __init__(self, judged: Judged) -> None:
        self.is_wrong = judged.worst > 1
        self._judged = judged
        self._got = np.asarray(judged.got, np.float64)
        with np.errstate(all="ignore"):
            size, u = np.abs(self._got), format_of(judged.got.dtype).u
            largest = np.max(size, initial=0.0, where=np.isfinite(size))
            self._slack = SLACK * judged.bound
            self._limit = self._slack + 64 * u * size + 4 * u * largest
        self._found: dict[tuple[Any, bytes], Finding] = {}

    def finding(self, result: Array) -> Finding:
        """Return what a result of a mistake says of this output.

        Equal results, of which most mistakes have many, are compared once.
        """
        if result.shape != self._got.shape:
            return "contradicted"
        key = result.dtype, result.tobytes()
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._compared(result)
        return found

    def agrees(self, result: Array) -> bool:
        """Return whether a result is the observed one but for rounding."""
        if result.shape != self._got.shape:
            return False
        with np.errstate(all="ignore"):
            other = np.asarray(result, np.float64)
            near = np.abs(self._got - other) <= self._limit
            if near.all():
                return True
            same = (self._got == other) | (np.isnan(self._got) & np.isnan(other))
            return bool((same | near | np.isinf(self._judged.bound)).all())

    def _compared(self, result: Array) -> Finding:
        """Compare a result of the right shape.

        A mistake whose condition is not met gives the right result, which may be near a wrong one.
        """
        if self.agrees(result):
            explained = self.is_wrong and not self._within(result, self._judged.bound)
            return "explained" if explained else ""
        contradicted = not self.is_wrong or not self._within(result, self._slack)
        return "contradicted" if contradicted else ""

    def _within(self, result: Array, bound: Array) -> bool:
        with np.errstate(all="ignore"):
            return bool((error(result, self._judged.truth) <= bound).all())
