"""Memory: updates in place, workspaces, and results that lie in memory in unusual ways."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sound import Call, Sound


class InPlace(Sound):
    """Updates the running statistics in the buffers that it is given, and returns these."""

    in_place = True

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        running_mean, running_var = arrays[3:]
        running_mean[...] = mean
        running_var[...] = var
        return y, running_mean, running_var, backward


class InPlaceMultiplied(Sound):
    """Decays and increments the given buffers in place, and returns copies of them."""

    in_place = True
    running_variance = "biased"
    momentum_weighs = "old"

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        with np.errstate(all="ignore"):
            call = self._call(*arrays, eps=eps)
            self._check(call)
            new = self._moments(call)
        y, _, _, backward = super().train(*arrays, momentum=momentum, eps=eps)
        for buffer, batch in zip(arrays[3:], new, strict=True):
            with np.errstate(all="ignore"):
                np.multiply(buffer, momentum, out=buffer)
                np.add(buffer, (1 - momentum) * batch, out=buffer)
        return y, arrays[3].copy(), arrays[4].copy(), backward


class _Arranged(Sound):
    def _restore(self, rows: Any, like: Any) -> Any:
        return self._arrange(super()._restore(rows, like))

    def _arrange(self, whole: Any) -> Any:
        return whole


class FortranResults(_Arranged):
    """Returns arrays in Fortran order."""

    def _arrange(self, whole: Any) -> Any:
        return np.asfortranarray(whole)


class ChannelsLastResults(Sound):
    """Returns arrays that lie with their channels last."""

    ranks = (2, 3, 4)

    def _restore(self, rows: Any, like: Any) -> Any:
        moved = np.moveaxis(like, 1, -1).shape
        return np.moveaxis(self._own(rows, like.dtype).reshape(moved), -1, 1)


class SteppedResults(_Arranged):
    """Returns every other element of twice as large arrays."""

    def _arrange(self, whole: Any) -> Any:
        wide = np.full((*whole.shape[:-1], 2 * whole.shape[-1]), 7, whole.dtype)
        wide[..., ::2] = whole
        return wide[..., ::2]


class ReversedResults(_Arranged):
    """Returns arrays with negative strides."""

    def _arrange(self, whole: Any) -> Any:
        return whole[::-1].copy()[::-1]


class ReadOnlyResults(_Arranged):
    """Returns arrays that cannot be written."""

    def _arrange(self, whole: Any) -> Any:
        whole.flags.writeable = False
        return whole

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        mean.flags.writeable = False
        return mean, var


class Tagged(np.ndarray[Any, Any]):
    """An array with a class of its own."""


class SubclassResults(_Arranged):
    """Returns arrays of a subclass of ndarray."""

    def _arrange(self, whole: Any) -> Any:
        return whole.view(Tagged)


class Results(NamedTuple):
    """The four results by name."""

    y: Any
    running_mean: Any
    running_var: Any
    backward: Any


class NamedResults(Sound):
    """Returns a named tuple."""

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        return Results(*super().train(*arrays, momentum=momentum, eps=eps))

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        return Results(*super().infer(*arrays, eps=eps))


class ReturnsGivenStatistics(Sound):
    """Returns the very statistics that inference was given."""

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, _, _, backward = super().infer(*arrays, eps=eps)
        return y, arrays[3], arrays[4], backward


class ReturnsViewsOfStatistics(Sound):
    """Returns views of the statistics that inference, or training at momentum 0, was given."""

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        if momentum == 0 and np.isfinite(mean).all() and np.isfinite(var).all():
            mean, var = arrays[3][:], arrays[4][:]
        return y, mean, var, backward

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        y, _, _, backward = super().infer(*arrays, eps=eps)
        return y, arrays[3][:], arrays[4][:], backward


class Workspace(_Arranged):
    """Computes in a workspace that grows and is used again, and copies results out of it."""

    def __init__(self) -> None:
        self._space = np.empty(0)

    def _arrange(self, whole: Any) -> Any:
        if self._space.size < whole.size or self._space.dtype != whole.dtype:
            self._space = np.empty(whole.size, whole.dtype)
        held = self._space[: whole.size].reshape(whole.shape)
        held[...] = whole
        return held.copy()


class SharedBlock(Sound):
    """Returns dgamma and dbeta as parts of one fresh block."""

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)

        def backward(dy: Any) -> Any:
            dx, dgamma, dbeta = whole(dy)
            block = np.concatenate([dgamma, dbeta])
            return dx, block[: len(dgamma)], block[len(dgamma) :]

        return backward


class KeepsViews(Sound):
    """Keeps views of its inputs, and reads them when the backward pass is asked for."""

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        y, mean, var, _ = super().train(*arrays, momentum=momentum, eps=eps)
        kept = [a[...] for a in arrays]

        def backward(dy: Any) -> Any:
            return Sound.train(Sound(), *kept, momentum=momentum, eps=eps)[3](dy)

        return y, mean, var, backward


class PlansByShape(Sound):
    """Keeps a plan for every shape that it has seen: how many values there are per channel."""

    def __init__(self) -> None:
        self._plans: dict[Any, int] = {}

    def _mean(self, rows: Any) -> Any:
        count = self._plans.setdefault(rows.shape, len(rows))
        return self._sum(rows) / count


class OwnBuffers(Sound):
    """Writes each step into a fresh array with out=, without temporaries."""

    def _forward(self, call: Call) -> Any:
        y = np.subtract(call.x, call.mean, out=np.empty_like(call.x))
        np.multiply(y, call.root, out=y)
        np.multiply(y, call.gamma, out=y)
        return np.add(y, call.beta, out=y)


class ChunkedRows(Sound):
    """Normalises 100 rows at a time into a result made beforehand."""

    def _forward(self, call: Call) -> Any:
        y = np.empty_like(call.x)
        scale = call.gamma * call.root
        for start in range(0, len(y), 100):
            part = slice(start, start + 100)
            y[part] = (call.x[part] - call.mean) * scale + call.beta
        return y


class DirectAxes(Sound):
    """Works on the array as it lies, with reductions over axes."""

    ranks = (2, 3, 4, 5)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        given = self._given
        axes = (0, *range(2, given.ndim))
        mean = given.mean(axis=axes, keepdims=True, dtype=call.x.dtype)
        var = ((given - mean) ** 2).mean(axis=axes)
        return mean.reshape(-1), var

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        self._given = arrays[0]
        return super().train(*arrays, momentum=momentum, eps=eps)
