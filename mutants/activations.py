"""Mistakes where an activation is fused into batch normalization."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.fused import Activated
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Results
from bnproof.reference.checks import Array

FORWARD = ("forward/agreement",)
BACKWARD = ("backward/agreement",)
INFERENCE = ("inference/agreement",)


@mutant(
    "activations/slope-forgotten",
    "The gradients are those of batch normalization without its activation.",
    "Multiply dy by the slope of the activation first.",
    caught_by=BACKWARD,
)
class _SlopeForgotten(Activated):
    def upstream(self, z: Array, dy: Array) -> Array:
        return dy


@mutant(
    "activations/slope-of-xhat",
    "The ReLU's slope is taken by the sign of xhat, before gamma and beta.",
    "Take it by the sign of gamma xhat + beta.",
    caught_by=BACKWARD,
)
class _SlopeOfXhat(Activated):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        call.kept_xhat = self.write(call, call.xhat)  # type: ignore[attr-defined]  # of this mutant
        _, *others, inner = super().results(call, y, mean, var)

        def backward(dy: Array) -> Gradients:
            gradients: Gradients = inner(dy * (call.kept_xhat > 0))  # type: ignore[attr-defined]  # as above
            return gradients

        return y, *others, backward  # type: ignore[return-value]  # as before

    def upstream(self, z: Array, dy: Array) -> Array:
        return dy


@mutant(
    "activations/only-in-training",
    "Inference leaves the activation out.",
    "Apply it in inference as well.",
    caught_by=INFERENCE,
)
class _OnlyInTraining(Activated):
    def infer(self, *arguments: Any, **settings: Any) -> Results:
        return super(Activated, self).infer(*arguments, **settings)


@mutant(
    "activations/before-beta",
    "The ReLU is applied before beta is added.",
    "Add beta first.",
    caught_by=FORWARD,
)
class _BeforeBeta(Activated):
    def y(self, call: Call) -> Array:
        return np.asarray(np.maximum(call.gamma * call.xhat, 0) + call.beta)

    def value(self, z: Array) -> Array:
        return z

    def slope(self, z: Array) -> Array:
        return np.ones_like(z)


class _Parameters(Activated):
    """Activated, with some gradient of a parameter formed from dy as it came."""

    def activated(self, z: Array, mean: Array, var: Array, inner: Any) -> Results:
        y, *others, right = super().activated(z, mean, var, inner)

        def backward(dy: Array) -> Gradients:
            return self.mixed(right(dy), inner(dy))

        return y, *others, backward  # type: ignore[return-value]  # as before

    def mixed(self, right: Gradients, unmasked: Gradients) -> Gradients:
        """Gradients, some of which are wrong."""
        raise NotImplementedError


@mutant(
    "activations/dbeta-of-dy",
    "dbeta is the sum of dy, where the ReLU is off as well.",
    "Sum what passes the ReLU.",
    caught_by=BACKWARD,
)
class _DbetaOfDy(_Parameters):
    def mixed(self, right: Gradients, unmasked: Gradients) -> Gradients:
        return right[0], right[1], unmasked[2]


@mutant(
    "activations/dgamma-of-dy",
    "dgamma is formed from dy, where the ReLU is off as well.",
    "Form it from what passes the ReLU.",
    caught_by=BACKWARD,
)
class _DgammaOfDy(_Parameters):
    def mixed(self, right: Gradients, unmasked: Gradients) -> Gradients:
        return right[0], unmasked[1], right[2]


@mutant(
    "activations/slope-of-the-last-call",
    "The slope is that of the last call, whichever backward is called.",
    "Keep what a backward needs with its call.",
    caught_by=("backward/interleaved",),
)
class _SlopeOfLastCall(Activated):
    def activated(self, z: Array, mean: Array, var: Array, inner: Any) -> Results:
        self._last = z
        return super().activated(z, mean, var, inner)

    def slope(self, z: Array) -> Array:
        last = self._last if self._last.shape == z.shape else z
        return super().slope(last)


@mutant(
    "activations/other-slope-in-backward",
    "A leaky ReLU has slope 0.01 in the forward pass and 0.1 in the backward pass.",
    "Use one slope.",
    caught_by=BACKWARD,
)
class _OtherSlope(Activated):
    activation = "leaky_relu"

    def slope(self, z: Array) -> Array:
        return np.where(z > 0, 1, 0.1).astype(z.dtype)


@mutant(
    "activations/statistics-of-the-output",
    "The running statistics are those of the activated output.",
    "Average the statistics of x.",
    caught_by=("running/one-step",),
)
class _StatisticsOfOutput(Activated):
    def new_mean(self, call: Call) -> Array:
        return np.asarray(np.maximum(self.y(call), 0).mean(axis=1, keepdims=True))


@mutant(
    "activations/gelu-by-tanh",
    "gelu is formed by its approximation with tanh.",
    "Use the error function, or declare another activation.",
    caught_by=FORWARD,
)
class _GeluByTanh(Activated):
    activation = "gelu"

    def value(self, z: Array) -> Array:
        inner = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
        return np.asarray((0.5 * z * (1 + np.tanh(inner))).astype(z.dtype))


@mutant(
    "activations/silu-slope-by-sigmoid",
    "The slope of silu is taken for sigmoid(z).",
    "Add z sigmoid(z) (1 - sigmoid(z)).",
    caught_by=BACKWARD,
)
class _SiluSlope(Activated):
    activation = "silu"

    def slope(self, z: Array) -> Array:
        return np.asarray((1 / (1 + np.exp(-z.astype(np.float64)))).astype(z.dtype))


@mutant(
    "activations/relu6-without-upper-kink",
    "Gradients pass a ReLU6 where its argument is above 6.",
    "Stop them on both sides.",
    caught_by=BACKWARD,
)
class _Relu6(Activated):
    activation = "relu6"

    def slope(self, z: Array) -> Array:
        return np.asarray((z > 0).astype(z.dtype))


@mutant(
    "activations/elu-slope-by-its-value",
    "The slope of elu below 0 is taken for its value.",
    "Add 1.",
    caught_by=BACKWARD,
)
class _EluSlope(Activated):
    activation = "elu"

    def slope(self, z: Array) -> Array:
        return np.where(z > 0, 1, self.value(z)).astype(z.dtype)
