"""Mistakes with running statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from flawed import Call, Flawed


class BiasedForUnbiased(Flawed):
    """Keeps the biased variance although it declares the unbiased one."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return call.var


class UnbiasedForBiased(Flawed):
    """Keeps the unbiased variance although it declares the biased one."""

    running_variance = "biased"
    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, _ = super()._running(call)
        return mean, self._blend(call, call.running_var, self._unbiased(call))


class MomentumSwapped(Flawed):
    """Weighs the old statistics with momentum although it declares the new ones."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return 1 - call.momentum


class MomentumSwappedOld(Flawed):
    """Weighs the new statistics with momentum although it declares the old ones."""

    momentum_weighs = "old"
    running_variance = "biased"
    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return call.momentum


class MomentumSwappedForVariance(Flawed):
    """Swaps the weights of the variance alone."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, _ = super()._running(call)
        weight = call.momentum
        return mean, weight * call.running_var + (1 - weight) * self._unbiased(call)


class MomentumIgnored(Flawed):
    """Uses a momentum of 0.1 always."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:  # noqa: ARG002
        return 0.1


class ZeroMomentumIsDefault(Flawed):
    """Takes a momentum of 0 as not given, and uses 0.1."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return call.momentum or 0.1


class MomentumCapped(Flawed):
    """Caps the weight of the new statistics at 0.99."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return min(call.momentum, 0.99)


class BesselOnMean(Flawed):
    """Multiplies the mean with N / (N - 1) too (Chainer)."""

    reveals = ("running_mean",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        mean = call.mean * (count / (count - 1))
        return self._blend(call, call.running_mean, mean), super()._running(call)[1]


class BesselOfExamples(Flawed):
    """Counts examples instead of values in N / (N - 1) (ngraph, tinygrad)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = call.shape[0]
        return call.var * (count / max(count - 1, 1))


class BesselReversed(Flawed):
    """Multiplies the variance with (N - 1) / N."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = len(call.x)
        return call.var * ((count - 1) / count)


class BesselOfTotal(Flawed):
    """Counts the values of all channels in N / (N - 1)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = call.x.size
        return call.var * (count / (count - 1))


class BesselTwice(Flawed):
    """Applies N / (N - 1) twice."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        count = len(call.x)
        return super()._unbiased(call) * (count / (count - 1))


class BesselOnBoth(Flawed):
    """Applies N / (N - 1) to the old variance too."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        mean, _ = super()._running(call)
        var = self._blend(call, call.running_var, call.var)
        return mean, var * (count / (count - 1))


class BesselForImagesOnly(Flawed):
    """Keeps the biased variance of rank 2 and the unbiased one of rank 4, undeclared (TF)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return call.var if call.rank == 2 else super()._unbiased(call)


class VarianceNotUpdated(Flawed):
    """Never updates the running variance (keras-core)."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        return super()._running(call)[0], call.running_var


class NothingUpdated(Flawed):
    """Never updates running statistics (ONNX Runtime, aprender)."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        return call.running_mean, call.running_var


class ReplacedByBatch(Flawed):
    """Replaces running statistics with the batch's."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:  # noqa: ARG002
        return 1.0


class UpdatedTwice(Flawed):
    """Updates running statistics twice per batch (checkpointing)."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return 1 - (1 - call.momentum) ** 2


class DeviationForVariance(Flawed):
    """Averages standard deviations."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return np.sqrt(super()._unbiased(call))


class InverseRootForVariance(Flawed):
    """Averages inverse roots into the running variance."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return call.root


class DividedByCount(Flawed):
    """Divides the weight of the new statistics by the count (DL4J)."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return call.momentum / len(call.x)


class StatisticsSwapped(Flawed):
    """Returns the running statistics in the wrong order."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return var, mean


class SecondMomentForVariance(Flawed):
    """Averages E[x^2] into the running variance."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return super()._unbiased(call) + call.mean * call.mean


class SquareMomentumForVariance(Flawed):
    """Decays the variance with the square of the weight."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, _ = super()._running(call)
        weight = call.momentum**2
        return mean, (1 - weight) * call.running_var + weight * self._unbiased(call)


class MeanOfOutput(Flawed):
    """Averages the mean of y, which is beta."""

    reveals = ("running_mean",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        _, var = super()._running(call)
        return self._blend(call, call.running_mean, call.beta), var


class VarianceAboutRunningMean(Flawed):
    """Takes the variance for the running variance about the running mean."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        gap = call.x - call.running_mean
        return self._sum(gap * gap) / (len(call.x) - 1)


class VarianceOfMixture(Flawed):
    """Adds the squared distance of the means, as for a mixture of two populations."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        gap, weight = call.mean - call.running_mean, call.momentum
        return mean, var + weight * (1 - weight) * gap * gap


class WeightsDoNotAddUp(Flawed):
    """Adds momentum times the new statistics without decaying the old ones."""

    reveals = ("running_mean", "running_var")

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        return old + call.momentum * new


class _Counting(Flawed):
    """Takes cumulative averages, with the weight that a subclass gives."""

    abstract = True
    cumulative = True

    def train(self, *arrays: Any, momentum: float | None, eps: float, batches_seen: int = 0) -> Any:
        """Normalise with the statistics of the batch."""
        weight = self._share(batches_seen) if momentum is None else momentum
        return super().train(*arrays, momentum=weight, eps=eps)

    def _share(self, seen: int) -> float:
        return 1 / (seen + 1)


class CumulativeOffByOne(_Counting):
    """Gives the new batch the weight 1 / t instead of 1 / (t + 1)."""

    reveals = ("running_mean", "running_var")

    def _share(self, seen: int) -> float:
        return 1 / max(seen, 1)


class CumulativeLate(_Counting):
    """Gives the new batch the weight 1 / (t + 2), so that the initial statistics stay."""

    reveals = ("running_mean", "running_var")

    def _share(self, seen: int) -> float:
        return 1 / (seen + 2)


class CumulativeReversed(_Counting):
    """Gives the new batch the weight 1 - 1 / (t + 1) (Chainer)."""

    reveals = ("running_mean", "running_var")

    def _share(self, seen: int) -> float:
        return 1 - 1 / (seen + 1)


class CumulativeFloor(_Counting):
    """Never gives the new batch less than a weight of 1/1000."""

    reveals = ("running_mean", "running_var")

    def _share(self, seen: int) -> float:
        return max(1 / (seen + 1), 0.001)


class CumulativeCountInHalf(_Counting):
    """Counts batches in float16, which stands still at 2048."""

    reveals = ("running_mean", "running_var")

    def _share(self, seen: int) -> float:
        return 1 / min(seen + 1, 2048)
