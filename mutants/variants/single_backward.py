"""One mistake each, of the library's, by another algorithm: gradients."""

import numpy as np

from bnproof.mutants.variants.columns import Columns, Walk
from bnproof.mutants.variants.variant import variant
from bnproof.reference.checks import Array


@variant("statistics-as-constants", "backward/direct-term-only")
class _StatisticsAsConstants(Columns):
    def through_statistics(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(dy * (walk.gamma * walk.root))


@variant("variance-as-constant", "backward/no-variance-term")
class _VarianceAsConstant(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.zeros_like(dy)


@variant("mean-as-constant", "backward/no-mean-term")
class _MeanAsConstant(Columns):
    def by_mean(self, walk: Walk, grown: Array) -> Array:
        return np.zeros_like(grown)


@variant("two-forgotten", "backward/variance-term-halved")
class _TwoForgotten(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(super().by_variance(walk, dy) * 0.5)


@variant("half-forgotten", "backward/variance-term-doubled")
class _HalfForgotten(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(super().by_variance(walk, dy) * 2)


@variant("sign-of-variance", "backward/variance-term-added")
class _SignOfVariance(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return -super().by_variance(walk, dy)


@variant("sign-of-mean", "backward/mean-term-added")
class _SignOfMean(Columns):
    def by_mean(self, walk: Walk, grown: Array) -> Array:
        return -super().by_mean(walk, grown)


@variant("variance-of-bessel", "backward/variance-term-n-minus-1")
class _VarianceOfBessel(Columns):
    def by_variance(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(super().by_variance(walk, dy) * (walk.count / (walk.count - 1)))


@variant("gamma-not-carried-back", "backward/no-gamma")
class _GammaNotCarriedBack(Columns):
    def through_statistics(self, walk: Walk, dy: Array) -> Array:
        return super().through_statistics(walk, dy / walk.gamma)


@variant("gamma-carried-back-twice", "backward/gamma-twice")
class _GammaCarriedBackTwice(Columns):
    def through_statistics(self, walk: Walk, dy: Array) -> Array:
        return super().through_statistics(walk, dy * walk.gamma)


@variant("dbeta-as-mean", "parameter-gradients/dbeta-mean")
class _DbetaAsMean(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma, dbeta * (1 / walk.count)


@variant("dgamma-as-mean", "parameter-gradients/dgamma-mean")
class _DgammaAsMean(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma * (1 / walk.count), dbeta


@variant("dgamma-of-centred", "parameter-gradients/dgamma-unscaled")
class _DgammaOfCentred(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma * (1 / walk.root), dbeta


@variant("dgamma-minus", "parameter-gradients/dgamma-negated")
class _DgammaMinus(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return -dgamma, dbeta


@variant("dbeta-with-gamma", "parameter-gradients/dbeta-times-gamma")
class _DbetaWithGamma(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dgamma, dbeta * walk.gamma


@variant("gradients-interchanged", "parameter-gradients/dgamma-and-dbeta-swapped")
class _GradientsInterchanged(Columns):
    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        dgamma, dbeta = super().of_parameters(walk, dy)
        return dbeta, dgamma


@variant("evaluation-as-training", "inference-gradients/training-gradient-in-inference")
class _EvaluationAsTraining(Columns):
    def straight(self, walk: Walk, dy: Array) -> Array:
        return self.through_statistics(walk, dy)


@variant("evaluation-without-gradient", "inference-gradients/no-gradient-in-inference")
class _EvaluationWithoutGradient(Columns):
    def straight(self, walk: Walk, dy: Array) -> Array:
        return np.zeros_like(dy)


@variant("evaluation-without-gamma", "inference-gradients/gradient-without-gamma-in-inference")
class _EvaluationWithoutGamma(Columns):
    def straight(self, walk: Walk, dy: Array) -> Array:
        return np.asarray(dy * walk.root)
