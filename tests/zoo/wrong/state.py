"""Mistakes that show after another call."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from flawed import Call, Flawed


class BackwardOfLastCall(Flawed):
    """Differentiates the last call of training, whichever it was."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        kept = self._kept
        same = kept.x.shape == call.x.shape
        return super()._gradients(replace(kept, dy=call.dy) if same else call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        self._kept = call
        return super()._running(call)


class BackwardWithLastStatistics(Flawed):
    """Differentiates with the mean and inverse root that the last call of any kind left."""

    reveals = ("dx", "dgamma")

    def _root(self, call: Call) -> Any:
        self._saved = call.mean, super()._root(call)
        return self._saved[1]

    def _gradients(self, call: Call) -> Any:
        mean, root = self._saved
        same = mean.shape == call.mean.shape
        return super()._gradients(replace(call, mean=mean, root=root) if same else call)


class InferenceSpoilsBackward(Flawed):
    """Lets inference overwrite the statistics that a training's backward pass needs."""

    reveals = ("dx",)

    def _forward_infer(self, call: Call) -> Any:
        self._saved: Any = call.mean
        return super()._forward_infer(call)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        self._saved = None
        return super()._moments(call)

    def _gradients(self, call: Call) -> Any:
        saved = getattr(self, "_saved", None)
        usable = saved is not None and saved.shape == call.mean.shape
        return super()._gradients(replace(call, mean=saved) if usable else call)


class ClassWideCache(Flawed):
    """Keeps the cache of the backward pass on the class, so that instances share it."""

    _cache: ClassVar[dict[str, Any]] = {}
    reveals = ("dx",)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        self._cache["mean"] = mean
        return mean, var

    def _gradients(self, call: Call) -> Any:
        mean = self._cache["mean"]
        return super()._gradients(
            replace(call, mean=mean) if mean.shape == call.mean.shape else call
        )


class FirstCount(Flawed):
    """Keeps the count of the first call for N / (N - 1)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        self.__dict__.setdefault("count", len(call.x))
        return call.var * (self.__dict__["count"] / (self.__dict__["count"] - 1))


class FirstAxes(Flawed):
    """Keeps the axes of the first call, so that images after vectors are normalised per pixel."""

    reveals = ("y",)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        if self.__dict__.setdefault("rank", call.rank) == 2 and call.rank == 4:
            images = call.x.reshape(call.shape[0], -1)
            shape = call.x.shape
            mean = np.broadcast_to(images.mean(axis=0), images.shape).reshape(shape)
            return mean, np.broadcast_to(images.var(axis=0), images.shape).reshape(shape)
        return super()._moments(call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        if call.mean.ndim == 1:
            return super()._running(call)
        means = {"mean": call.mean.mean(axis=0), "var": call.var.mean(axis=0)}
        return super()._running(replace(call, **means))


class FirstEps(Flawed):
    """Keeps the eps of its first call."""

    reveals = ("y",)

    def _root(self, call: Call) -> Any:
        eps = self.__dict__.setdefault("eps", call.eps)
        return 1 / np.sqrt(call.var + eps)


class FirstMomentum(Flawed):
    """Keeps the momentum of its first call."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return float(self.__dict__.setdefault("momentum", call.momentum))


class FirstBatchCopied(Flawed):
    """Copies the statistics of its very first batch without averaging (Equinox)."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        first = "started" not in self.__dict__
        self.__dict__["started"] = True
        return super()._running(replace(call, momentum=1.0) if first else call)


class StatisticsByShape(Flawed):
    """Keeps statistics by shape, and takes them again for the next batch of that shape."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        kept = self.__dict__.setdefault("kept", {})
        if call.shape not in kept:
            kept[call.shape] = super()._moments(call)
        mean, var = kept[call.shape]
        return mean.astype(call.x.dtype), var.astype(call.x.dtype)


class StatisticsByAddress(Flawed):
    """Keeps statistics by the address of x, and takes them again when x was refilled."""

    reveals = ("y", "running_mean")

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        x = arrays[0]
        self._key = x.__array_interface__["data"][0], x.shape, x.strides, x.dtype
        return super().train(*arrays, momentum=momentum, eps=eps)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        kept = self.__dict__.setdefault("kept", {})
        if self._key not in kept:
            kept[self._key] = super()._moments(call)
        mean, var = kept[self._key]
        return mean.copy(), var.copy()


class GradientsAccumulate(Flawed):
    """Adds dgamma and dbeta to those of earlier backward calls (MXNet)."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        totals = self.__dict__.setdefault("totals", {})
        old = totals.get(len(dbeta), (0, 0))
        totals[len(dbeta)] = dgamma + old[0], dbeta + old[1]
        return dx, *totals[len(dbeta)]


class BackwardConsumes(Flawed):
    """Gives its cache away, so that a second backward call returns zeros."""

    reveals = ("dx",)

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)
        used: list[Any] = []

        def backward(dy: Any) -> Any:
            used.append(None)
            results = whole(dy)
            return results if len(used) == 1 else tuple(0 * r for r in results)

        return backward


class BackwardOnce(Flawed):
    """Raises when backward is called a second time."""

    reveals = ("raises",)

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)
        used: list[Any] = []

        def backward(dy: Any) -> Any:
            if used:
                raise RuntimeError
            used.append(None)
            return whole(dy)

        return backward


class BackwardOverwritesCache(Flawed):
    """Centres its kept x in place at every backward call."""

    reveals = ("dx", "dgamma")

    def _gradients(self, call: Call) -> Any:
        results = super()._gradients(call)
        call.x -= call.mean
        return results


class EveryFifthCallForgotten(Flawed):
    """Leaves running statistics alone at every fifth call of training."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        calls = self.__dict__["calls"] = self.__dict__.get("calls", 0) + 1
        return super()._running(call) if calls % 5 else (call.running_mean, call.running_var)


class MomentumDecays(Flawed):
    """Divides the weight of the new batch by the number of calls."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        calls = self.__dict__["calls"] = self.__dict__.get("calls", 0) + 1
        return float(call.momentum / ((calls + 1) // 2))


class OwnRunningMean(Flawed):
    """Averages means in a buffer of its own, after a first call with as many channels."""

    reveals = ("running_mean",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        old = self.__dict__.get("buffer")
        if old is not None and old.shape == mean.shape:
            mean = self._blend(call, old, call.mean)
        self.__dict__["buffer"] = mean
        return mean, var


class ForgetsAfterError(Flawed):
    """Forgets to update running statistics once after it raised an error."""

    reveals = ("running_mean", "running_var")

    def _check(self, call: Call) -> None:
        self._fallen = getattr(self, "_fallen", False) or len(call.x) < 2
        super()._check(call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        fallen, self._fallen = self._fallen, False
        return (call.running_mean, call.running_var) if fallen else super()._running(call)


class GammaReadLate(Flawed):
    """Keeps the gamma of the latest call, of any kind, for all backward passes."""

    reveals = ("dx",)

    def _root(self, call: Call) -> Any:
        self._gamma = call.gamma
        return super()._root(call)

    def _gradients(self, call: Call) -> Any:
        gamma = self._gamma if self._gamma.shape == call.gamma.shape else call.gamma
        return super()._gradients(replace(call, gamma=gamma))
