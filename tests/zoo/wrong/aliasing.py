"""Results that share memory, and inputs that are written to."""

from __future__ import annotations

from typing import Any

import numpy as np
from flawed import Call, Flawed


class CentresXInPlace(Flawed):
    """Subtracts the mean from x itself."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        results = super().train(*arrays, momentum=momentum, eps=eps)
        x = np.moveaxis(arrays[0], 1, -1)
        np.subtract(x, self._rows(arrays[0], x.dtype).mean(axis=0), out=x)
        return results


class WritesYIntoX(Flawed):
    """Returns y in the memory of x."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, *rest = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[0][...] = y
        return arrays[0], *rest


class WritesYIntoXOnInference(Flawed):
    """Returns y in the memory of x in inference."""

    reveals = ("inputs",)

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, *rest = super().infer(*arrays, eps=eps)
        arrays[0][...] = y
        return arrays[0], *rest


class CentresContiguousX(Flawed):
    """Works on np.asarray(x, float32) in place, which is x itself when it is float32 already."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        results = super().train(*arrays, momentum=momentum, eps=eps)
        given = np.asarray(arrays[0], np.float32)
        if given.ndim == 2:
            given -= given.mean(axis=0)
        return results


class MultipliesDyInPlace(Flawed):
    """Multiplies dy with gamma in place (InPlaceABN)."""

    reveals = ("inputs",)

    def _pullback(self, *arguments: Any) -> Any:
        whole, gamma = super()._pullback(*arguments), arguments[2]

        def backward(dy: Any) -> Any:
            results = whole(dy)
            if dy.flags.c_contiguous:
                moved = np.moveaxis(dy, 1, -1)
                moved *= gamma.astype(dy.dtype)
            return results

        return backward


class WritesDxIntoDy(Flawed):
    """Returns dx in the memory of dy in the backward pass of inference."""

    reveals = ("inputs",)

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, mean, var, whole = super().infer(*arrays, eps=eps)

        def backward(dy: Any) -> Any:
            dx, dgamma, dbeta = whole(dy)
            if not dy.flags.c_contiguous:
                return dx, dgamma, dbeta
            dy[...] = dx
            return dy, dgamma, dbeta

        return y, mean, var, backward


class UpdatesInPlaceUndeclared(Flawed):
    """Updates the given running statistics in place without saying so."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[3][...], arrays[4][...] = mean, var
        return y, arrays[3], arrays[4], backward


class MendsGammaInPlace(Flawed):
    """Replaces zeros in the given gamma with eps."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        results = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[1][arrays[1] == 0] = eps
        return results


class MendsNanInPlace(Flawed):
    """Replaces NaN in the given x with zero after it has used it."""

    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        results = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[0][np.isnan(arrays[0])] = 0
        return results


class AddsEpsInPlace(Flawed):
    """Adds eps to the given running variance in inference."""

    reveals = ("inputs", "infer.running_var")

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, mean, _, backward = super().infer(*arrays, eps=eps)
        np.add(arrays[4], eps, out=arrays[4])
        return y, mean, arrays[4], backward


class YInWorkspace(Flawed):
    """Returns y in a workspace that the next call uses again."""

    reveals = ("results",)

    def __init__(self) -> None:
        self._space: dict[Any, Any] = {}

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        held = self._space.setdefault((whole.shape, whole.dtype), np.empty_like(whole))
        held[...] = whole
        return held


class GrowingWorkspace(Flawed):
    """Returns y at the start of a workspace that grows with the largest call."""

    reveals = ("results",)

    def __init__(self) -> None:
        self._space = np.empty(0)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        if self._space.size < whole.size or self._space.dtype != whole.dtype:
            self._space = np.empty(whole.size, whole.dtype)
        held = self._space[: whole.size].reshape(whole.shape)
        held[...] = whole
        return held


class GradientsInWorkspace(Flawed):
    """Returns dgamma and dbeta in buffers that the next backward call fills again."""

    reveals = ("results",)

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)
        held: list[Any] = []

        def backward(dy: Any) -> Any:
            dx, *sums = whole(dy)
            if not held:
                held.extend(sums)
            for buffer, values in zip(held, sums, strict=True):
                buffer[...] = values
            return dx, *held

        return backward


class StatisticsInWorkspace(Flawed):
    """Returns running statistics in buffers that the next training call fills again."""

    reveals = ("results",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, *statistics, backward = super().train(*arrays, momentum=momentum, eps=eps)
        held = self.__dict__.setdefault("held", {})
        key = statistics[0].shape, statistics[0].dtype
        buffers = held.setdefault(key, [np.empty_like(s) for s in statistics])
        for buffer, values in zip(buffers, statistics, strict=True):
            buffer[...] = values
        return y, *buffers, backward


class KeptXInWorkspace(Flawed):
    """Keeps x for the backward pass in a workspace that the next call fills again."""

    reveals = ("dx", "dgamma")

    def _call(self, *arrays: Any, eps: float) -> Call:
        call = super()._call(*arrays, eps=eps)
        space = self.__dict__.setdefault("space", {})
        held = space.setdefault((call.x.shape, call.x.dtype), np.empty_like(call.x))
        held[...] = call.x
        call.x = held
        return call


class InPlaceCopyLost(Flawed):
    """Updates a contiguous copy of strided buffers and drops it (PyTorch with cuDNN)."""

    in_place = True
    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        running_mean, running_var = (np.ascontiguousarray(a) for a in arrays[3:])
        running_mean[...], running_var[...] = mean, var
        return y, running_mean, running_var, backward


class InPlaceForgotten(Flawed):
    """Declares updates in place and returns new arrays alone."""

    in_place = True
    reveals = ("inputs",)


class InPlaceMeanOnly(Flawed):
    """Updates the given running mean in place, and returns a new running variance."""

    in_place = True
    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[3][...] = mean
        return y, arrays[3], var, backward


class BackwardUpdates(Flawed):
    """Updates the running mean in place again in every backward pass."""

    in_place = True
    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, whole = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[3][...], arrays[4][...] = mean, var

        def backward(dy: Any) -> Any:
            arrays[3][...] *= 1 - momentum / 2
            return whole(dy)

        return y, arrays[3], arrays[4], backward


class UpdatesBeforeItReads(Flawed):
    """Overwrites the running mean in place before taking the share of the old one."""

    in_place = True
    reveals = ("running_mean", "inputs")

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, _, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        rows = self._rows(arrays[0], self._work(arrays[0].dtype))
        arrays[3][...] = momentum * rows.mean(axis=0)
        arrays[3][...] += (1 - momentum) * arrays[3]
        arrays[4][...] = var
        return y, arrays[3], arrays[4], backward
