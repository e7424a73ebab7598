"""Mistakes that need an unusual layout in memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from flawed import Call, Flawed


def as_it_lies(array: Any) -> Any:
    """Read the elements in the order of memory and shape them as if that were C order."""
    return array.ravel(order="K").reshape(array.shape)


def channels_last(array: Any) -> bool:
    """Say whether an image lies in memory with its channels last."""
    return bool(array.ndim == 4 and np.moveaxis(array, 1, -1).flags.c_contiguous)


class IgnoresStridesOfX(Flawed):
    """Reads x in the order of memory in the forward pass."""

    reveals = ("y", "running_mean")

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        return super()._call(as_it_lies(x), *parameters, eps=eps)


class _OfDy(Flawed):
    """Changes dy before the backward pass."""

    abstract = True

    def _pullback(self, *arguments: Any) -> Any:
        whole, x = super()._pullback(*arguments), arguments[1]
        return lambda dy: whole(self._read(dy, x))

    def _read(self, dy: Any, x: Any) -> Any:
        raise NotImplementedError


class IgnoresStridesOfDy(_OfDy):
    """Reads dy in the order of memory (DL4J)."""

    reveals = ("dx", "dgamma")

    def _read(self, dy: Any, x: Any) -> Any:  # noqa: ARG002
        return as_it_lies(dy)


class StridesOfXForDy(_OfDy):
    """Reads dy as if it lay like x, with its channels last (SyncBN)."""

    reveals = ("dx", "dgamma")

    def _read(self, dy: Any, x: Any) -> Any:
        if not channels_last(x) or not dy.flags.c_contiguous or channels_last(dy):
            return dy
        moved = np.moveaxis(dy, 1, -1).shape
        return np.moveaxis(dy.reshape(moved), -1, 1)


class StridesOfDyForX(Flawed):
    """Reads x in the order of dy when dy alone lies with its channels last (SyncBN)."""

    reveals = ("dgamma",)

    def _pullback(self, *arguments: Any) -> Any:
        whole, call, x = super()._pullback(*arguments), arguments[0], arguments[1]
        last = np.moveaxis(x, 1, -1).shape
        wrong = np.ascontiguousarray(x).reshape(last).reshape(call.x.shape)

        def backward(dy: Any) -> Any:
            kept = call.x
            if channels_last(dy) and not channels_last(x):
                call.x = wrong.astype(kept.dtype)
            results = whole(dy)
            call.x = kept
            return results

        return backward


class ExpandedDy(_OfDy):
    """Takes a dy with zero strides for a gradient that was divided by its size."""

    reveals = ("dx", "dbeta")

    def _read(self, dy: Any, x: Any) -> Any:  # noqa: ARG002
        expanded = dy.size > 1 and 0 in dy.strides
        return dy / dy.dtype.type(dy.size) if expanded else dy


class ReversedX(Flawed):
    """Ignores the sign of the first stride of x."""

    reveals = ("y",)

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        return super()._call(x[::-1] if x.strides[0] < 0 else x, *parameters, eps=eps)


class ReversedChannelsOfX(Flawed):
    """Ignores the sign of the stride of the channels."""

    reveals = ("y", "running_mean")

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        return super()._call(x[:, ::-1] if x.strides[1] < 0 else x, *parameters, eps=eps)


class ChannelsLastStatistics(Flawed):
    """Takes the statistics of images with their channels last from the first example alone."""

    reveals = ("y", "running_mean")

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        self._last = channels_last(x) and not x.flags.c_contiguous
        return super()._call(x, *parameters, eps=eps)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        rows = call.x[: len(call.x) // call.shape[0]] if self._last else call.x
        return rows.mean(axis=0), rows.var(axis=0)


class ChannelsLastResult(Flawed):
    """Writes y of images with their channels last in C order of the wrong shape."""

    reveals = ("y",)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        if like.flags.c_contiguous or not channels_last(like):
            return whole
        return self._own(rows, like.dtype).reshape(like.shape)


class FortranBatch(Flawed):
    """Transposes an x in Fortran order."""

    reveals = ("y", "running_mean")

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        if x.ndim == 2 and x.flags.f_contiguous and not x.flags.c_contiguous:
            x = x.T.copy().reshape(x.shape)
        return super()._call(x, *parameters, eps=eps)


class _OfParameters(Flawed):
    abstract = True

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        return super()._call(x, *(self._dense(p) for p in parameters), eps=eps)

    def _dense(self, values: Any) -> Any:
        raise NotImplementedError


class SteppedParameters(_OfParameters):
    """Reads gamma, beta and statistics as if they were dense."""

    reveals = ("y", "running_mean")

    def _dense(self, values: Any) -> Any:
        if values.strides[0] <= values.itemsize or len(values) < 2:
            return values
        base = np.lib.stride_tricks.as_strided(values, values.shape, (values.itemsize,))
        return base.copy()


class ReversedParameters(_OfParameters):
    """Ignores the sign of the strides of gamma, beta and statistics."""

    reveals = ("y", "running_mean")

    def _dense(self, values: Any) -> Any:
        return values[::-1] if values.strides[0] < 0 else values


class SteppedGammaInBackward(Flawed):
    """Reads a stepped gamma as if it were dense in the backward pass alone."""

    reveals = ("dx",)

    def _pullback(self, *arguments: Any) -> Any:
        call, gamma = arguments[0], arguments[2]
        if gamma is not None and len(gamma) > 1 and gamma.strides[0] > gamma.itemsize:
            dense = np.lib.stride_tricks.as_strided(gamma, gamma.shape, (gamma.itemsize,))
            call.gamma = dense.astype(call.gamma.dtype)
        return super()._pullback(*arguments)


class FortranDy(_OfDy):
    """Transposes a square dy in Fortran order."""

    reveals = ("dx",)

    def _read(self, dy: Any, x: Any) -> Any:  # noqa: ARG002
        turned = dy.ndim == 2 and dy.flags.f_contiguous and not dy.flags.c_contiguous
        return dy.ravel(order="F").reshape(dy.shape) if turned else dy


class MixedLayouts(_OfDy):
    """Drops the last example of a dy that lies otherwise than a dense x."""

    reveals = ("dx", "dbeta")

    def _read(self, dy: Any, x: Any) -> Any:
        if not x.flags.c_contiguous or dy.flags.c_contiguous:
            return dy
        cut = dy.copy()
        cut[-1] = 0
        return cut
