"""Every convention that the contract lets an implementation declare."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sound import Call, Sound, refuse


class Keras(Sound):
    """Weighs the old statistics with momentum and keeps the biased variance."""

    momentum_weighs = "old"
    running_variance = "biased"


class OldUnbiased(Sound):
    """Weighs the old statistics with momentum and keeps the unbiased variance."""

    momentum_weighs = "old"


class NewBiased(Sound):
    """Weighs the new statistics with momentum and keeps the biased variance."""

    running_variance = "biased"


class BiasByRank(Sound):
    """Keeps the biased variance of dense layers and the unbiased one of convolutions."""

    running_variance: Any = {2: "biased", 4: "unbiased"}  # noqa: RUF012


class BiasByRankReversed(Sound):
    """Keeps the unbiased variance of dense layers and the biased one of convolutions."""

    momentum_weighs = "old"
    running_variance: Any = {2: "unbiased", 4: "biased"}  # noqa: RUF012


class UnbiasedFromSquares(Sound):
    """Divides the sum of centred squares by N - 1 for the running variance."""

    def _unbiased(self, call: Call) -> Any:
        centred = call.x - call.mean
        return self._sum(centred * centred) / (len(call.x) - 1)


class UnbiasedInTurn(Sound):
    """Multiplies the variance by N and divides by N - 1."""

    def _unbiased(self, call: Call) -> Any:
        count = len(call.x)
        return call.var * count / (count - 1)


class UnbiasedByWeight(Sound):
    """Puts N / (N - 1) into the weight of the new variance."""

    def _running(self, call: Call) -> tuple[Any, Any]:
        count, weight = len(call.x), call.momentum
        wider = weight * count / (count - 1)
        mean = (1 - weight) * call.running_mean + weight * call.mean
        return mean, (1 - weight) * call.running_var + wider * call.var


class MovesTowards(Sound):
    """Adds a share of the difference: a + w (b - a)."""

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        return old + self._weight(call) * (new - old)


class MovesAway(Keras):
    """Subtracts a share of the difference: a - (1 - m) (a - b)."""

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        return old - (1 - call.momentum) * (old - new)


class ComplementInSingle(Keras):
    """Takes 1 - momentum in the precision of the statistics."""

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        share = old.dtype.type(call.momentum)
        return old * share + new * (old.dtype.type(1) - share)


class LerpOld(Keras):
    """Moves from the new statistics towards the old: b + m (a - b)."""

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        return new + call.momentum * (old - new)


class SingleValueIsBeta(Sound):
    """Returns beta for a single value per channel, with the factor N / max(N - 1, 1)."""

    single_value = "beta"

    def _check(self, call: Call) -> None:
        if not len(call.x):
            refuse("the batch is empty")


class SingleValueIsBetaBiased(SingleValueIsBeta):
    """Returns beta for a single value per channel, and keeps the biased variance."""

    running_variance = "biased"


class SingleValueKeepsVariance(SingleValueIsBeta):
    """Returns beta for a single value per channel and leaves the running variance as it is."""

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean, call.running_var if len(call.x) == 1 else var


class SingleValueUndefined(SingleValueIsBeta):
    """Divides by N - 1 without a guard, and says that a single value is undefined."""

    single_value = "undefined"

    def _unbiased(self, call: Call) -> Any:
        return call.var * len(call.x) / np.float64(len(call.x) - 1)


class EmptyIsEmpty(Sound):
    """Returns an empty result for an empty batch and leaves the statistics."""

    empty = "empty"

    def _check(self, call: Call) -> None:
        if len(call.x) == 1:
            refuse("batch normalization in training needs two values per channel")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        empty = call.running_mean, call.running_var
        return super()._moments(call) if len(call.x) else empty

    def _running(self, call: Call) -> tuple[Any, Any]:
        kept = call.running_mean, call.running_var
        return super()._running(call) if len(call.x) else kept

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(call) if len(call.x) else self._gradients_infer(call)


class EmptyInferenceRefused(Sound):
    """Raises for an empty batch in inference as well."""

    def infer(self, x: Any, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        if not x.size:
            refuse("the batch is empty")
        return super().infer(x, *arrays, eps=eps)


class EmptyUndefined(Sound):
    """Divides by zero values, and says that an empty batch is undefined."""

    empty = "undefined"

    def _check(self, call: Call) -> None:
        if len(call.x) == 1:
            refuse("batch normalization in training needs two values per channel")


class ChannelsLast(Sound):
    """Takes the channels from the last axis."""

    channel_axis = -1
    ranks = (2, 3, 4)


class ChannelsLastKeras(Keras):
    """Takes the channels from the last axis, in the conventions of Keras."""

    channel_axis = -1
    ranks = (2, 4)


class AllRanks(Sound):
    """Takes batches of vectors, sequences, images and volumes."""

    ranks = (2, 3, 4, 5)


class AllRanksInPlaceOfReshape(Sound):
    """Reduces over axes with parameters reshaped to broadcast, in all ranks."""

    ranks = (2, 3, 4, 5)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        spatial = call.shape[2:]
        whole = call.x.reshape(call.shape[0], *spatial, call.shape[1])
        axes = tuple(range(whole.ndim - 1))
        return whole.mean(axis=axes), whole.var(axis=axes)


class DenseOnly(Sound):
    """Takes rank 2 alone."""

    ranks = (2,)


class SequencesOnly(Sound):
    """Takes rank 3 alone."""

    ranks = (3,)


class ImagesOnly(Sound):
    """Takes rank 4 alone."""

    ranks = (4,)


class OptionalAffine(Sound):
    """Works without gamma and beta too."""

    affine_parameters = "optional"


class NoAffine(Sound):
    """Has no gamma and beta at all."""

    affine_parameters = "none"

    def _forward(self, call: Call) -> Any:
        return self._xhat(call)


class FixedSettings(Sound):
    """Has its own eps and momentum and refuses others."""

    fixed: ClassVar[dict[str, Any]] = {"eps": 1e-3, "momentum": 0.1}

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        if momentum != self.fixed["momentum"]:
            refuse("momentum is fixed")
        return super().train(*arrays, momentum=momentum, eps=eps)

    def _root(self, call: Call) -> Any:
        if call.eps != self.fixed["eps"]:
            refuse("eps is fixed")
        return super()._root(call)


class FixedChannels(Sound):
    """Has 5 channels."""

    fixed: ClassVar[dict[str, Any]] = {"channels": 5}

    def _check(self, call: Call) -> None:
        super()._check(call)
        if call.x.shape[1] != 5:
            refuse("there are 5 channels")


class FixedShape(Sound):
    """Is compiled for one shape and one eps."""

    ranks = (4,)
    fixed: ClassVar[dict[str, Any]] = {"shape": (4, 3, 5, 2), "eps": 1e-5}

    def _root(self, call: Call) -> Any:
        if call.shape != self.fixed["shape"] or call.eps != self.fixed["eps"]:
            refuse("compiled for another shape or eps")
        return super()._root(call)


class AcceptedRanges(Sound):
    """Refuses eps and momentum outside of the ranges that it declares."""

    accepts: ClassVar[dict[str, Any]] = {"eps": (1e-6, 0.5), "momentum": (0.01, 0.9)}

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        low, high = self.accepts["momentum"]
        if not low <= momentum <= high:
            refuse("momentum out of range")
        return super().train(*arrays, momentum=momentum, eps=eps)

    def _root(self, call: Call) -> Any:
        low, high = self.accepts["eps"]
        if not low <= call.eps <= high:
            refuse("eps out of range")
        return super()._root(call)


class FlushesSubnormals(Sound):
    """Flushes subnormal inputs, eps, intermediates and results to zero, and says so."""

    flush_to_zero = True

    def _own(self, values: Any, dtype: Any) -> Any:
        return self._flush(super()._own(values, dtype))

    def _rows(self, x: Any, work: Any) -> Any:
        return self._flush(super()._rows(x, work))

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._flush(self._mean(call.x))
        centred = self._flush(call.x - mean)
        return mean, self._flush(self._mean(self._flush(centred * centred)))

    def _xhat(self, call: Call) -> Any:
        return self._flush(super()._xhat(call))

    def _flush(self, values: Any) -> Any:
        if values.dtype.kind != "f":
            return values
        return np.where(np.abs(values) < np.finfo(values.dtype).smallest_normal, 0, values)


class Cumulative(Sound):
    """Takes the cumulative average of all batches when momentum is None."""

    cumulative = True

    def train(self, *arrays: Any, momentum: float | None, eps: float, batches_seen: int = 0) -> Any:
        """Normalise with the statistics of the batch."""
        weight = 1 / (batches_seen + 1) if momentum is None else momentum
        return super().train(*arrays, momentum=weight, eps=eps)


class InferenceOnly:
    """Offers inference alone, as a runtime does."""

    dtypes = ("float32", "float64")

    def infer(
        self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, *, eps: float
    ) -> Any:
        """Normalise with the running statistics."""
        return Sound().infer(x, gamma, beta, running_mean, running_var, eps=eps)


class InferenceForwardOnly(InferenceOnly):
    """Offers the forward pass of inference, without statistics and gradients."""

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        return super().infer(*arrays, eps=eps)[0], None, None, None


class TrainingOnly:
    """Offers training alone."""

    dtypes = ("float32", "float64")

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        return Sound().train(*arrays, momentum=momentum, eps=eps)


class NoBackward(Sound):
    """Returns None in place of the backward pass."""

    def _pullback(self, *_: Any) -> Any:
        return None


class NoDgamma(Sound):
    """Returns the gradient of x alone."""

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)
        return lambda dy: (whole(dy)[0], None, None)


class NoDx(Sound):
    """Returns the gradients of gamma and beta alone, as a first layer may."""

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)
        return lambda dy: (None, *whole(dy)[1:])


class NoStatistics(Sound):
    """Keeps no running statistics."""

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, _, _, backward = super().train(*arrays, momentum=momentum, eps=eps)
        return y, None, None, backward


class ReplaysForward(Sound):
    """Differentiates whatever call came last, and says so."""

    replays = True

    def _pullback(self, *arguments: Any) -> Any:
        self._last = super()._pullback(*arguments)
        return self._again

    def _again(self, dy: Any) -> Any:
        return self._last(dy)


class RefusesNegativeStrides(Sound):
    """Cannot read arrays with negative strides, and says so."""

    keeps_strides: Any = "positive"

    def _rows(self, x: Any, work: Any) -> Any:
        if any(stride < 0 for stride in x.strides):
            refuse("negative strides")
        return super()._rows(x, work)


class ContiguousOnly(Sound):
    """Reads contiguous memory alone, and says so."""

    keeps_strides = False

    def _rows(self, x: Any, work: Any) -> Any:
        if not x.flags.c_contiguous:
            refuse("not contiguous")
        return super()._rows(x, work)
