"""Wrong gradients of inference."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mode import batch_statistics
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

GRADIENT = ("inference/gradients",)
AFFINE = "In inference dx = gamma inv_std dy, with the running variance"


@mutant(
    "inference-gradients/training-gradient-in-inference",
    "The gradient of inference is the formula of training.",
    f"{AFFINE}.",
    caught_by=GRADIENT,
    issues=("pytorch/pytorch#4284", "pytorch/xla#913", "FluxML/NNlib.jl#548", "torch/nn#768"),
)
class _TrainingGradient(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return self.dx(call, dy)


@mutant(
    "inference-gradients/batch-gradient-in-inference",
    "The gradient of inference is scaled by the standard deviation of the batch.",
    f"{AFFINE}.",
    caught_by=GRADIENT,
    issues=("apache/mxnet#1630",),
)
class _BatchGradient(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        mean, var = batch_statistics(self, call)
        call.xhat = (call.rows - mean) / np.sqrt(var + call.eps)
        return np.asarray(call.gamma * dy / np.sqrt(var + call.eps))


@mutant(
    "inference-gradients/no-gradient-in-inference",
    "dx of inference is 0.",
    f"{AFFINE}.",
    caught_by=GRADIENT,
    issues=("FluxML/Flux.jl#2179",),
)
class _ZeroGradient(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return np.zeros_like(dy)


@mutant(
    "inference-gradients/gradient-without-gamma-in-inference",
    "dx of inference is not multiplied by gamma.",
    f"{AFFINE}.",
    caught_by=GRADIENT,
)
class _GradientWithoutGamma(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.inv_std * dy)


@mutant(
    "inference-gradients/gradient-unscaled-in-inference",
    "dx of inference is not divided by the standard deviation.",
    f"{AFFINE}.",
    caught_by=GRADIENT,
)
class _GradientUnscaled(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.gamma * dy)


@mutant(
    "inference-gradients/dgamma-zero-in-inference",
    "dgamma of inference is 0, as if gamma were frozen.",
    "dgamma = sum dy xhat, xhat by the running statistics.",
    caught_by=GRADIENT,
)
class _FrozenParameters(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        return right if call.training else np.zeros_like(right)


@mutant(
    "inference-gradients/dgamma-of-the-batch-in-inference",
    "dgamma of inference uses xhat by the statistics of the batch.",
    "dgamma = sum dy xhat, xhat by the running statistics.",
    caught_by=GRADIENT,
    issues=("torch/nn#615",),
)
class _BatchDgamma(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        if call.training:
            return super().dgamma(call, dy)
        mean = call.rows.mean(axis=1, keepdims=True)
        var = call.rows.var(axis=1, keepdims=True)
        xhat = (call.rows - mean) / np.sqrt(var + call.eps)
        return np.asarray((dy * xhat).sum(axis=1, keepdims=True))
