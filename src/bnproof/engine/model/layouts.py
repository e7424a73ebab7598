"""Memory layouts: the same values, elsewhere in memory.

Every layout but "read-only" gives writable memory, since a caller's arrays usually are.  Where an
array begins is decided by its layout, never by chance: at a multiple of 64 bytes, which some
libraries need to use the caller's memory as it is, or beside one.
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
    "expanded",
    "shifted",
    "slice",
    "channels moved slice",
    "sides swapped",
    "read-only",
    "cropped channels",
    "cropped rows",
    "cropped last",
    "stepped channels",
    "stepped rows",
    "reversed rows",
    "channels moved cropped channels",
    "channels moved cropped rows",
    "channels moved cropped columns",
    "channels moved stepped channels",
    "channels moved stepped rows",
    "channels moved stepped columns",
    "channels moved reversed channels",
    "channels moved reversed rows",
    "channels moved reversed columns",
]

NEGATIVE: frozenset[Layout] = frozenset(
    {
        "reversed",
        "reversed channels",
        "reversed last",
        "reversed rows",
        "channels moved reversed channels",
        "channels moved reversed rows",
        "channels moved reversed columns",
    }
)
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
ALIGNED = 64
"""Bytes that the beginning of an array is a multiple of."""
TRIES = 32
"""Arrays of their own that are made until one begins where it should."""


def _c(a: Array) -> Array:
    """An array that owns its memory, as most do, if the allocator gives one that is aligned."""
    missed: list[Array] = []  # kept for as long as another one is looked for
    for _ in range(TRIES if a.nbytes < ALLOCATED_ALONE else 0):
        made = np.array(a, order="C")
        if made.__array_interface__["data"][0] % ALIGNED == 0:
            return made
        missed.append(made)
    return _within(a, 0)


ALLOCATED_ALONE = 2**16
"""Bytes from which on memory is mapped page by page, and begins 16 bytes after one."""


def _within(a: Array, shift: int) -> Array:
    """A contiguous part of a longer array, ``shift`` elements behind an aligned address."""
    spare = 2 * ALIGNED // a.itemsize
    wide = np.full(a.size + 2 * spare, FILLER, a.dtype)
    behind = -wide.__array_interface__["data"][0] % ALIGNED // a.itemsize
    begin = behind + ALIGNED // a.itemsize + shift
    view = wide[begin : begin + a.size].reshape(a.shape)
    view[...] = a
    return view


def _fortran(a: Array) -> Array:
    return _c(a.T).T


def _channels_moved(a: Array) -> Array:
    """The memory of the other channel axis: channels last under (N, C, H, W), and the reverse."""
    if a.ndim < 3:
        return _fortran(a)
    return np.moveaxis(_c(np.moveaxis(a, 1, -1)), -1, 1)


def _stepped(axis: int) -> Callable[[Array], Array]:
    """Every second place along an axis, or along the last one of arrays without that axis."""
    return _part(axis, lambda side: 2 * side, slice(None, None, 2))


def _cropped(axis: int) -> Callable[[Array], Array]:
    """All places along an axis but the first and the last one, likewise."""
    return _part(axis, lambda side: side + 2, slice(1, -1))


def _part(axis: int, whole: Callable[[int], int], part: slice) -> Callable[[Array], Array]:
    def layout(a: Array) -> Array:
        along = min(axis, a.ndim - 1) % a.ndim
        shape, index = list(a.shape), [slice(None)] * a.ndim
        shape[along], index[along] = whole(shape[along]), part
        view = np.full(shape, FILLER, a.dtype)[tuple(index)]
        view[...] = a
        return view

    return layout


def _in_moved(layout: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A layout of the memory of the other channel axis."""

    def moved(a: Array) -> Array:
        axis = min(1, a.ndim - 1)
        return np.moveaxis(layout(np.moveaxis(a, axis, -1)), -1, axis)

    return moved


def _reversed(axis: int) -> Callable[[Array], Array]:
    def layout(a: Array) -> Array:
        along = min(axis, a.ndim - 1) % a.ndim
        return np.flip(np.array(np.flip(a, along), order="C"), along)

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
        return _repeated(a, (0,) * a.ndim, a.flat[:1])
    return _repeated(a, (0, *a[:1].copy().strides[1:]), a[:1])


def _repeated(a: Array, strides: tuple[int, ...], part: Array) -> Array:
    """A part of ``a`` for all of it; as many elements as a has are there, with others behind."""
    wide = _c(np.full(a.size, FILLER, a.dtype))
    wide[: part.size] = part.ravel()
    return np.lib.stride_tricks.as_strided(wide, a.shape, strides)


def _expanded(a: Array) -> Array:
    """The last axis along which all elements are the same has a stride of zero."""
    for axis in reversed(range(a.ndim)):
        first = a[(slice(None),) * axis + (slice(1),)]
        if a.shape[axis] > 1 and (a == first).all():
            strides = list(np.array(first, order="C").strides)
            strides[axis] = 0
            return _repeated(a, tuple(strides), first)
    return _c(a)


def _shifted(a: Array) -> Array:
    """Contiguous, one element behind an aligned address: a[1:] of a flat array."""
    return _within(a, 1)


def _slice(a: Array) -> Array:
    """Contiguous: all rows of a longer array but the first and the last one."""
    wide = np.full((len(a) + 2, *a.shape[1:]), FILLER, a.dtype)
    view = wide[1:-1]
    view[...] = a
    return view


def _channels_moved_slice(a: Array) -> Array:
    """A slice of the memory of the other channel axis."""
    if a.ndim < 3:
        return _slice(a.T).T
    return np.moveaxis(_slice(np.moveaxis(a, 1, -1)), -1, 1)


def _sides_swapped(a: Array) -> Array:
    """Width before height in memory; rows before columns in rank 2."""
    if a.ndim < 2:
        return _c(a)
    return np.swapaxes(_c(np.swapaxes(a, -1, -2)), -1, -2)


def _read_only(a: Array) -> Array:
    made = _c(a)
    made.flags.writeable = False
    return made


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
    "expanded": _expanded,
    "shifted": _shifted,
    "slice": _slice,
    "channels moved slice": _channels_moved_slice,
    "sides swapped": _sides_swapped,
    "read-only": _read_only,
    "cropped channels": _cropped(1),
    "cropped rows": _cropped(2),
    "cropped last": _cropped(-1),
    "stepped channels": _stepped(1),
    "stepped rows": _stepped(2),
    "reversed rows": _reversed(2),
    "channels moved cropped channels": _in_moved(_cropped(-1)),
    "channels moved cropped rows": _in_moved(_cropped(1)),
    "channels moved cropped columns": _in_moved(_cropped(-2)),
    "channels moved stepped channels": _in_moved(_stepped(-1)),
    "channels moved stepped rows": _in_moved(_stepped(1)),
    "channels moved stepped columns": _in_moved(_stepped(-2)),
    "channels moved reversed channels": _in_moved(_reversed(-1)),
    "channels moved reversed rows": _in_moved(_reversed(1)),
    "channels moved reversed columns": _in_moved(_reversed(-2)),
}
"""Layouts by name, for arrays of any rank; an axis that an array lacks is its last one."""


def laid_out(values: Array, layout: Layout) -> Array:
    """A copy of values in a layout, writable unless that is read-only.

    >>> laid_out(np.arange(4.0), "stepped").strides
    (16,)
    """
    return LAYOUTS[layout](values)


UNCHANGEABLE: frozenset[Layout] = frozenset({"zero stride", "expanded", "read-only"})
"""Layouts in which not any value can be written to each element."""


def can_be_changed(place: Place) -> bool:
    """Whether each element has a place of its own, so that other values can be laid out likewise.

    >>> can_be_changed("stepped"), can_be_changed("zero stride"), can_be_changed(Alias("x"))
    (True, False, False)
    """
    return not isinstance(place, Alias) and place not in UNCHANGEABLE
