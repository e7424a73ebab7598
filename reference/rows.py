"""Any rank, channel axis and dtype as one form: a row per channel, in float32 or float64."""

from typing import Any

import numpy as np

from bnproof.reference.checks import Array, values_per_channel


def to_rows(x: Array, channel_axis: int) -> Array:
    """Make a channel a row: (N, C, ...) or (N, ..., C) becomes (C, m).

    16-bit numbers become float32, so that everything is computed in at least that.

    >>> to_rows(np.array([[1, 10], [2, 20], [3, 30]], np.float16), channel_axis=1)
    array([[ 1.,  2.,  3.],
           [10., 20., 30.]], dtype=float32)
    """
    shape = x.shape[channel_axis], values_per_channel(x.shape, channel_axis)
    channels_first = x.swapaxes(0, 1) if channel_axis == 1 else np.moveaxis(x, -1, 0)
    return widened(channels_first.reshape(shape))


def from_rows(
    rows: Array, shape: tuple[int, ...], channel_axis: int, dtype: np.dtype[Any]
) -> Array:
    """Undo `to_rows`, rounding once to the dtype.

    >>> from_rows(np.ones((2, 12)), (4, 2, 3), channel_axis=1, dtype=np.dtype("float32")).shape
    (4, 2, 3)
    """
    others = [size for axis, size in enumerate(shape) if axis != channel_axis % len(shape)]
    channels_first = rows.reshape(shape[channel_axis], *others)
    if channel_axis == 1:
        return channels_first.swapaxes(0, 1).astype(dtype, order="C")
    return np.moveaxis(channels_first, 0, -1).astype(dtype, order="C")


def column(values: Array | None, absent: float, dtype: np.dtype[Any]) -> Array:
    """Make one value per channel a column, which meets every value of the row.

    >>> column(np.array([2.0, 3.0]), absent=1.0, dtype=np.dtype("float32"))
    array([[2.],
           [3.]], dtype=float32)
    """
    if values is None:
        return np.full((1, 1), absent, dtype)
    return values.astype(dtype)[:, np.newaxis]


def widened(a: Array) -> Array:
    """Convert 16-bit numbers to float32."""
    return a.astype(np.float32) if a.dtype.itemsize == 2 else a
