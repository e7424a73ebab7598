"""Mistakes that the library does not have: nothing should be named for them."""

import numpy as np

from bnproof.mutants.variants.columns import Columns, Walk
from bnproof.mutants.variants.variant import variant
from bnproof.reference.checks import Array


@variant("trimmed-mean")
class _TrimmedMean(Columns):
    """The largest and the smallest value left out of the mean."""

    def moments(self, flat: Array) -> tuple[Array, Array]:
        mean = (flat.sum(axis=0) - flat.max(axis=0) - flat.min(axis=0)) / len(flat)
        return mean, ((flat - mean) ** 2).mean(axis=0)


@variant("variance-of-differences")
class _VarianceOfDifferences(Columns):
    """The variance of neighbouring differences."""

    def moments(self, flat: Array) -> tuple[Array, Array]:
        mean = flat.mean(axis=0)
        return mean, np.square(np.diff(flat, axis=0)).mean(axis=0) / 2


@variant("later-rows-weigh-more")
class _LaterRowsWeighMore(Columns):
    def moments(self, flat: Array) -> tuple[Array, Array]:
        weights = np.arange(1, len(flat) + 1)[:, None] / (len(flat) * (len(flat) + 1) / 2)
        mean = (weights * flat).sum(axis=0)
        return mean, (weights * (flat - mean) ** 2).sum(axis=0)


@variant("sine-on-top")
class _SineOnTop(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        xhat = walk.centred * walk.root
        return np.asarray(walk.gamma * (xhat + 0.013 * np.sin(5 * xhat)) + beta)


@variant("softplus-of-var")
class _SoftplusOfVar(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray(np.log1p(np.exp(var + eps)) ** -0.5)


@variant("fourth-root")
class _FourthRoot(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + eps) ** -0.25)


@variant("eps-a-third-too-large")
class _EpsAThirdTooLarge(Columns):
    def root(self, var: Array, eps: float) -> Array:
        return np.asarray((var + eps * 4 / 3) ** -0.5)


@variant("gamma-cubed")
class _GammaCubed(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * walk.gamma**3 * walk.root + beta)


@variant("beta-a-tenth-too-small")
class _BetaATenthTooSmall(Columns):
    def affine(self, walk: Walk, beta: Array) -> Array:
        return np.asarray(walk.centred * walk.gamma * walk.root + 0.9 * beta)


@variant("variance-part-cubed")
class _VariancePartCubed(Columns):
    """The variance's part with a power too many."""

    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(super().by_variance(walk, dy) * walk.root)


@variant("variance-part-a-third")
class _VariancePartAThird(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(super().by_variance(walk, dy) * (1 / 3))


@variant("mean-part-by-root-of-count")
class _MeanPartByRootOfCount(Columns):
    def by_mean(self, walk: Walk, grown: Array) -> Array:
        return np.asarray(super().by_mean(walk, grown) * walk.count**-0.5)


@variant("dgamma-by-root-of-count")
class _DgammaByRootOfCount(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma * walk.count**-0.5, dbeta


@variant("dbeta-seven-eighths")
class _DbetaSevenEighths(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma, dbeta * 0.875


@variant("average-by-root-of-weight")
class _AverageByRootOfWeight(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(old + np.sqrt(weight) * (new - old))


@variant("average-geometric")
class _AverageGeometric(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(np.sign(new) * np.abs(old) ** (1 - weight) * np.abs(new) ** weight)


@variant("count-minus-two")
class _CountMinusTwo(Columns):
    def averaged_var(self, var: Array, count: int) -> Array:
        return np.asarray(var * (count / max(count - 2, 1)))


@variant("evaluation-halfway")
class _EvaluationHalfway(Columns):
    def used(self, flat: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        return (mean + flat.mean(axis=0)) / 2, var
