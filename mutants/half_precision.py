"""16-bit data computed in 16 bits where 32 are due, or rounded on the way."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Dtype, mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array
from bnproof.reference.rows import from_rows

AGREEMENT = ("forward/agreement", "forward/unit-variance")
BACKWARD = ("backward/agreement",)
HALF: tuple[Dtype, ...] = ("float16",)
BRAIN: tuple[Dtype, ...] = ("bfloat16",)


def rounded(values: Array, call: Call) -> Array:
    """Values rounded to x's dtype if that has 16 bits, to float16 otherwise, and widened again."""
    short: Any = call.x.dtype if call.x.dtype.itemsize == 2 else np.float16
    return np.asarray(values.astype(short).astype(values.dtype))


def short_sum(rows: Array, call: Call) -> Array:
    """The sum over a row, one value after the other, each partial sum rounded."""
    total = np.zeros_like(rows[:, :1])
    for k in range(rows.shape[1]):
        total = rounded(total + rows[:, k : k + 1], call)
    return total


@mutant(
    "half-precision/squares",
    "The squares of x - mean are formed in 16 bits, where they overflow from 256 on.",
    "Widen x before anything is computed.",
    caught_by=AGREEMENT,
    issues=("neuroneural/brainchop-cli#56", "pytorch/pytorch#126525"),
    dtypes=HALF,
)
class _SquaresIn16(Parts):
    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        return self.pool(call, rounded(centred * centred, call))


@mutant(
    "half-precision/sums",
    "Sums for the mean and the variance are accumulated in 16 bits.",
    "Accumulate in at least 32 bits.",
    caught_by=(*AGREEMENT, "forward/zero-mean"),
    issues=("microsoft/tensorflow-directml-plugin#321",),
    dtypes=HALF,
)
class _SumsIn16(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(short_sum(rows, call) / rows.shape[1])


@mutant(
    "half-precision/mean",
    "The mean of the batch is rounded to 16 bits.",
    "Keep it in 32 bits until y is formed.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    dtypes=HALF,
)
class _MeanIn16(Parts):
    def mean(self, call: Call) -> Array:
        return rounded(super().mean(call), call)


@mutant(
    "half-precision/variance",
    "The variance of the batch is rounded to 16 bits.",
    "Keep it in 32 bits until y is formed.",
    caught_by=AGREEMENT,
    dtypes=BRAIN,
)
class _VarIn16(Parts):
    def var(self, call: Call) -> Array:
        return rounded(super().var(call), call)


@mutant(
    "half-precision/inv-std",
    "1 / sqrt(var + eps) is rounded to 16 bits.",
    "Keep it in 32 bits until y is formed.",
    caught_by=AGREEMENT,
    dtypes=BRAIN,
)
class _InvStdIn16(Parts):
    def inv_std(self, call: Call) -> Array:
        return rounded(super().inv_std(call), call)


@mutant(
    "half-precision/xhat",
    "xhat is rounded to 16 bits before it is scaled and shifted.",
    "Round once, when y is stored.",
    caught_by=(*AGREEMENT, *BACKWARD),
    dtypes=BRAIN,
)
class _XhatIn16(Parts):
    def xhat(self, call: Call) -> Array:
        return rounded(super().xhat(call), call)


@mutant(
    "half-precision/elementwise",
    "Scale and shift are computed in 16 bits.",
    "Compute in 32 bits and round once.",
    caught_by=AGREEMENT,
    dtypes=HALF,
)
class _ElementwiseIn16(Parts):
    def y(self, call: Call) -> Array:
        scaled = rounded(rounded(call.gamma, call) * rounded(call.xhat, call), call)
        return rounded(scaled + rounded(call.beta, call), call)


@mutant(
    "half-precision/gamma",
    "A 32-bit gamma is rounded to 16 bits.",
    "Widen x to the dtype of the parameters, not the other way round.",
    caught_by=(*AGREEMENT, *BACKWARD),
    issues=("apple/coreai-torch#54",),
    dtypes=BRAIN,
)
class _GammaIn16(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = rounded(call.gamma, call)


@mutant(
    "half-precision/beta",
    "A 32-bit beta is rounded to 16 bits.",
    "Widen x to the dtype of the parameters, not the other way round.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    issues=("apple/coreai-torch#54",),
    dtypes=BRAIN,
)
class _BetaIn16(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.beta = rounded(call.beta, call)


@mutant(
    "half-precision/running-statistics",
    "32-bit running statistics are rounded to 16 bits in inference, to 0 or infinity at worst.",
    "Widen x to their dtype.",
    caught_by=("inference/agreement",),
    issues=("apple/coreai-torch#54", "pytorch/vision#2599"),
    dtypes=HALF,
)
class _StatisticsIn16(Parts):
    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        return rounded(mean, call), rounded(var, call)


@mutant(
    "half-precision/running-average",
    "The running statistics are averaged in 16 bits, so that small steps are lost.",
    "Average in at least 32 bits.",
    caught_by=("running/one-step", "running/convergence"),
    issues=("tensorflow/tensorflow#8535",),
    dtypes=HALF,
)
class _AverageIn16(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return rounded(super().average(call, old, new), call)


@mutant(
    "half-precision/count",
    "The number of values is held in 16 bits, exact up to 2048 or 256 only.",
    "Count in integers.",
    caught_by=(*AGREEMENT, "running/one-step"),
    issues=("pytorch/pytorch#70901",),
    dtypes=BRAIN,
)
class _CountIn16(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        count = rounded(np.full((1, 1), rows.shape[1], np.float32), call)
        return np.asarray(rows.sum(axis=1, keepdims=True) / count)


@mutant(
    "half-precision/eps",
    "eps is rounded to 16 bits, where 1e-8 is 0.",
    "Add eps in 32 bits.",
    caught_by=(*AGREEMENT, "inference/agreement"),
    dtypes=HALF,
)
class _EpsIn16(Parts):
    def inv_std(self, call: Call) -> Array:
        eps = rounded(np.full((1, 1), call.eps, call.rows.dtype), call)
        return np.asarray(1 / np.sqrt(call.var + eps))


@mutant(
    "half-precision/momentum",
    "The momentum is rounded to 16 bits.",
    "Form the weights in 32 bits.",
    caught_by=("running/one-step",),
    dtypes=BRAIN,
)
class _MomentumIn16(Parts):
    def weights(self, call: Call) -> tuple[float, float]:
        keep, weight = super().weights(call)
        short = float(rounded(np.full(1, weight, np.float32), call)[0])
        return keep + weight - short, short


@mutant(
    "half-precision/dgamma",
    "dgamma is accumulated in 16 bits.",
    "Accumulate it in at least 32 bits.",
    caught_by=BACKWARD,
    dtypes=HALF,
)
class _DgammaIn16(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return short_sum(dy * call.xhat, call)


@mutant(
    "half-precision/dbeta",
    "dbeta is accumulated in 16 bits.",
    "Accumulate it in at least 32 bits.",
    caught_by=(*BACKWARD, "backward/dbeta-is-sum"),
    dtypes=HALF,
)
class _DbetaIn16(Parts):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return short_sum(dy, call)


@mutant(
    "half-precision/terms-of-dx",
    "The terms that mean and variance take from dx are rounded to 16 bits.",
    "Round once, when dx is stored.",
    caught_by=BACKWARD,
    dtypes=BRAIN,
)
class _TermsIn16(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return rounded(super().mean_term(call, dxhat), call)

    def var_term(self, call: Call, dxhat: Array) -> Array:
        return rounded(super().var_term(call, dxhat), call)


@mutant(
    "half-precision/dxhat",
    "gamma dy is rounded to 16 bits, or overflows there.",
    "Widen dy before anything is computed.",
    caught_by=BACKWARD,
    dtypes=HALF,
)
class _DxhatIn16(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return rounded(super().dxhat(call, dy), call)


@mutant(
    "half-precision/xhat-from-stored-y",
    "dgamma uses xhat recovered from the rounded y.",
    "Form xhat from x again, or keep it.",
    caught_by=BACKWARD,
    issues=("mapillary/inplace_abn#92",),
    dtypes=BRAIN,
)
class _XhatFromY(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        y = rounded(self.y(call), call)
        xhat = (y - call.beta) / call.gamma
        return np.asarray((dy * xhat).sum(axis=1, keepdims=True))


@mutant(
    "half-precision/through-float16",
    "bfloat16 results pass through float16, whose range is smaller.",
    "Round to bfloat16 directly.",
    caught_by=("forward/agreement", "backward/agreement"),
    dtypes=BRAIN,
)
class _ThroughFloat16(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        return super().write(call, rows.astype(np.float16).astype(rows.dtype))


@mutant(
    "half-precision/through-bfloat16",
    "float16 results pass through bfloat16, which has three bits less.",
    "Round to float16 directly.",
    caught_by=("forward/agreement", "backward/agreement"),
    dtypes=HALF,
)
class _ThroughBfloat16(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        return super().write(call, rows.astype(np.dtype("bfloat16")).astype(rows.dtype))


@mutant(
    "half-precision/truncated",
    "Results are truncated to 16 bits instead of rounded.",
    "Round to nearest.",
    caught_by=("forward/agreement", "backward/agreement"),
    dtypes=BRAIN,
)
class _Truncated(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        if call.x.dtype.itemsize != 2:
            return super().write(call, rows)
        whole = from_rows(rows, call.x.shape, self.channel_axis, np.dtype(np.float32))
        nearest = whole.astype(call.x.dtype)
        away = np.abs(nearest.astype(np.float32)) > np.abs(whole)
        return (nearest.view(np.uint16) - away).astype(np.uint16).view(nearest.dtype)


@mutant(
    "half-precision/one-pass",
    "The variance is E[x^2] - E[x]^2 with squares in 16 bits.",
    "Widen x, and subtract the mean first.",
    caught_by=AGREEMENT,
    issues=("tenstorrent/tt-metal#45968",),
    dtypes=BRAIN,
)
class _OnePassIn16(Parts):
    def var(self, call: Call) -> Array:
        square = rounded(self.pool(call, rounded(call.rows * call.rows, call)), call)
        return np.asarray(np.maximum(square - rounded(call.mean * call.mean, call), 0))
