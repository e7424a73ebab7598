"""Sizes at which a kernel runs out of its registers or counters."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.decorators import register
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/zero-mean", "forward/unit-variance")
BACKWARD = ("backward/agreement",)


LATE = {
    15: ("integers 330",),
    16: ("integers 1004",),
    32767: ("integers 330",),
    65535: ("65537 channels",),
}
"""Limits that only the last cases reach, and which they are."""


class _Limited(Parts):
    """Parts with a limit of their own."""

    def __init__(self, *, limit: int = 8, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.limit = limit


def _at_limits(
    group: str,
    mistake: str,
    repair: str,
    *,
    limits: tuple[int, ...],
    caught_by: tuple[str, ...],
    issues: tuple[str, ...],
) -> Callable[[type[_Limited]], type[_Limited]]:
    """Return a decorator that registers mutants of one class, one of each limit.

    The limit takes the place of ``{}`` in the sentence of the mistake.
    """

    def described(made: type[_Limited], limit: int) -> Mutant:
        return Mutant(
            f"limits/{group}-{limit}",
            mistake.format(limit),
            repair,
            issues,
            caught_by,
            partial(made, limit=limit),
            group=f"limits/{group}",
            shown_by=LATE.get(limit, ()),
        )

    return lambda made: register(made, *(described(made, limit) for limit in limits))


@_at_limits(
    "channels-beyond",
    "gamma is 1 beyond channel {}.",
    "Launch as many blocks as there are channels.",
    limits=(8, 32, 64, 256, 1024, 65535),
    caught_by=("forward/agreement",),
    issues=("torch/cunn#298",),
)
class _ChannelsBeyond(_Limited):
    """gamma is applied to so many channels only."""

    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = call.gamma.copy()
        call.gamma[self.limit :] = 1


@_at_limits(
    "values-beyond",
    "Statistics are formed from the first {} values only.",
    "Loop over all values.",
    limits=(8, 32, 64, 256, 1024, 32767),
    caught_by=AGREEMENT,
    issues=("apache/mxnet#4997", "microsoft/onnxruntime#17406"),
)
class _ValuesBeyond(_Limited):
    """Statistics take in so many values only."""

    def pool(self, call: Call, rows: Array) -> Array:
        return super().pool(call, rows[:, : self.limit])


@_at_limits(
    "gradient-beyond",
    "dx lacks the variance's part for more than {} values.",
    "Use the same formula for all sizes.",
    limits=(8, 32, 64, 256, 768, 1024),
    caught_by=BACKWARD,
    issues=("ROCm/MIOpen#1109",),
)
class _GradientBeyond(_ValuesBeyond):
    """The variance's part of dx is left out for more values."""

    def pool(self, call: Call, rows: Array) -> Array:
        return Parts.pool(self, call, rows)

    def var_term(self, call: Call, dxhat: Array) -> Array:
        right = super().var_term(call, dxhat)
        return np.zeros_like(right) if call.m > self.limit else right


@_at_limits(
    "count-of-bits",
    "The number of values is held in {} bits.",
    "Count in 64 bits.",
    limits=(7, 8, 11, 15, 16),
    caught_by=AGREEMENT,
    issues=("apache/mxnet#19065",),
)
class _CountWidth(_Limited):
    """The number of values is held in so many bits."""

    def pool(self, call: Call, rows: Array) -> Array:
        count = rows.shape[1] % 2**self.limit or 2**self.limit
        return np.asarray(rows.sum(axis=1, keepdims=True) / count)
