"""Sizes at which a kernel runs out of its registers or counters."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/zero-mean", "forward/unit-variance")
BACKWARD = ("backward/agreement",)


class _Limited(Parts):
    """Parts with a limit of their own."""

    def __init__(self, *, limit: int = 8, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.limit = limit


class _ChannelsBeyond(_Limited):
    """gamma is applied to so many channels only."""

    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = call.gamma.copy()
        call.gamma[self.limit :] = 1


class _ValuesBeyond(_Limited):
    """Statistics take in so many values only."""

    def pool(self, call: Call, rows: Array) -> Array:
        return super().pool(call, rows[:, : self.limit])


class _GradientBeyond(_ValuesBeyond):
    """The variance's part of dx is left out for more values."""

    def pool(self, call: Call, rows: Array) -> Array:
        return Parts.pool(self, call, rows)

    def var_term(self, call: Call, dxhat: Array) -> Array:
        right = super().var_term(call, dxhat)
        return np.zeros_like(right) if call.m > self.limit else right


class _CountWidth(_Limited):
    """The number of values is held in so many bits."""

    def pool(self, call: Call, rows: Array) -> Array:
        count = rows.shape[1] % 2**self.limit or 2**self.limit
        return np.asarray(rows.sum(axis=1, keepdims=True) / count)


def _limited(
    group: str,
    mistake: str,
    repair: str,
    make: type[_Limited],
    limits: tuple[int, ...],
    caught_by: tuple[str, ...],
    issues: tuple[str, ...] = (),
) -> Iterator[Mutant]:
    """The same mistake at different limits."""
    for limit in limits:
        yield Mutant(
            f"limits/{group}-{limit}",
            mistake.format(limit),
            repair,
            issues,
            caught_by,
            partial(make, limit=limit),
            group=f"limits/{group}",
        )


MUTANTS = (
    *_limited(
        "channels-beyond",
        "gamma is 1 beyond channel {}.",
        "Launch as many blocks as there are channels.",
        _ChannelsBeyond,
        (8, 32, 64, 256, 1024, 65535),
        ("forward/agreement",),
        ("torch/cunn#298",),
    ),
    *_limited(
        "values-beyond",
        "Statistics are formed from the first {} values only.",
        "Loop over all values.",
        _ValuesBeyond,
        (8, 32, 64, 256, 1024, 32767),
        AGREEMENT,
        ("apache/mxnet#4997", "microsoft/onnxruntime#17406"),
    ),
    *_limited(
        "gradient-beyond",
        "dx lacks the variance's part for more than {} values.",
        "Use the same formula for all sizes.",
        _GradientBeyond,
        (8, 32, 64, 256, 768, 1024),
        BACKWARD,
        ("ROCm/MIOpen#1109",),
    ),
    *_limited(
        "count-of-bits",
        "The number of values is held in {} bits.",
        "Count in 64 bits.",
        _CountWidth,
        (7, 8, 11, 15, 16),
        AGREEMENT,
        ("apache/mxnet#19065",),
    ),
)
