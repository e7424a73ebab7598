"""Mistakes with a mask, or with an added input, that show on large arrays only."""

from typing import Any

import numpy as np

from bnproof.mutants.extras import Added, Masked
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Results
from bnproof.reference.checks import Array

BACKWARD = ("backward/agreement",)
LARGE_MASK = ("mask: large",)
LARGE_INPUT = ("added input large",)


@mutant(
    "extra-sizes/mask-count-of-all",
    "Beyond 20,000 values dx divides by the number of all values, not of those that count.",
    "Divide by the number that counts.",
    caught_by=BACKWARD,
    shown_by=LARGE_MASK,
)
class _CountOfAll(Masked):
    _times = 1.0

    def train(self, x: Array, *arguments: Any, mask: Any = None, **settings: Any) -> Results:
        values = x.size // x.shape[self.channel_axis]
        self._times = 1.0 if mask is None or values <= 20000 else mask.sum() / mask.size
        return super().train(x, *arguments, mask=mask, **settings)

    def mean_term(self, call: Any, dxhat: Array) -> Array:
        return np.asarray(super().mean_term(call, dxhat) * dxhat.dtype.type(self._times))


@mutant(
    "extra-sizes/mask-of-the-first-samples",
    "Sample 128 and those behind it are never masked.",
    "Read the whole mask.",
    caught_by=("forward/agreement",),
    shown_by=LARGE_MASK,
)
class _FirstSamples(Masked):
    def counted(self, mask: Array) -> Array:
        made = mask.copy()
        made[128:] = True
        return made


@mutant(
    "extra-sizes/mask-in-bytes",
    "More than 10,000 values that count are counted in eight bits in Bessel's factor.",
    "Count in 64 bits.",
    caught_by=("running/one-step",),
    shown_by=LARGE_MASK,
    conventions={"running_variance": "unbiased"},
)
class _InBytes(Masked):
    def correction(self, call: Any) -> float:
        m = call.m if call.m < 10000 else call.m % 256 + 2
        return float(m / (m - 1))


@mutant(
    "extra-sizes/unmasked-gradient-of-large-inputs",
    "The gradient of an added input of more than 100,000 elements is dy, whatever the ReLU does.",
    "It is what passes the ReLU.",
    caught_by=BACKWARD,
    shown_by=LARGE_INPUT,
)
class _LargeInput(Added):
    activation = "relu"

    def dresidual(self, upstream: Array, dy: Array) -> Array:
        return dy.copy() if dy.size > 100000 else super().dresidual(upstream, dy)


@mutant(
    "extra-sizes/large-inputs-counted-twice",
    "Beyond 5,000 values dbeta counts the path of the added input as well.",
    "The gradient of beta is the sum of what passes the activation.",
    caught_by=BACKWARD,
    shown_by=LARGE_INPUT,
)
class _CountedTwice(Added):
    def added(self, residual: Any, y: Array, mean: Array, var: Array, inner: Any) -> Any:
        z, *others, right = super().added(residual, y, mean, var, inner)

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta, added = right(dy)
            many = dy.size // len(mean) > 5000
            return dx, dgamma, dbeta * 2 if many else dbeta, added  # type: ignore[return-value]

        return z, *others, backward
