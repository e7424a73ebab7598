"""Training that behaves like inference, and the reverse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


class InferenceUsesBatch(Flawed):
    """Normalises with the batch's statistics in inference (TVM, ONNX export)."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        if len(call.x) < 2:
            return super()._forward_infer(call)
        mean, var = self._moments(call)
        given = replace(call, mean=mean, var=var)
        return self._forward(replace(given, root=self._root(given)))


class InferenceUsesBatchMean(Flawed):
    """Centres at the batch's mean in inference for more than one example."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        if call.shape[0] < 2:
            return super()._forward_infer(call)
        return self._forward(replace(call, mean=self._mean(call.x)))


class InferenceUpdates(Flawed):
    """Updates running statistics in inference too (Flux)."""

    reveals = ("infer.running_mean", "infer.running_var")

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, mean, var, backward = super().infer(*arrays, eps=eps)
        x, _, _, running_mean, running_var = arrays
        if x.size // x.shape[1] > 1:
            with np.errstate(all="ignore"):
                rows = self._rows(x, self._work(x.dtype))
                mean = self._own(0.9 * running_mean + 0.1 * rows.mean(axis=0), mean.dtype)
                var = self._own(0.9 * running_var + 0.1 * rows.var(axis=0), var.dtype)
        return y, mean, var, backward


class InferenceUpdatesInPlace(Flawed):
    """Updates the given running statistics in inference, in their buffers."""

    in_place = True
    reveals = ("infer.running_mean",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[3][...], arrays[4][...] = mean, var
        return y, arrays[3], arrays[4], backward

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, _, _, backward = super().infer(*arrays, eps=eps)
        rows = self._rows(arrays[0], self._work(arrays[0].dtype))
        if len(rows):
            with np.errstate(all="ignore"):
                arrays[3][...] += 0.1 * (rows.mean(axis=0) - arrays[3])
        return y, arrays[3], arrays[4], backward


class InferenceBlends(Flawed):
    """Normalises in inference with blended statistics of batch and past (ONNX reference)."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        if not len(call.x):
            return super()._forward_infer(call)
        return self._forward(replace(call, mean=0.9 * call.mean + 0.1 * self._mean(call.x)))


class TrainingUsesRunning(Flawed):
    """Normalises in training with the running statistics (frozen)."""

    reveals = ("y", "dx")

    def _forward(self, call: Call) -> Any:
        given = replace(call, mean=call.running_mean, var=call.running_var)
        return super()._forward(replace(given, root=self._root(given)))

    def _gradients(self, call: Call) -> Any:
        given = replace(call, mean=call.running_mean, var=call.running_var)
        return self._gradients_infer(replace(given, root=self._root(given)))


class TrainingUsesUpdated(Flawed):
    """Normalises in training with the updated running statistics (SystemDS, Equinox)."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        if call.mean is call.running_mean:
            return super()._forward(call)
        mean, var = self._running(call)
        given = replace(call, mean=mean, var=var)
        return super()._forward(replace(given, root=self._root(given)))


class TrainingUsesRunningForOneExample(Flawed):
    """Normalises with the running statistics when a batch has one example, although it is large."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        if call.shape[0] != 1:
            return super()._forward(call)
        given = replace(call, mean=call.running_mean, var=call.running_var)
        return super()._forward(replace(given, root=self._root(given)))


class InferenceTakesDeviation(Flawed):
    """Divides by the running variance in inference, as if it were a deviation."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return self._forward(replace(call, root=1 / (call.var + call.eps)))


class InferenceSwapsStatistics(Flawed):
    """Takes the running mean for the variance and the reverse in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        given = replace(call, mean=call.var, var=call.mean)
        return self._forward(replace(given, root=self._root(given)))


class InferenceForgetsBeta(Flawed):
    """Forgets beta in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return self._forward(replace(call, beta=np.zeros_like(call.beta)))


class InferenceForgetsMean(Flawed):
    """Forgets the running mean in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return self._forward(replace(call, mean=np.zeros_like(call.mean)))


class InferenceWithBessel(Flawed):
    """Multiplies the running variance with N / (N - 1) in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        count = max(len(call.x), 2)
        given = replace(call, var=call.var * (count / (count - 1)))
        return self._forward(replace(given, root=self._root(given)))


class InferenceOfOneCentres(Flawed):
    """Centres a single example at itself in inference, so that it becomes beta."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        alone = len(call.x) == 1
        return self._forward(replace(call, mean=call.x[0]) if alone else call)


class InferenceOfLastTraining(Flawed):
    """Normalises in inference with the statistics of the last training call."""

    reveals = ("infer.y",)

    def __init__(self) -> None:
        self._last: Any = None

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = self._last = super()._running(call)
        return mean, var

    def _forward_infer(self, call: Call) -> Any:
        if self._last is None or self._last[0].shape != call.mean.shape:
            return super()._forward_infer(call)
        given = replace(call, mean=self._last[0], var=self._last[1])
        return self._forward(replace(given, root=self._root(given)))


class StaleFold(Flawed):
    """Folds the first inference for a number of channels and uses that for ever."""

    reveals = ("infer.y",)

    def __init__(self) -> None:
        self._folded: dict[int, Any] = {}

    def _forward_infer(self, call: Call) -> Any:
        scale = call.gamma * call.root
        fold = scale, call.beta - call.mean * scale
        scale, shift = self._folded.setdefault(len(scale), fold)
        return call.x * scale + shift


class ZeroRunningVarianceIsOne(Flawed):
    """Takes a running variance of zero for one in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        given = replace(call, var=np.where(call.var == 0, 1, call.var))
        return self._forward(replace(given, root=self._root(given)))


class InferenceUnstarted(Flawed):
    """Returns x scaled alone in inference while statistics are still zeros and ones."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        if (call.mean == 0).all() and (call.var == 1).all():
            return call.x * call.gamma + call.beta
        return super()._forward_infer(call)
