"""One mistake each, of the library's, by another algorithm: the forward pass."""

import numpy as np

from bnproof.mutants.variants.columns import Columns, Walk
from bnproof.mutants.variants.variant import variant
from bnproof.reference.checks import Array


@variant("variance-for-root", "formula/divided-by-variance")
class _VarianceForRoot(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray(1 / (var + eps))


@variant("root-upside-down", "formula/multiplied-by-std")
class _RootUpsideDown(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + eps) ** 0.5)


@variant("centred-only", "formula/not-scaled")
class _CentredOnly(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.ones_like(var)


@variant("gamma-forgotten", "formula/no-gamma")
class _GammaForgotten(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * walk.root + beta)


@variant("beta-forgotten", "formula/no-beta")
class _BetaForgotten(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * walk.gamma * walk.root)


@variant("beta-inside", "formula/beta-scaled")
class _BetaInside(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.gamma * (walk.centred * walk.root + beta))


@variant("minus-beta", "formula/beta-subtracted")
class _MinusBeta(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * walk.gamma * walk.root - beta)


@variant("one-plus-gamma", "formula/gamma-plus-one")
class _OnePlusGamma(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * (1 + walk.gamma) * walk.root + beta)


@variant("size-of-gamma", "formula/absolute-gamma")
class _SizeOfGamma(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * np.sqrt(walk.gamma**2) * walk.root + beta)


@variant("relu-fused", "formula/rectified")
class _ReluFused(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.maximum(super().affine(walk, beta), 0)


@variant("eps-beside-the-root", "eps/outside-the-root")
class _EpsBesideTheRoot(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray(1 / (np.sqrt(var) + eps))


@variant("eps-or-var", "eps/maximum")
class _EpsOrVar(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray(np.maximum(var, eps) ** -0.5)


@variant("eps-of-its-own", "eps/default")
class _EpsOfItsOwn(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + 1e-5) ** -0.5)


@variant("eps-twice-over", "eps/twice")
class _EpsTwiceOver(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + 2 * eps) ** -0.5)


@variant("eps-squared-first", "eps/squared")
class _EpsSquaredFirst(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + eps * eps) ** -0.5)


@variant("eps-as-a-share", "eps/relative")
class _EpsAsAShare(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + eps * var) ** -0.5)


@variant("eps-forgotten-in-evaluation", "eps/none-in-inference")
class _EpsForgottenInEvaluation(Columns):
    def root_of_inference(self, var: Array, eps: float) -> Array:
        return np.asarray(var**-0.5)


@variant("one-mean-for-all", "axes/whole-tensor")
class _OneMeanForAll(Columns):
    def moments(self, flat: Array) -> tuple[Array, Array]:
        channels = np.ones(flat.shape[1])
        return flat.mean() * channels, flat.var() * channels


@variant("half-the-rows", "axes/first-half")
class _HalfTheRows(Columns):
    def moments(self, flat: Array) -> tuple[Array, Array]:
        half = flat[: max(1, len(flat) // 2)]
        return half.mean(axis=0), half.var(axis=0)
