"""Wrong formulas of the forward pass, in training and in inference alike."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")


@mutant(
    "formula/divided-by-variance",
    "xhat is divided by var + eps, without the square root.",
    "Divide by sqrt(var + eps).",
    caught_by=AGREEMENT,
    issues=("mbadry1/DeepLearning.ai-Summary#183",),
)
class _DividedByVariance(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (call.var + call.eps))


@mutant(
    "formula/divided-by-variance-squared",
    "xhat is divided by the square of var + eps instead of its square root.",
    "Divide by sqrt(var + eps): the exponent is -1/2, not -2.",
    caught_by=AGREEMENT,
    issues=("jax-ml/jax#442",),
)
class _DividedByVarianceSquared(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (call.var + call.eps) ** 2)


@mutant(
    "formula/multiplied-by-std",
    "xhat is multiplied by the standard deviation instead of divided by it.",
    "Multiply by 1 / sqrt(var + eps).",
    caught_by=AGREEMENT,
)
class _MultipliedByStd(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.sqrt(call.var + call.eps)


@mutant(
    "formula/not-scaled",
    "x is centred but never divided by its standard deviation.",
    "Multiply the centred x by 1 / sqrt(var + eps).",
    caught_by=AGREEMENT,
)
class _NotScaled(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.ones_like(call.var)


@mutant(
    "formula/not-centred",
    "x is divided by the standard deviation, but the mean is not subtracted.",
    "Subtract the mean of the channel first.",
    caught_by=("forward/agreement", "forward/zero-mean", "forward/bias-invariance"),
    issues=("tenstorrent/tt-metal#5317",),
)
class _NotCentred(Parts):
    def xhat(self, call: Call) -> Array:
        return np.asarray(call.rows * call.inv_std)


@mutant(
    "formula/no-gamma",
    "gamma has no effect on y.",
    "Multiply xhat by gamma.",
    caught_by=("forward/agreement", "forward/affine"),
    issues=("apache/mxnet#9624", "apache/mxnet#3037"),
)
class _NoGamma(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.xhat + call.beta)


@mutant(
    "formula/no-beta",
    "beta has no effect on y.",
    "Add beta.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    issues=("apache/mxnet#11774",),
)
class _NoBeta(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.xhat)


@mutant(
    "formula/absolute-gamma",
    "The sign of gamma is lost.",
    "Use gamma as it is: it may be negative.",
    caught_by=("forward/agreement", "forward/affine"),
    issues=("mapillary/inplace_abn#92", "LeelaChessZero/lc0#779"),
)
class _AbsoluteGamma(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = np.abs(call.gamma)


@mutant(
    "formula/gamma-and-beta-swapped",
    "beta scales and gamma shifts.",
    "y = gamma xhat + beta.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    issues=("jiazhihao/TASO#47",),
)
class _GammaAndBetaSwapped(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma, call.beta = call.beta, call.gamma


@mutant(
    "formula/gamma-plus-one",
    "gamma is taken as the difference from 1.",
    "y = gamma xhat + beta, and gamma starts at 1.",
    caught_by=AGREEMENT,
)
class _GammaPlusOne(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = 1 + call.gamma


@mutant(
    "formula/gamma-twice",
    "gamma is multiplied in twice.",
    "Scale by gamma once.",
    caught_by=AGREEMENT,
)
class _GammaTwice(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.gamma * call.xhat + call.beta)


@mutant(
    "formula/beta-scaled",
    "beta is added before gamma is multiplied in.",
    "y = gamma xhat + beta, not gamma (xhat + beta).",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _BetaScaled(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * (call.xhat + call.beta))


@mutant(
    "formula/beta-subtracted",
    "beta is subtracted.",
    "Add beta.",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _BetaSubtracted(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.xhat - call.beta)


@mutant(
    "formula/beta-normalised",
    "beta is divided by the standard deviation together with x.",
    "Add beta after the division.",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _BetaNormalised(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray((call.gamma * (call.rows - call.mean) + call.beta) * call.inv_std)


@mutant(
    "formula/normalised-by-unbiased-variance",
    "The batch is normalised by the unbiased variance, divided by N - 1.",
    'Normalise by the biased variance, or declare normalising_variance = "unbiased".',
    caught_by=("forward/agreement", "forward/duplicated-batch", "forward/identity-recovery"),
)
class _UnbiasedNormalises(Parts):
    def inv_std(self, call: Call) -> Array:
        bessel = call.m / (call.m - 1) if call.training else 1.0
        return np.asarray(1 / np.sqrt(bessel * call.var + call.eps))


@mutant(
    "formula/absolute-deviation",
    "The mean absolute deviation stands for the standard deviation.",
    "Use the square root of the mean of squares.",
    caught_by=AGREEMENT,
)
class _AbsoluteDeviation(Parts):
    def inv_std(self, call: Call) -> Array:
        if not call.training:
            return super().inv_std(call)
        deviation = np.abs(call.rows - call.mean).mean(axis=1, keepdims=True)
        return np.asarray(1 / np.sqrt(deviation * deviation + call.eps))


@mutant(
    "formula/second-moment",
    "The variance is the mean of squares, without subtracting the squared mean.",
    "Subtract the mean before squaring.",
    caught_by=(*AGREEMENT, "forward/bias-invariance"),
)
class _SecondMoment(Parts):
    def var(self, call: Call) -> Array:
        return self.pool(call, call.rows * call.rows)


@mutant(
    "formula/mean-not-squared",
    "The variance is E[x^2] - E[x]: the mean is not squared.",
    "Take the mean of the squares of x - mean.",
    caught_by=(*AGREEMENT, "forward/bias-invariance", "forward/sign"),
)
class _MeanNotSubtractedFromSquares(Parts):
    def var(self, call: Call) -> Array:
        return self.pool(call, call.rows * call.rows) - call.mean


@mutant(
    "formula/variance-is-a-sum",
    "The sum of squares is not divided by the number of values.",
    "Divide it by N times the spatial sizes.",
    caught_by=AGREEMENT,
)
class _SumOfSquares(Parts):
    def var(self, call: Call) -> Array:
        return np.asarray(call.m * super().var(call))


@mutant(
    "formula/mean-by-n-minus-1",
    "The sum for the mean is divided by N - 1.",
    "Divide it by N; Bessel's correction is for the variance alone.",
    caught_by=("forward/agreement", "forward/zero-mean", "forward/bias-invariance"),
    issues=("chainer/chainer#332",),
)
class _MeanOfNMinusOne(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(super().mean(call) * (call.m / (call.m - 1)))


@mutant(
    "formula/rectified",
    "An activation is fused into y.",
    "Return y as it is, negative values too.",
    caught_by=("forward/agreement", "forward/sign", "inference/affine-in-x"),
)
class _Rectified(Parts):
    def y(self, call: Call) -> Array:
        return np.maximum(super().y(call), 0)


@mutant(
    "formula/xhat-clipped",
    "xhat is clipped to -3..3.",
    "Do not clip: outliers stay as far out as they are.",
    caught_by=("forward/agreement", "forward/zero-mean", "inference/affine-in-x"),
)
class _Clipped(Parts):
    def xhat(self, call: Call) -> Array:
        return np.clip(super().xhat(call), -3, 3)


@mutant(
    "formula/median",
    "The median stands for the mean.",
    "Use the mean.",
    caught_by=("forward/agreement", "forward/zero-mean"),
)
class _MedianForMean(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(np.median(call.rows, axis=1, keepdims=True))
