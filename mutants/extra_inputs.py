"""Mistakes with an added input and with a mask."""

from typing import Any

import numpy as np

from bnproof.mutants.extras import Added, Masked, Weighted
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.reference.checks import Array

FORWARD = ("forward/agreement",)
BACKWARD = ("backward/agreement",)


class _ReLU(Added):
    activation = "relu"


@mutant(
    "extra-inputs/added-after-the-activation",
    "The input is added after the ReLU.",
    "Add it before.",
    caught_by=FORWARD,
    shown_by=("added input",),
)
class _AddedAfter(_ReLU):
    def added(self, residual: Any, y: Array, mean: Array, var: Array, inner: Any) -> Any:
        z, *others, backward = super().added(None, y, mean, var, inner)
        return self.sum(z, residual), *others, backward


@mutant(
    "extra-inputs/slope-without-the-added-input",
    "The ReLU's slope is taken by the sign of y without the added input.",
    "Take it by the sign of the sum.",
    caught_by=BACKWARD,
    shown_by=("added input",),
)
class _SlopeWithout(_ReLU):
    def added(self, residual: Any, y: Array, mean: Array, var: Array, inner: Any) -> Any:
        made, *others, _ = super().added(residual, y, mean, var, inner)
        *_, backward = super().added(None, y, mean, var, inner)
        return made, *others, backward


@mutant(
    "extra-inputs/gradient-without-the-slope",
    "The gradient of the added input is dy, where the ReLU is off as well.",
    "It is what passes the ReLU.",
    caught_by=BACKWARD,
    shown_by=("added input",),
)
class _WithoutSlope(_ReLU):
    def dresidual(self, upstream: Array, dy: Array) -> Array:
        return dy.copy()


@mutant(
    "extra-inputs/gradient-of-x",
    "The gradient of the added input is dx.",
    "It is what passes the activation: the input is not normalized.",
    caught_by=BACKWARD,
    shown_by=("added input",),
)
class _GradientOfX(Added):
    def added(self, residual: Any, y: Array, mean: Array, var: Array, inner: Any) -> Any:
        *others, right = super().added(residual, y, mean, var, inner)

        def backward(dy: Array) -> Any:
            dx, dgamma, dbeta, _ = right(dy)
            return dx, dgamma, dbeta, dx.copy()

        return *others, backward


@mutant(
    "extra-inputs/normalized-with-x",
    "The input is added to x before the statistics are formed.",
    "Add it to y.",
    caught_by=FORWARD,
    shown_by=("added input",),
)
class _NormalizedWithX(Added):
    def train(self, *arguments: Any, residual: Any = None, **settings: Any) -> Results:
        x, *others = arguments
        made = Parts.train(self, self.sum(x, residual), *others, **settings)
        return self.added(None, *made)  # type: ignore[no-any-return]  # as before


@mutant(
    "extra-inputs/only-in-training",
    "Inference leaves the added input out.",
    "Add it in inference as well.",
    caught_by=("inference/agreement",),
    shown_by=("added input",),
)
class _OnlyInTraining(Added):
    def infer(self, *arguments: Any, residual: Any = None, **settings: Any) -> Results:
        return super().infer(*arguments, residual=None, **settings)


@mutant(
    "extra-inputs/mask-ignored",
    "All values count, whatever the mask says.",
    "Leave out what is masked.",
    caught_by=FORWARD,
    shown_by=("mask:",),
)
class _MaskIgnored(Masked):
    def counted(self, mask: Array) -> Array:
        return np.ones_like(mask)


@mutant(
    "extra-inputs/mask-inverted",
    "What the mask leaves out counts, and nothing else.",
    "True stands for a value that counts.",
    caught_by=FORWARD,
    shown_by=("mask:",),
)
class _MaskInverted(Masked):
    def counted(self, mask: Array) -> Array:
        return ~mask if (~mask).sum() > 1 else mask


@mutant(
    "extra-inputs/mask-divides-by-all",
    "Sums leave out what is masked, and are divided by the number of all values.",
    "Divide by the number of values that count.",
    caught_by=FORWARD,
    shown_by=("mask:",),
)
class _DividesByAll(Weighted):
    def weights_of(self, mask: Array, like: Array) -> Array:
        return np.where(mask, mask.sum() / mask.size, 0).astype(like.dtype)


@mutant(
    "extra-inputs/mask-by-sample",
    "A sample counts as a whole if its first position does.",
    "Look at each position.",
    caught_by=FORWARD,
    shown_by=("mask:",),
)
class _MaskBySample(Masked):
    def counted(self, mask: Array) -> Array:
        first = mask.reshape(len(mask), -1)[:, 0]
        whole = np.broadcast_to(first.reshape(-1, *(1 for _ in mask.shape[1:])), mask.shape)
        return whole.copy() if whole.sum() > 1 else mask


@mutant(
    "extra-inputs/mask-with-gradients",
    "Values that the mask leaves out get gradients of the mean and the variance.",
    "Give them none: the statistics do not depend on them.",
    caught_by=BACKWARD,
    shown_by=("mask:",),
)
class _MaskWithGradients(Masked):
    def train(self, x: Array, *arguments: Any, mask: Any = None, **settings: Any) -> Results:
        y, mean, var, inner = super().train(x, *arguments, mask=mask, **settings)

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta = inner(dy)
            if mask is not None:
                counts = np.expand_dims(mask, self.channel_axis)
                dx = np.where(counts, dx, dx.mean()).astype(dx.dtype)
            return dx, dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "extra-inputs/mask-in-bessel-forgotten",
    "Bessel's factor of the running variance is that of all values.",
    "Use the number of values that count.",
    caught_by=("running/one-step",),
    shown_by=("mask:",),
)
class _BesselOfAll(Masked):
    def train(self, x: Array, *arguments: Any, mask: Any = None, **settings: Any) -> Results:
        self._all = x.size // x.shape[self.channel_axis]
        return super().train(x, *arguments, mask=mask, **settings)

    def correction(self, call: Any) -> float:
        return self._all / (self._all - 1) if self.running_variance == "unbiased" else 1.0
