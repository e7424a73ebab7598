"""Which elements of y depend on an element of x: how a rank is told to be taken in kind.

A batch normalization over the channel axis changes, when one element of x changes, exactly the
elements of its channel.  Broadcasting makes code for rows take images without complaint; its
pattern is another one.
"""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from bnproof.engine.model.formats import Array

SIDES = {2: (7, 3), 3: (4, 3, 5), 4: (4, 3, 5, 2), 5: (4, 3, 5, 2, 6)}
"""Shapes (N, C, ...) of probes by rank: all sides differ, so that no axis is taken for another."""

RANKS = (2, 4, 3, 5)
"""The ranks, in the order in which they are tried."""

UNCHANGED = 1e-6
"""Relative to the largest |y|: a change below this is rounding, which neighbours may have."""


class Pattern(StrEnum):
    """Which elements of y change with one element of x."""

    CHANNEL = "the elements of its channel"
    POSITION = "the samples at its position"
    ELEMENT = "itself alone"
    OTHER = "other elements"


def pattern(forward: Callable[[Array], Array], x: Array, axis: int) -> Pattern:
    """The pattern of a function, with the channels of x on an axis.

    >>> x = np.random.default_rng(0).normal(size=(4, 3, 5))
    >>> pattern(lambda x: x - x.mean((0, 2), keepdims=True), x, 1).name
    'CHANNEL'
    >>> pattern(lambda x: x - x.mean(0), x, 1).name
    'POSITION'
    >>> pattern(lambda x: 2 * x, x, 1).name
    'ELEMENT'
    """
    before = np.asarray(forward(x.copy()), np.float64)
    masks = [(index, _changed(forward, x, index, before)) for index in _looked_at(x)]
    grid = np.indices(x.shape)
    if all(np.array_equal(mask, grid[axis] == index[axis]) for index, mask in masks):
        return Pattern.CHANNEL
    rest = range(1, x.ndim)
    if all(
        np.array_equal(mask, np.all([grid[a] == index[a] for a in rest], axis=0))
        for index, mask in masks
    ):
        return Pattern.POSITION
    if all(mask[index] and mask.sum() == 1 for index, mask in masks):
        return Pattern.ELEMENT
    return Pattern.OTHER


def _looked_at(x: Array) -> list[tuple[int, ...]]:
    """Two elements: one in the middle, and the last."""
    return [tuple(side // 2 for side in x.shape), tuple(side - 1 for side in x.shape)]


def _changed(
    forward: Callable[[Array], Array], x: Array, index: tuple[int, ...], before: Array
) -> Array:
    moved = x.copy()
    moved[index] += 1
    after = np.asarray(forward(moved), np.float64)
    with np.errstate(invalid="ignore"):
        changed: Array = np.abs(after - before) > UNCHANGED * np.abs(before).max()
        return changed
