"""Wrong gradients of x in training."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import family
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

DX = ("backward/agreement", "backward/finite-differences")


class _DirectTermOnly(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.inv_std * self.dxhat(call, dy))


class _NoVarTerm(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.zeros_like(dxhat)


class _NoMeanTerm(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.zeros_like(dxhat)


class _MeanTermTwice(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().mean_term(call, dxhat) * (1 + 1 / call.m))


class _MeanTermAdded(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return -super().mean_term(call, dxhat)


class _VarTermAdded(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return -super().var_term(call, dxhat)


class _VarTermHalved(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) / 2)


class _VarTermDoubled(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * 2)


class _NMinusOne(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * (call.m / (call.m - 1))))


class _VarTermNMinusOne(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * (call.m / (call.m - 1)))


class _SumsNotDivided(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * call.m))


class _DividedByExamples(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(call.inv_std * (dxhat - terms * (call.m / call.examples)))


class _NoGamma(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return dy


class _GammaTwice(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(call.gamma * call.gamma * dy)


class _AbsoluteGamma(Parts):
    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(np.abs(call.gamma) * dy)


class _GammaInDirectTermOnly(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        terms = self.mean_term(call, dy) + self.var_term(call, dy)
        return np.asarray(call.inv_std * (call.gamma * dy - terms))


class _VarianceForStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(call.inv_std * call.inv_std)


class _NotDividedByStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.ones_like(call.inv_std)


class _TimesStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / call.inv_std)


class _RunningStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.stored(call.running_var) + call.eps))


class _UnbiasedStd(Parts):
    def dx_scale(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var * (call.m / (call.m - 1)) + call.eps))


class _MeanTermScaledTwice(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().mean_term(call, dxhat) * call.inv_std)


class _CentredForXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) / call.inv_std)


class _ScaledXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(super().var_term(call, dxhat) * call.gamma)


class _YForXhat(Parts):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        y = call.gamma * call.xhat + call.beta
        return np.asarray(call.xhat * self.pool(call, dxhat * y))


class _BlocksUnweighted(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        means = [dxhat[:, k : k + 4].mean(axis=1, keepdims=True) for k in range(0, call.m, 4)]
        return np.asarray(np.mean(means, axis=0, dtype=dxhat.dtype))


class _PenaltyIncluded(Parts):
    def dx(self, call: Call, dy: Array) -> Array:
        return np.asarray(super().dx(call, dy) + 1e-3 * call.rows)


class _AllChannels(Parts):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return np.full((len(dxhat), 1), dxhat.mean(), dxhat.dtype)


_mutant = family("backward", caught_by=DX)


FORM = "dx = inv_std (gamma dy - mean(gamma dy) - xhat mean(gamma dy xhat))"


MUTANTS = (
    _mutant(
        "direct-term-only",
        "dx is that of an affine map: mean and variance are taken for constants.",
        f"{FORM}.",
        _DirectTermOnly,
        (*DX, "backward/sum-zero"),
        ("facebookresearch/CrypTen#143", "deeplearning4j/deeplearning4j#8335"),
    ),
    _mutant(
        "no-variance-term",
        "dx leaves out that the variance depends on x.",
        f"{FORM}: the last term is missing.",
        _NoVarTerm,
        (*DX, "backward/weight-in-front"),
        ("facebookresearch/CrypTen#143",),
    ),
    _mutant(
        "no-mean-term",
        "dx leaves out that the mean depends on x.",
        f"{FORM}: the middle term is missing.",
        _NoMeanTerm,
        (*DX, "backward/sum-zero", "backward/constant-dy", "backward/bias-in-front"),
        ("keras-team/keras#19102",),
    ),
    _mutant(
        "mean-term-counted-twice",
        "The mean's part of dx is too large by the factor 1 + 1/N.",
        f"{FORM}: count the middle term once.",
        _MeanTermTwice,
        (*DX, "backward/sum-zero"),
        ("apache/mxnet#1053",),
    ),
    _mutant(
        "mean-term-added",
        "The mean's part of dx has the wrong sign.",
        f"{FORM}: subtract it.",
        _MeanTermAdded,
        (*DX, "backward/sum-zero"),
    ),
    _mutant(
        "variance-term-added",
        "The variance's part of dx has the wrong sign.",
        f"{FORM}: subtract it.",
        _VarTermAdded,
    ),
    _mutant(
        "variance-term-halved",
        "The variance's part of dx is half of what it should be: the 2 of d(x^2) is missing.",
        f"{FORM}: the 1/2 of the root and the 2 of the square cancel.",
        _VarTermHalved,
    ),
    _mutant(
        "variance-term-doubled",
        "The variance's part of dx is twice what it should be: the 1/2 of the root is missing.",
        f"{FORM}: the 1/2 of the root and the 2 of the square cancel.",
        _VarTermDoubled,
    ),
    _mutant(
        "n-minus-1",
        "dx divides its sums by N - 1.",
        f"{FORM}: means are over N, as in the forward pass.",
        _NMinusOne,
    ),
    _mutant(
        "variance-term-n-minus-1",
        "The variance's part of dx divides by N - 1, the forward pass by N.",
        f"{FORM}: means are over N, as in the forward pass.",
        _VarTermNMinusOne,
    ),
    _mutant(
        "sums-not-divided",
        "dx uses sums where means are due.",
        f"{FORM}: divide both sums by N.",
        _SumsNotDivided,
        (*DX, "backward/sum-zero"),
    ),
    _mutant(
        "divided-by-examples",
        "dx divides its sums by the batch size, without the spatial sizes.",
        "Divide by N times the spatial sizes.",
        _DividedByExamples,
        (*DX, "backward/sum-zero"),
    ),
    _mutant(
        "no-gamma",
        "dx is not multiplied by gamma.",
        f"{FORM}.",
        _NoGamma,
        DX,
        ("denizyuret/Knet.jl#288",),
    ),
    _mutant("gamma-twice", "dx is multiplied by gamma twice.", f"{FORM}.", _GammaTwice),
    _mutant(
        "absolute-gamma",
        "dx is multiplied by the absolute value of gamma.",
        f"{FORM}, gamma with its sign.",
        _AbsoluteGamma,
        DX,
        ("mapillary/inplace_abn#92",),
    ),
    _mutant(
        "gamma-in-direct-term-only",
        "Only the direct term of dx is multiplied by gamma.",
        f"{FORM}: gamma is in all three terms.",
        _GammaInDirectTermOnly,
        DX,
        ("denizyuret/Knet.jl#288",),
    ),
    _mutant(
        "variance-for-std",
        "dx is divided by var + eps, where its root is due.",
        "What is saved is 1 / sqrt(var + eps), whatever its name.",
        _VarianceForStd,
        DX,
        ("microsoft/onnxruntime#8172",),
    ),
    _mutant(
        "not-divided-by-std",
        "dx is not divided by the standard deviation.",
        f"{FORM}.",
        _NotDividedByStd,
    ),
    _mutant(
        "times-std",
        "dx is multiplied by the standard deviation.",
        f"{FORM}.",
        _TimesStd,
    ),
    _mutant(
        "running-std",
        "dx of training is scaled by the running variance.",
        "Use the inv_std of the batch, which the forward pass used.",
        _RunningStd,
        (*DX, "forward/independent-of-running-statistics"),
    ),
    _mutant(
        "unbiased-std",
        "dx is scaled by the unbiased variance, y by the biased one.",
        "Use the inv_std of the forward pass.",
        _UnbiasedStd,
    ),
    _mutant(
        "mean-term-scaled-twice",
        "The mean's part of dx is divided by the standard deviation twice.",
        f"{FORM}: inv_std is in front of all terms, once.",
        _MeanTermScaledTwice,
        (*DX, "backward/sum-zero"),
    ),
    _mutant(
        "centred-for-xhat",
        "The variance's part of dx has x - mean where xhat is due.",
        f"{FORM}.",
        _CentredForXhat,
    ),
    _mutant(
        "scaled-xhat",
        "The variance's part of dx has gamma xhat where xhat is due.",
        f"{FORM}.",
        _ScaledXhat,
    ),
    _mutant(
        "y-for-xhat",
        "The variance's part of dx has y where xhat is due, beta and all.",
        f"{FORM}.",
        _YForXhat,
        (*DX, "backward/independent-of-beta", "backward/symmetry"),
    ),
    _mutant(
        "mean-of-block-means",
        "The mean of dy is that of the means of blocks, without regard to their sizes.",
        "Weight each block by its number of values.",
        _BlocksUnweighted,
        ("backward/agreement", "backward/sum-zero"),
        ("pytorch/pytorch#36382", "pytorch/pytorch#36688"),
    ),
    _mutant(
        "penalty-included",
        "dx takes in the gradient of a penalty on x.",
        "dx is linear in dy, and 0 where dy is.",
        _PenaltyIncluded,
        (*DX, "backward/zero-dy", "backward/additivity"),
    ),
    _mutant(
        "mean-over-all-channels",
        "The mean of gamma dy is taken over all channels.",
        "Take it over the values of the channel.",
        _AllChannels,
        (*DX, "backward/sum-zero"),
    ),
)
