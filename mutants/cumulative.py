"""The cumulative average, momentum None, gone wrong."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts

CAUGHT = ("running/cumulative-average",)


class _Cumulative(Parts):
    cumulative = True

    def new_weight(self, seen: int) -> float:
        """The weight of a batch with so many before it."""
        return 1 / (seen + 1)

    def weights(self, call: Call) -> tuple[float, float]:
        if call.momentum is not None:
            return super().weights(call)
        weight = self.new_weight(call.batches_seen)
        return 1 - weight, weight


@mutant(
    "cumulative/reversed",
    "The weights of the old and the new value are interchanged.",
    "Batch t, counted from 0, weighs 1 / (t + 1).",
    caught_by=CAUGHT,
    issues=("chainer/chainer#1091",),
)
class _Reversed(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return seen / (seen + 1)


@mutant(
    "cumulative/counted-late",
    "The counter is raised after it is used: the second batch replaces the first.",
    "Batch t, counted from 0, weighs 1 / (t + 1).",
    caught_by=CAUGHT,
)
class _Late(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return 1 / max(seen, 1)


@mutant(
    "cumulative/counted-early",
    "The counter is one too high: the initial statistics count as a batch.",
    "Batch t, counted from 0, weighs 1 / (t + 1).",
    caught_by=CAUGHT,
)
class _Early(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return 1 / (seen + 2)


@mutant(
    "cumulative/fixed-weight",
    "With momentum None the new value weighs 0.1.",
    "Batch t, counted from 0, weighs 1 / (t + 1).",
    caught_by=CAUGHT,
)
class _Fixed(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return 0.1


@mutant(
    "cumulative/counter-of-8-bits",
    "The number of batches wraps around at 256.",
    "Count in 64 bits.",
    caught_by=CAUGHT,
    issues=("apache/mxnet#19065",),
)
class _EightBits(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return 1 / (seen % 256 + 1)


@mutant(
    "cumulative/counter-of-16-bits",
    "The number of batches wraps around at 65536.",
    "Count in 64 bits.",
    caught_by=CAUGHT,
    issues=("apache/mxnet#19065",),
)
class _SixteenBits(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return 1 / (seen % 65536 + 1)


@mutant(
    "cumulative/counter-in-half",
    "The number of batches is held in 16-bit floating point, exact up to 2048.",
    "Count in integers.",
    caught_by=CAUGHT,
    issues=("pytorch/pytorch#70901",),
)
class _HalfPrecision(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return float(1 / np.float16(min(seen + 1, 65504)))


@mutant(
    "cumulative/weight-at-least-0.001",
    "The weight of a batch does not fall below 0.001.",
    "Batch t, counted from 0, weighs 1 / (t + 1), however large t is.",
    caught_by=CAUGHT,
)
class _Capped(_Cumulative):
    def new_weight(self, seen: int) -> float:
        return max(1 / (seen + 1), 0.001)
