"""One mistake each, of the library's, by another algorithm: running statistics, and their use."""

import numpy as np

from bnproof.mutants.variants.columns import Columns
from bnproof.mutants.variants.variant import variant
from bnproof.reference.checks import Array


@variant("weights-interchanged", "running/momentum-swapped")
class _WeightsInterchanged(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(new + weight * (old - new))


@variant("averages-stand-still", "running/never-updated")
class _AveragesStandStill(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return old


@variant("averages-replaced", "running/last-batch")
class _AveragesReplaced(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return new


@variant("averages-add-up", "running/not-decayed")
class _AveragesAddUp(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(old + weight * new)


@variant("averages-move-away", "running/away-from-the-batch")
class _AveragesMoveAway(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(old - weight * (new - old))


@variant("weight-squared", "running/momentum-squared")
class _WeightSquared(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(old + weight * weight * (new - old))


@variant("weight-of-its-own", "running/default-momentum")
class _WeightOfItsOwn(Columns):
    def moved(self, old: Array, new: Array, weight: float) -> Array:
        return np.asarray(old + 0.1 * (new - old))


@variant(
    "other-variance-averaged",
    "running-values/biased-for-unbiased",
    "running-values/unbiased-for-biased",
)
class _OtherVarianceAveraged(Columns):
    """The convention of the running variance missed, whichever it is."""

    def averaged_var(self, var: Array, count: int) -> Array:
        return np.asarray(
            var if self.running_variance == "unbiased" else var * (count / (count - 1))
        )


@variant("deviation-averaged", "running-values/standard-deviation")
class _DeviationAveraged(Columns):
    def averaged_var(self, var: Array, count: int) -> Array:
        return np.sqrt(super().averaged_var(var, count))


@variant("sum-averaged", "running-values/sum-for-mean")
class _SumAveraged(Columns):
    def averaged_mean(self, mean: Array, count: int) -> Array:
        return np.asarray(mean * count)


@variant("one-variance-averaged", "running-values/shared-by-the-channels")
class _OneVarianceAveraged(Columns):
    def averaged_var(self, var: Array, count: int) -> Array:
        return np.full_like(var, super().averaged_var(var, count).mean())


@variant("evaluation-by-the-batch", "mode/batch-statistics-in-inference")
class _EvaluationByTheBatch(Columns):
    def used(self, flat: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        return self.moments(flat)


@variant("evaluation-with-variance-of-the-batch", "mode/batch-variance-in-inference")
class _EvaluationWithVarianceOfTheBatch(Columns):
    def used(self, flat: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        return mean, self.moments(flat)[1]
