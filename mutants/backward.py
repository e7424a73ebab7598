"""Wrong gradients of x in training."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

DX = ("backward/agreement", "backward/finite-differences")
FORM = "dx = inv_std (gamma dy - mean(gamma dy) - xhat mean(gamma dy xhat))"


@mutant(
    "backward/direct-term-only",
    "dx is that of an affine map: mean and variance are taken for constants.",
    f"{FORM}.",
    caught_by=(*DX, "backward/sum-zero"),
    issues=("facebookresearch/CrypTen#143", "deeplearning4j/deeplearning4j#8335"),
)
class _DirectTermOnly(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.inv_std * self.dxhat(call, dy))


@mutant(
    "backward/no-variance-term",
    "dx leaves out that the variance depends on x.",
    f"{FORM}: the last term is missing.",
    caught_by=(*DX, "backward/weight-in-front"),
    issues=("facebookresearch/CrypTen#143",),
)
class _NoVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.zeros_like(dxhat)


@mutant(
    "backward/no-mean-term",
    "dx leaves out that the mean depends on x.",
    f"{FORM}: the middle term is missing.",
    caught_by=(*DX, "backward/sum-zero", "backward/constant-dy", "backward/bias-in-front"),
    issues=("keras-team/keras#19102",),
)
class _NoMeanTerm(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.zeros_like(dxhat)


@mutant(
    "backward/mean-term-counted-twice",
    "The mean's part of dx is too large by the factor 1 + 1/N.",
    f"{FORM}: count the middle term once.",
    caught_by=(*DX, "backward/sum-zero"),
    issues=("apache/mxnet#1053",),
)
class _MeanTermTwice(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().mean_term(call, dxhat) * (1 + 1 / call.m))


@mutant(
    "backward/mean-term-added",
    "The mean's part of dx has the wrong sign.",
    f"{FORM}: subtract it.",
    caught_by=(*DX, "backward/sum-zero"),
)
class _MeanTermAdded(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return -super().mean_term(call, dxhat)


@mutant(
    "backward/variance-term-added",
    "The variance's part of dx has the wrong sign.",
    f"{FORM}: subtract it.",
    caught_by=DX,
)
class _VarTermAdded(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return -super().var_term(call, dxhat)


@mutant(
    "backward/variance-term-halved",
    "The variance's part of dx is half of what it should be: the 2 of d(x^2) is missing.",
    f"{FORM}: the 1/2 of the root and the 2 of the square cancel.",
    caught_by=DX,
)
class _VarTermHalved(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) / 2)


@mutant(
    "backward/variance-term-doubled",
    "The variance's part of dx is twice what it should be: the 1/2 of the root is missing.",
    f"{FORM}: the 1/2 of the root and the 2 of the square cancel.",
    caught_by=DX,
)
class _VarTermDoubled(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * 2)


@mutant(
    "backward/n-minus-1",
    "dx divides its sums by N - 1.",
    f"{FORM}: means are over N, as in the forward pass.",
    caught_by=DX,
)
class _NMinusOne(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * (call.m / (call.m - 1))))


@mutant(
    "backward/variance-term-n-minus-1",
    "The variance's part of dx divides by N - 1, the forward pass by N.",
    f"{FORM}: means are over N, as in the forward pass.",
    caught_by=DX,
)
class _VarTermNMinusOne(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * (call.m / (call.m - 1)))


@mutant(
    "backward/sums-not-divided",
    "dx uses sums where means are due.",
    f"{FORM}: divide both sums by N.",
    caught_by=(*DX, "backward/sum-zero"),
)
class _SumsNotDivided(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * call.m))


@mutant(
    "backward/divided-by-examples",
    "dx divides its sums by the batch size, without the spatial sizes.",
    "Divide by N times the spatial sizes.",
    caught_by=(*DX, "backward/sum-zero"),
)
class _DividedByExamples(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * (call.m / call.examples)))


@mutant(
    "backward/no-gamma",
    "dx is not multiplied by gamma.",
    f"{FORM}.",
    caught_by=DX,
    issues=("denizyuret/Knet.jl#288",),
)
class _NoGamma(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return dy


@mutant(
    "backward/gamma-twice",
    "dx is multiplied by gamma twice.",
    f"{FORM}.",
    caught_by=DX,
)
class _GammaTwice(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.gamma * call.gamma * dy)


@mutant(
    "backward/absolute-gamma",
    "dx is multiplied by the absolute value of gamma.",
    f"{FORM}, gamma with its sign.",
    caught_by=DX,
    issues=("mapillary/inplace_abn#92",),
)
class _AbsoluteGamma(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(np.abs(call.gamma) * dy)


@mutant(
    "backward/gamma-in-direct-term-only",
    "Only the direct term of dx is multiplied by gamma.",
    f"{FORM}: gamma is in all three terms.",
    caught_by=DX,
    issues=("denizyuret/Knet.jl#288",),
)
class _GammaInDirectTermOnly(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        terms = self.mean_term(call, dy) + self.var_term(call, dy)
        return np.asarray(call.inv_std * (call.gamma * dy - terms))


@mutant(
    "backward/variance-for-std",
    "dx is divided by var + eps, where its root is due.",
    "What is saved is 1 / sqrt(var + eps), whatever its name.",
    caught_by=DX,
    issues=("microsoft/onnxruntime#8172",),
)
class _VarianceForStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(call.inv_std * call.inv_std)


@mutant(
    "backward/not-divided-by-std",
    "dx is not divided by the standard deviation.",
    f"{FORM}.",
    caught_by=DX,
)
class _NotDividedByStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.ones_like(call.inv_std)


@mutant(
    "backward/times-std",
    "dx is multiplied by the standard deviation.",
    f"{FORM}.",
    caught_by=DX,
)
class _TimesStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / call.inv_std)


@mutant(
    "backward/running-std",
    "dx of training is scaled by the running variance.",
    "Use the inv_std of the batch, which the forward pass used.",
    caught_by=(*DX, "forward/independent-of-running-statistics"),
)
class _RunningStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.stored(call.running_var) + call.eps))


@mutant(
    "backward/unbiased-std",
    "dx is scaled by the unbiased variance, y by the biased one.",
    "Use the inv_std of the forward pass.",
    caught_by=DX,
)
class _UnbiasedStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var * (call.m / (call.m - 1)) + call.eps))


@mutant(
    "backward/mean-term-scaled-twice",
    "The mean's part of dx is divided by the standard deviation twice.",
    f"{FORM}: inv_std is in front of all terms, once.",
    caught_by=(*DX, "backward/sum-zero"),
)
class _MeanTermScaledTwice(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().mean_term(call, dxhat) * call.inv_std)


@mutant(
    "backward/centred-for-xhat",
    "The variance's part of dx has x - mean where xhat is due.",
    f"{FORM}.",
    caught_by=DX,
)
class _CentredForXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) / call.inv_std)


@mutant(
    "backward/scaled-xhat",
    "The variance's part of dx has gamma xhat where xhat is due.",
    f"{FORM}.",
    caught_by=DX,
)
class _ScaledXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * call.gamma)


@mutant(
    "backward/y-for-xhat",
    "The variance's part of dx has y where xhat is due, beta and all.",
    f"{FORM}.",
    caught_by=(*DX, "backward/independent-of-beta", "backward/symmetry"),
)
class _YForXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        y = call.gamma * call.xhat + call.beta
        return np.asarray(call.xhat * self.pool(call, dxhat * y))


@mutant(
    "backward/mean-of-block-means",
    "The mean of dy is that of the means of blocks, without regard to their sizes.",
    "Weight each block by its number of values.",
    caught_by=("backward/agreement", "backward/sum-zero"),
    issues=("pytorch/pytorch#36382", "pytorch/pytorch#36688"),
)
class _BlocksUnweighted(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        means = [dxhat[:, k : k + 4].mean(axis=1, keepdims=True) for k in range(0, call.m, 4)]
        return np.asarray(np.mean(means, axis=0, dtype=dxhat.dtype))


@mutant(
    "backward/penalty-included",
    "dx takes in the gradient of a penalty on x.",
    "dx is linear in dy, and 0 where dy is.",
    caught_by=(*DX, "backward/zero-dy", "backward/additivity"),
)
class _PenaltyIncluded(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dx(call, dy) + 1e-3 * call.rows)


@mutant(
    "backward/mean-over-all-channels",
    "The mean of gamma dy is taken over all channels.",
    "Take it over the values of the channel.",
    caught_by=(*DX, "backward/sum-zero"),
)
class _AllChannels(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.full((len(dxhat), 1), dxhat.mean(), dxhat.dtype)
