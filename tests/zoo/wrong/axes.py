"""Statistics over the wrong axes."""

from __future__ import annotations

from typing import Any

import numpy as np
from flawed import Call, Flawed


def batch(call: Call) -> Any:
    """Give the rows their shape back, with channels last."""
    shape = call.shape
    return call.x.reshape(shape[0], *shape[2:], shape[1])


def spread(values: Any, call: Call) -> Any:
    """Broadcast values to the whole batch, as rows."""
    return np.broadcast_to(values, batch(call).shape).reshape(call.x.shape)


class _Reduced(Flawed):
    """Takes statistics over the axes that a subclass names, of the batch with channels last."""

    abstract = True

    def _axes(self, call: Call) -> tuple[int, ...]:
        return tuple(range(call.rank - 1))

    def _moments(self, call: Call) -> tuple[Any, Any]:
        whole, axes = batch(call), self._axes(call)
        mean = whole.mean(axis=axes, keepdims=True)
        var = whole.var(axis=axes, keepdims=True)
        return spread(mean, call), spread(var, call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean.mean(axis=0), var.mean(axis=0)


class BatchOnly(_Reduced):
    """Normalises images per pixel, over the batch alone (Keras, deepnet, mlpack)."""

    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:  # noqa: ARG002
        return (0,)


class SpatialOnly(_Reduced):
    """Normalises every image by itself (TVM, instance normalization)."""

    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:
        return tuple(range(1, call.rank - 1)) if call.rank > 2 else (0,)


class WholeTensor(_Reduced):
    """Takes one mean and one variance for all channels (TensorLayer)."""

    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:
        return tuple(range(call.rank))


class PerExample(_Reduced):
    """Normalises every example over its channels (layer normalization)."""

    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:
        return tuple(range(1, call.rank))


class FirstSpatialAxis(_Reduced):
    """Forgets the last spatial axis of images."""

    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:
        return tuple(range(max(1, call.rank - 2)))


class DepthForgotten(_Reduced):
    """Forgets the depth of volumes."""

    ranks = (2, 4, 5)
    reveals = ("y", "dx")

    def _axes(self, call: Call) -> tuple[int, ...]:
        return (0, 2, 3) if call.rank == 5 else tuple(range(call.rank - 1))


class LastAxisOnSquares(Flawed):
    """Takes the last axis for the channels of images when it is as long."""

    reveals = ("y", "running_mean", "dx")

    def _rows(self, x: Any, work: Any) -> Any:
        square = x.ndim == 4 and x.shape[1] == x.shape[-1]
        return super()._rows(np.swapaxes(x, 1, -1) if square else x, work)

    def _restore(self, rows: Any, like: Any) -> Any:
        square = like.ndim == 4 and like.shape[1] == like.shape[-1]
        whole = super()._restore(rows, np.swapaxes(like, 1, -1) if square else like)
        return np.ascontiguousarray(np.swapaxes(whole, 1, -1)) if square else whole


class BareBroadcast(Flawed):
    """Broadcasts gamma along the last axis of images when that is as long as the channels."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        if call.rank != 4 or call.shape[1] != call.shape[3]:
            return super()._forward(call)
        whole = self._xhat(call).reshape(batch(call).shape)
        return (whole * call.gamma[:, None] + call.beta).reshape(call.x.shape)


class TransposesSquares(Flawed):
    """Takes statistics over the channels when there are as many channels as examples."""

    reveals = ("y", "running_mean", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        square = call.x.shape[0] == call.x.shape[1]
        rows = call.x.T if square else call.x
        return rows.mean(axis=0), rows.var(axis=0)


class ReshapesWithoutTransposing(Flawed):
    """Reshapes images to (N H W, C) without moving the channels first."""

    reveals = ("y", "running_mean", "dx")

    def _rows(self, x: Any, work: Any) -> Any:
        return np.array(np.ascontiguousarray(x).reshape(-1, x.shape[1]), dtype=work)

    def _restore(self, rows: Any, like: Any) -> Any:
        return self._own(rows.reshape(like.shape), like.dtype)


class VarianceOverBatchOnly(Flawed):
    """Averages the variances of pixels, so that what lies between pixels is lost."""

    reveals = ("y", "running_var", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        pixels = batch(call).var(axis=0).reshape(-1, call.x.shape[1])
        return self._mean(call.x), pixels.mean(axis=0)


class VarianceWithinExamples(Flawed):
    """Averages the variances of images, so that what lies between images is lost."""

    reveals = ("y", "running_var", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        if call.rank == 2:
            return super()._moments(call)
        images = call.x.reshape(call.shape[0], -1, call.x.shape[1])
        return self._mean(call.x), images.var(axis=1).mean(axis=0)


class ChannelPairs(Flawed):
    """Shares the variance between pairs of channels."""

    reveals = ("y", "running_var", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        even = len(var) & ~1
        pairs = var[:even].reshape(-1, 2).mean(axis=1).repeat(2)
        return mean, np.concatenate([pairs, var[even:]])


class SequenceAsChannels(Flawed):
    """Takes the channels of sequences from the last axis."""

    ranks = (2, 3)
    reveals = ("y", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        if call.rank == 2:
            return super()._moments(call)
        whole = batch(call)
        mean = whole.mean(axis=(0, 2), keepdims=True)
        return spread(mean, call), spread(whole.var(axis=(0, 2), keepdims=True), call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        if call.rank == 2:
            return super()._running(call)
        call.mean, call.var = call.x.mean(axis=0), call.x.var(axis=0)
        return super()._running(call)


class ReversedChannels(Flawed):
    """Applies beta in reversed order when there are more than eight channels."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        beta = call.beta[::-1] if len(call.beta) > 8 else call.beta
        return self._xhat(call) * call.gamma + beta


class LastChannelFirst(Flawed):
    """Ignores channel_axis = -1 for images whose second axis is as long as the last."""

    channel_axis = -1
    reveals = ("y", "running_mean")

    def _rows(self, x: Any, work: Any) -> Any:
        square = x.ndim == 4 and x.shape[1] == x.shape[-1]
        return super()._rows(np.swapaxes(x, 1, -1) if square else x, work)

    def _restore(self, rows: Any, like: Any) -> Any:
        square = like.ndim == 4 and like.shape[1] == like.shape[-1]
        whole = super()._restore(rows, np.swapaxes(like, 1, -1) if square else like)
        return np.ascontiguousarray(np.swapaxes(whole, 1, -1)) if square else whole
