"""Large and small numbers, NaN and infinity, cut off or spread."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

NAN = ("forward/nonfinite-confinement",)
BACKWARD = ("backward/agreement", "backward/homogeneity")
FORWARD = ("forward/agreement", "forward/unit-variance")
INFERENCE = ("inference/agreement",)
THROUGH = "Let NaN and infinity through: they tell of a fault elsewhere"


@mutant(
    "magnitudes/small-dgamma-flushed",
    "A dgamma below 1e-12 is set to 0.",
    "Gradients are linear in dy: leave small ones as they are.",
    caught_by=BACKWARD,
    issues=("tensorflow/tensorflow#107705",),
)
class _SmallDgammaFlushed(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        right = super().dgamma(call, dy)
        return np.where(np.abs(right) < 1e-12, 0, right).astype(dy.dtype)


@mutant(
    "magnitudes/small-dx-flushed",
    "A dx below 1e-12 is set to 0.",
    "Gradients are linear in dy: leave small ones as they are.",
    caught_by=BACKWARD,
    issues=("tensorflow/tensorflow#107705",),
)
class _SmallDxFlushed(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dx = super().dx(call, dy)
        return np.where(np.abs(dx) < 1e-12, 0, dx).astype(dy.dtype)


@mutant(
    "magnitudes/dy-clipped",
    "dy is clipped to -1e4..1e4.",
    "Gradients are linear in dy: leave large ones as they are.",
    caught_by=BACKWARD,
)
class _GradientsClipped(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return np.clip(super().read_dy(call, dy), -1e4, 1e4)


@mutant(
    "magnitudes/dx-clipped",
    "dx is clipped to the range of float16.",
    "Leave large gradients as they are.",
    caught_by=BACKWARD,
)
class _DxClipped(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        return np.clip(super().dx(call, dy), -65504, 65504)


@mutant(
    "magnitudes/dx-clipped-by-norm",
    "dx is scaled down to a norm of 1.",
    "Leave clipping to the optimiser.",
    caught_by=(*BACKWARD, "backward/additivity"),
)
class _ClippedByNorm(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dx = super().dx(call, dy)
        norm = float(np.sqrt((dx.astype(np.float64) ** 2).sum()))
        return np.asarray(dx / max(norm, 1.0)).astype(dx.dtype)


@mutant(
    "magnitudes/x-clipped",
    "x is clipped to the range of float16.",
    "Use x as it is.",
    caught_by=("forward/agreement", "running/one-step"),
)
class _XClipped(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return np.clip(super().read(call, x), -65504, 65504)


@mutant(
    "magnitudes/running-variance-clipped",
    "A running variance beyond the range of float16 is clipped.",
    "Keep it in 32 bits.",
    caught_by=INFERENCE,
    issues=("apple/coreai-torch#54",),
)
class _RunningVarClipped(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, np.minimum(var, 65504)


@mutant(
    "magnitudes/running-variance-underflows",
    "A running variance below the range of float16 is 0.",
    "Keep it in 32 bits.",
    caught_by=INFERENCE,
    issues=("pytorch/vision#2599",),
)
class _RunningVarUnderflows(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return mean, np.where(var < 6e-8, 0, var).astype(var.dtype)


@mutant(
    "magnitudes/running-mean-clipped",
    "The running mean is clipped to -256..256.",
    "Use it as it is.",
    caught_by=INFERENCE,
)
class _RunningMeanClipped(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return np.clip(mean, -256, 256), var


@mutant(
    "magnitudes/small-variance-flushed",
    "A variance below 1e-5 is taken for 0.",
    "eps is all the protection that is due.",
    caught_by=FORWARD,
)
class _SmallVarFlushed(Parts):
    def var(self, call: Call) -> Array:
        var = super().var(call)
        return np.where(var < 1e-5, 0, var).astype(var.dtype)


@mutant(
    "magnitudes/inv-std-capped",
    "1 / sqrt(var + eps) is capped at 1000.",
    "eps is all the protection that is due.",
    caught_by=FORWARD,
)
class _InvStdCapped(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.minimum(super().inv_std(call), 1000)


@mutant(
    "magnitudes/variance-capped",
    "The variance is capped at the range of float16.",
    "Form it in 32 bits.",
    caught_by=(*FORWARD, "running/one-step"),
    issues=("pytorch/pytorch#126525",),
)
class _VarCapped(Parts):
    def var(self, call: Call) -> Array:
        return np.minimum(super().var(call), 65504)


@mutant(
    "magnitudes/gamma-at-least-0.001",
    "A gamma of less than 0.001 is raised to it.",
    "Use gamma as it is, 0 too.",
    caught_by=("forward/agreement",),
    issues=("mapillary/inplace_abn#92",),
)
class _GammaAtLeast(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = np.where(np.abs(call.gamma) < 1e-3, 1e-3, call.gamma).astype(call.rows.dtype)


@mutant(
    "magnitudes/subnormal-x-flushed",
    "Subnormal x is taken for 0, and that is not declared.",
    "Declare flush_to_zero, or keep subnormals.",
    caught_by=("forward/agreement", "running/one-step"),
)
class _SubnormalsFlushed(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x)
        return np.where(np.abs(rows) < np.finfo(rows.dtype).tiny, 0, rows)


@mutant(
    "magnitudes/subnormal-results-flushed",
    "Subnormal y and dx are set to 0, and that is not declared.",
    "Declare flush_to_zero, or keep subnormals.",
    caught_by=BACKWARD,
)
class _SubnormalGradientsFlushed(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        tiny = np.finfo(rows.dtype).tiny
        return super().write(call, np.where(np.abs(rows) < tiny, 0, rows).astype(rows.dtype))


@mutant(
    "magnitudes/nan-hidden",
    "NaN in x is taken for 0.",
    f"{THROUGH}.",
    caught_by=NAN,
)
class _NanHidden(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return np.nan_to_num(super().read(call, x), nan=0.0, posinf=np.inf, neginf=-np.inf)


@mutant(
    "magnitudes/infinity-hidden",
    "Infinity in x is taken for 0.",
    f"{THROUGH}.",
    caught_by=NAN,
)
class _InfinityHidden(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x)
        return np.where(np.isinf(rows), 0, rows)


@mutant(
    "magnitudes/nan-in-dy-hidden",
    "NaN in dy is taken for 0.",
    f"{THROUGH}.",
    caught_by=("backward/nonfinite-confinement",),
)
class _NanInDyHidden(Parts):
    def read_dy(self, call: Call, dy: Array) -> Array:
        return np.nan_to_num(super().read_dy(call, dy))


@mutant(
    "magnitudes/nan-hidden-from-statistics",
    "Values that are not finite are left out of the statistics and of y.",
    f"{THROUGH}.",
    caught_by=NAN,
)
class _NanHiddenFromStatistics(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(np.nan_to_num(call.rows, posinf=0, neginf=0).mean(axis=1, keepdims=True))

    def var(self, call: Call) -> Array:
        centred = np.nan_to_num(call.rows - call.mean, posinf=0, neginf=0)
        return np.asarray((centred * centred).mean(axis=1, keepdims=True))

    def y(self, call: Call) -> Array:
        return np.nan_to_num(super().y(call))


@mutant(
    "magnitudes/nan-spreads",
    "Means are formed by a product with a matrix of zeros and ones: 0 times NaN is NaN.",
    "Sum each channel on its own.",
    caught_by=NAN,
)
class _NanSpreads(Parts):
    def mean(self, call: Call) -> Array:
        mean = super().mean(call)
        return np.asarray(np.eye(len(mean), dtype=mean.dtype) @ mean)


@mutant(
    "magnitudes/nan-in-dy-spreads",
    "dbeta is formed by a product with a matrix of zeros and ones: 0 times NaN is NaN.",
    "Sum each channel on its own.",
    caught_by=("backward/nonfinite-confinement",),
)
class _NanSpreadsBackward(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        right = super().dbeta(call, dy)
        return np.asarray(np.eye(len(right), dtype=right.dtype) @ right)
