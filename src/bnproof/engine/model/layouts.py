"""Memory layouts: the same values, elsewhere in memory.

Every layout gives writable memory, since a caller's arrays usually are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument

Layout = Literal[
    "C",
    "Fortran",
    "channels moved",
    "stepped",
    "stepped last",
    "reversed",
    "reversed channels",
    "reversed last",
    "middle",
    "zero stride",
]

NEGATIVE: frozenset[Layout] = frozenset({"reversed", "reversed channels", "reversed last"})
"""Layouts with a negative stride."""

SAME = "same as "
"""What an alias begins with where it is written down."""


@dataclass(frozen=True)
class Alias:
    """An argument that is not laid out, since it is the same array as another one.

    >>> str(Alias("x"))
    'same as x'
    """

    of: Argument

    def __str__(self) -> str:
        return f"{SAME}{self.of}"


Place = Layout | Alias
"""Where an argument lies in memory."""

FILLER = 7  # between the elements of a stepped array: not NaN, so that reading it shows as a value


def _c(a: Array) -> Array:
    return np.array(a, order="C")


def _fortran(a: Array) -> Array:
    return np.array(a, order="F")


def _channels_moved(a: Array) -> Array:
    """The memory of the other channel axis: channels last under (N, C, H, W), and the reverse."""
    if a.ndim < 3:
        return _fortran(a)
    return np.moveaxis(np.array(np.moveaxis(a, 1, -1), order="C"), -1, 1)


def _stepped(axis: int) -> Callable[[Array], Array]:
    def layout(a: Array) -> Array:
        shape = list(a.shape)
        shape[axis] *= 2
        wide = np.full(shape, FILLER, a.dtype)
        index: list[slice] = [slice(None)] * a.ndim
        index[axis] = slice(None, None, 2)
        view = wide[tuple(index)]
        view[...] = a
        return view

    return layout


def _reversed(axis: int) -> Callable[[Array], Array]:
    def layout(a: Array) -> Array:
        return np.flip(np.array(np.flip(a, axis), order="C"), axis)

    return layout


def _middle(a: Array) -> Array:
    """The inside of a larger array, so that memory goes on at both ends."""
    wide = np.full([side + 2 for side in a.shape], FILLER, a.dtype)
    view = wide[tuple(slice(1, 1 + side) for side in a.shape)]
    view[...] = a
    return view


def _zero_stride(a: Array) -> Array:
    """One element, or one row, for all: writable, as a framework's expanded gradient is."""
    if not a.size:
        return _c(a)
    if (a == a.flat[0]).all():
        return np.lib.stride_tricks.as_strided(np.array(a.flat[:1]), a.shape, (0,) * a.ndim)
    row = np.array(a[:1], order="C")
    return np.lib.stride_tricks.as_strided(row, a.shape, (0, *row.strides[1:]))


LAYOUTS: dict[Layout, Callable[[Array], Array]] = {
    "C": _c,
    "Fortran": _fortran,
    "channels moved": _channels_moved,
    "stepped": _stepped(0),
    "stepped last": _stepped(-1),
    "reversed": _reversed(0),
    "reversed channels": _reversed(1),
    "reversed last": _reversed(-1),
    "middle": _middle,
    "zero stride": _zero_stride,
}
"""Layouts by name, for arrays of any rank; "reversed channels" needs rank 2."""


def laid_out(values: Array, layout: Layout) -> Array:
    """A writable copy of values in a layout.

    >>> laid_out(np.arange(4.0), "stepped").strides
    (16,)
    """
    return LAYOUTS[layout](values)


def can_be_changed(place: Place) -> bool:
    """Whether each element has a place of its own, so that other values can be laid out likewise.

    >>> can_be_changed("stepped"), can_be_changed("zero stride"), can_be_changed(Alias("x"))
    (True, False, False)
    """
    return not isinstance(place, Alias) and place != "zero stride"
