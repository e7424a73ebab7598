"""Wrong formulas of the forward pass, in training and in inference alike."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")


class _DividedByVariance(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (call.var + call.eps))


class _DividedByVarianceSquared(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / (call.var + call.eps) ** 2)


class _MultipliedByStd(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.sqrt(call.var + call.eps)


class _NotScaled(Parts):
    def inv_std(self, call: Call) -> Array:
        return np.ones_like(call.var)


class _NotCentred(Parts):
    def xhat(self, call: Call) -> Array:
        return np.asarray(call.rows * call.inv_std)


class _NoGamma(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.xhat + call.beta)


class _NoBeta(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.xhat)


class _AbsoluteGamma(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = np.abs(call.gamma)


class _GammaAndBetaSwapped(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma, call.beta = call.beta, call.gamma


class _GammaPlusOne(Parts):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = 1 + call.gamma


class _GammaTwice(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.gamma * call.xhat + call.beta)


class _BetaScaled(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * (call.xhat + call.beta))


class _BetaSubtracted(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray(call.gamma * call.xhat - call.beta)


class _BetaNormalised(Parts):
    def y(self, call: Call) -> Array:
        return np.asarray((call.gamma * (call.rows - call.mean) + call.beta) * call.inv_std)


class _UnbiasedNormalises(Parts):
    def inv_std(self, call: Call) -> Array:
        bessel = call.m / (call.m - 1) if call.training else 1.0
        return np.asarray(1 / np.sqrt(bessel * call.var + call.eps))


class _AbsoluteDeviation(Parts):
    def inv_std(self, call: Call) -> Array:
        if not call.training:
            return super().inv_std(call)
        deviation = np.abs(call.rows - call.mean).mean(axis=1, keepdims=True)
        return np.asarray(1 / np.sqrt(deviation * deviation + call.eps))


class _SecondMoment(Parts):
    def var(self, call: Call) -> Array:
        return self.pool(call, call.rows * call.rows)


class _MeanNotSubtractedFromSquares(Parts):
    def var(self, call: Call) -> Array:
        return self.pool(call, call.rows * call.rows) - call.mean


class _SumOfSquares(Parts):
    def var(self, call: Call) -> Array:
        return np.asarray(call.m * super().var(call))


class _MeanOfNMinusOne(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(super().mean(call) * (call.m / (call.m - 1)))


class _Rectified(Parts):
    def y(self, call: Call) -> Array:
        return np.maximum(super().y(call), 0)


class _Clipped(Parts):
    def xhat(self, call: Call) -> Array:
        return np.clip(super().xhat(call), -3, 3)


class _MedianForMean(Parts):
    def mean(self, call: Call) -> Array:
        return np.asarray(np.median(call.rows, axis=1, keepdims=True))


MUTANTS = (
    Mutant(
        "formula/divided-by-variance",
        "xhat is divided by var + eps, without the square root.",
        "Divide by sqrt(var + eps).",
        ("mbadry1/DeepLearning.ai-Summary#183",),
        AGREEMENT,
        _DividedByVariance,
    ),
    Mutant(
        "formula/divided-by-variance-squared",
        "xhat is divided by the square of var + eps instead of its square root.",
        "Divide by sqrt(var + eps): the exponent is -1/2, not -2.",
        ("jax-ml/jax#442",),
        AGREEMENT,
        _DividedByVarianceSquared,
    ),
    Mutant(
        "formula/multiplied-by-std",
        "xhat is multiplied by the standard deviation instead of divided by it.",
        "Multiply by 1 / sqrt(var + eps).",
        (),
        AGREEMENT,
        _MultipliedByStd,
    ),
    Mutant(
        "formula/not-scaled",
        "x is centred but never divided by its standard deviation.",
        "Multiply the centred x by 1 / sqrt(var + eps).",
        (),
        AGREEMENT,
        _NotScaled,
    ),
    Mutant(
        "formula/not-centred",
        "x is divided by the standard deviation, but the mean is not subtracted.",
        "Subtract the mean of the channel first.",
        ("tenstorrent/tt-metal#5317",),
        ("forward/agreement", "forward/zero-mean", "forward/bias-invariance"),
        _NotCentred,
    ),
    Mutant(
        "formula/no-gamma",
        "gamma has no effect on y.",
        "Multiply xhat by gamma.",
        ("apache/mxnet#9624", "apache/mxnet#3037"),
        ("forward/agreement", "forward/affine"),
        _NoGamma,
    ),
    Mutant(
        "formula/no-beta",
        "beta has no effect on y.",
        "Add beta.",
        ("apache/mxnet#11774",),
        ("forward/agreement", "forward/zero-mean"),
        _NoBeta,
    ),
    Mutant(
        "formula/absolute-gamma",
        "The sign of gamma is lost.",
        "Use gamma as it is: it may be negative.",
        ("mapillary/inplace_abn#92", "LeelaChessZero/lc0#779"),
        ("forward/agreement", "forward/affine"),
        _AbsoluteGamma,
    ),
    Mutant(
        "formula/gamma-and-beta-swapped",
        "beta scales and gamma shifts.",
        "y = gamma xhat + beta.",
        ("jiazhihao/TASO#47",),
        ("forward/agreement", "forward/zero-mean"),
        _GammaAndBetaSwapped,
    ),
    Mutant(
        "formula/gamma-plus-one",
        "gamma is taken as the difference from 1.",
        "y = gamma xhat + beta, and gamma starts at 1.",
        (),
        AGREEMENT,
        _GammaPlusOne,
    ),
    Mutant(
        "formula/gamma-twice",
        "gamma is multiplied in twice.",
        "Scale by gamma once.",
        (),
        AGREEMENT,
        _GammaTwice,
    ),
    Mutant(
        "formula/beta-scaled",
        "beta is added before gamma is multiplied in.",
        "y = gamma xhat + beta, not gamma (xhat + beta).",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _BetaScaled,
    ),
    Mutant(
        "formula/beta-subtracted",
        "beta is subtracted.",
        "Add beta.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _BetaSubtracted,
    ),
    Mutant(
        "formula/beta-normalised",
        "beta is divided by the standard deviation together with x.",
        "Add beta after the division.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _BetaNormalised,
    ),
    Mutant(
        "formula/normalised-by-unbiased-variance",
        "The batch is normalised by the unbiased variance, divided by N - 1.",
        'Normalise by the biased variance, or declare normalising_variance = "unbiased".',
        (),
        ("forward/agreement", "forward/duplicated-batch", "forward/identity-recovery"),
        _UnbiasedNormalises,
    ),
    Mutant(
        "formula/absolute-deviation",
        "The mean absolute deviation stands for the standard deviation.",
        "Use the square root of the mean of squares.",
        (),
        AGREEMENT,
        _AbsoluteDeviation,
    ),
    Mutant(
        "formula/second-moment",
        "The variance is the mean of squares, without subtracting the squared mean.",
        "Subtract the mean before squaring.",
        (),
        (*AGREEMENT, "forward/bias-invariance"),
        _SecondMoment,
    ),
    Mutant(
        "formula/mean-not-squared",
        "The variance is E[x^2] - E[x]: the mean is not squared.",
        "Take the mean of the squares of x - mean.",
        (),
        (*AGREEMENT, "forward/bias-invariance", "forward/sign"),
        _MeanNotSubtractedFromSquares,
    ),
    Mutant(
        "formula/variance-is-a-sum",
        "The sum of squares is not divided by the number of values.",
        "Divide it by N times the spatial sizes.",
        (),
        AGREEMENT,
        _SumOfSquares,
    ),
    Mutant(
        "formula/mean-by-n-minus-1",
        "The sum for the mean is divided by N - 1.",
        "Divide it by N; Bessel's correction is for the variance alone.",
        ("chainer/chainer#332",),
        ("forward/agreement", "forward/zero-mean", "forward/bias-invariance"),
        _MeanOfNMinusOne,
    ),
    Mutant(
        "formula/rectified",
        "An activation is fused into y.",
        "Return y as it is, negative values too.",
        (),
        ("forward/agreement", "forward/sign", "inference/affine-in-x"),
        _Rectified,
    ),
    Mutant(
        "formula/xhat-clipped",
        "xhat is clipped to -3..3.",
        "Do not clip: outliers stay as far out as they are.",
        (),
        ("forward/agreement", "forward/zero-mean", "inference/affine-in-x"),
        _Clipped,
    ),
    Mutant(
        "formula/median",
        "The median stands for the mean.",
        "Use the mean.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _MedianForMean,
    ),
)
