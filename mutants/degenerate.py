"""No value at all, constant channels, gamma of 0, absent parameters."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.reference.checks import Array

EMPTY = ("forward/empty-batch",)


class _Empty(Parts):
    """Parts that return an empty y for an empty batch."""

    empty = "empty"

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        if x.size:
            return super().train(x, *arguments, **settings)
        gamma, beta, mean, var = arguments

        def backward(dy: Array) -> Gradients:
            return dy.copy(), np.zeros_like(gamma), np.zeros_like(beta)

        return x.copy(), *self.left_by_nothing(mean, var), backward

    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        """The statistics after an empty batch."""
        return mean.copy(), var.copy()


@mutant(
    "degenerate/empty-batch-not-a-number",
    "An empty batch makes the running statistics NaN.",
    "Leave them as they are.",
    caught_by=EMPTY,
    issues=("tensorflow/tensorflow#33444", "pytorch/pytorch#36530"),
)
class _EmptyNotANumber(_Empty):
    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        return mean * np.float32(np.nan), var * np.float32(np.nan)


@mutant(
    "degenerate/empty-batch-averaged",
    "An empty batch counts as one of zeros.",
    "Leave the running statistics as they are.",
    caught_by=EMPTY,
    issues=("tensorflow/tensorflow#33444",),
)
class _EmptyZero(_Empty):
    def left_by_nothing(self, mean: Array, var: Array) -> tuple[Array, Array]:
        return mean * np.float32(0.875), var * np.float32(0.875)


@mutant(
    "degenerate/empty-batch-refused",
    "An empty batch is declared to give an empty y, and is refused.",
    "Return an empty y, or declare the error.",
    caught_by=EMPTY,
    issues=("pytorch/pytorch#37198",),
)
class _EmptyRaises(Parts):
    empty = "empty"


@mutant(
    "degenerate/empty-batch-not-refused",
    "An empty batch is declared to be an error, and is none.",
    "Raise, or declare what happens.",
    caught_by=EMPTY,
)
class _EmptyAccepted(_Empty):
    empty = "error"


@mutant(
    "degenerate/constant-channel-to-zero",
    "A constant channel gives 0, without beta.",
    "It gives beta.",
    caught_by=("forward/constant-feature", "forward/agreement"),
)
class _ConstantToZero(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.where(call.var == 0, 0, y) if call.training else y


@mutant(
    "degenerate/constant-channel-passed-on",
    "A constant channel is returned as it came.",
    "It gives beta.",
    caught_by=("forward/constant-feature", "forward/agreement"),
)
class _ConstantPassedOn(Parts):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        return np.where(call.var == 0, call.rows, y) if call.training else y


@mutant(
    "degenerate/small-variance-is-one",
    "A variance below 1e-3 is taken for 1.",
    "eps is all the protection that is due.",
    caught_by=("forward/agreement", "forward/unit-variance"),
)
class _SmallVarianceIsOne(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.where(call.var < 2.0**-10, 1, super().inv_std(call)).astype(call.var.dtype)


@mutant(
    "degenerate/zero-gamma-has-no-gradient",
    "dgamma is 0 where gamma is 0, which then never leaves it.",
    "dgamma does not depend on gamma.",
    caught_by=("backward/agreement",),
)
class _ZeroGammaSkipped(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return np.where(call.gamma == 0, 0, super().dgamma(call, dy)).astype(dy.dtype)


@mutant(
    "degenerate/divided-by-gamma",
    "beta is divided by gamma and multiplied by it again: NaN where gamma is 0.",
    "Add beta after scaling.",
    caught_by=("forward/agreement",),
    issues=("pytorch/pytorch#85744",),
)
class _DividedByGamma(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * (call.xhat + call.beta / call.gamma))


class _Optional(Parts):
    affine_parameters = "optional"


@mutant(
    "degenerate/absent-gamma-is-zero",
    "A gamma of None is taken for 0.",
    "It stands for 1.",
    caught_by=("forward/agreement",),
)
class _AbsentGammaIsZero(_Optional):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is None:
            call.gamma = np.zeros_like(call.gamma)


@mutant(
    "degenerate/absent-gamma-refused-in-inference",
    "Inference refuses a gamma of None.",
    "Take it in both modes, or declare affine_parameters = 'required'.",
    caught_by=("inference/agreement", "forward/agreement"),
)
class _AbsentRaises(_Optional):
    def begin(self, call: Call) -> None:
        super().begin(call)
        if call.given[0] is None and not call.training:
            message = "inference needs gamma"
            raise ValueError(message)


@mutant(
    "degenerate/no-gradient-without-gamma",
    "dx is 0 where gamma is None.",
    "dx does not need gamma to be a parameter.",
    caught_by=("backward/agreement",),
    issues=("apache/mxnet#18499",),
)
class _GradientOfAbsent(_Optional):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        found = super().gradients(call, dy)
        if call.given[0] is not None:
            return found
        return np.zeros_like(found[0]), found[1], found[2]
