"""Which elements of y depend on which elements of x: what kind of normalisation a target is.

Batch normalization over a channel axis: changing one element of x changes y in the whole slice of
its channel, and nowhere else.  Inference changes only the element itself.  Code for rows that is
given images normalises each position of a channel by itself.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import numpy as np

from bnproof.properties.formats import Array

STEP = 3.0
"""How far one element of x is moved: well beyond rounding, whatever the dtype."""

SIDES = {2: (7,), 3: (4, 5), 4: (4, 5, 2), 5: (4, 5, 2, 6)}
"""Sides of probes, N and those of space; each differs from the others."""
CHANNELS = 3


class Pattern(StrEnum):
    """How y depends on x."""

    CHANNEL_FIRST = "each channel on axis 1"
    CHANNEL_LAST = "each channel on the last axis"
    COLUMNS = "each row, as samples are columns"
    POSITION = "each position by itself, over the first axis alone"
    ELEMENT = "each element by itself"
    OTHER = "another pattern"


def pattern(function: Callable[[Array], Array], x: Array) -> Pattern:
    """How a function from x to y, of the same shape, depends on x.

    >>> pattern(lambda x: x - x.mean(axis=0), np.arange(21.0).reshape(7, 3))
    <Pattern.CHANNEL_FIRST: 'each channel on axis 1'>
    """
    index = tuple(side // 2 for side in x.shape)
    moved = np.array(x)
    moved[index] += np.asarray(STEP, x.dtype)
    before, after = function(x), function(moved)
    if before.shape != x.shape or after.shape != x.shape:
        return Pattern.OTHER
    with np.errstate(all="ignore"):
        difference = np.abs(after.astype(np.float64) - before.astype(np.float64))
        limit = 1e-5 * max(1.0, float(np.nanmax(np.abs(before.astype(np.float64)), initial=0.0)))
    return _named(difference > limit, index)


def _named(changed: Array, index: tuple[int, ...]) -> Pattern:
    """The pattern of the elements that changed when one did."""
    last = changed.ndim - 1
    candidates = {
        Pattern.CHANNEL_FIRST: {1},
        Pattern.CHANNEL_LAST: {last},
        Pattern.COLUMNS: {0},
        Pattern.POSITION: set(range(1, changed.ndim)),
        Pattern.ELEMENT: set(range(changed.ndim)),
    }
    for name, fixed in candidates.items():
        where = tuple(index[axis] if axis in fixed else slice(None) for axis in range(changed.ndim))
        expected = np.zeros(changed.shape, bool)
        expected[where] = True
        if _covers(changed, expected):
            return name
    return Pattern.OTHER


def _covers(changed: Array, expected: Array) -> bool:
    """Whether nothing else changed, and nearly all of what was expected did.

    An element may stay by chance where a shift of the mean and a change of the scale cancel.
    """
    if changed[~expected].any():
        return False
    share = changed[expected].mean() if expected.any() else 0.0
    return bool(share > 0.8)  # four of five: at most one of seven may cancel


def shape_of(rank: int, channels: int = CHANNELS) -> tuple[int, ...]:
    """The shape of a probe, (N, C, ...), in which all sides differ.

    >>> shape_of(4), shape_of(4, channels=5)
    ((4, 3, 5, 2), (4, 5, 8, 2))
    """
    n, *spatial = (8 if side == channels else side for side in SIDES[rank])
    return (n, channels, *spatial)


def probe(rank: int, dtype: Any, channels: int = CHANNELS, seed: int = 0) -> Array:
    """Ordinary data of a rank, whose channels differ in mean and deviation."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape_of(rank, channels))
    along = (1, -1, *(1,) * (rank - 2))
    spread = np.resize([0.5, 1.0, 2.0], channels).reshape(along)
    offset = np.resize([-1.0, 0.75, 2.0], channels).reshape(along)
    return np.asarray(offset + spread * values).astype(dtype)
