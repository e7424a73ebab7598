"""Which elements of y depend on an element of x: how a rank is told to be taken in kind.

A batch normalization over the channel axis changes, when one element of x changes, exactly the
elements of its channel.  Broadcasting makes code for rows take images without complaint; its
pattern is another one.  An element of y that is 0 and stays 0 says nothing.
"""

from collections.abc import Callable, Sequence
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
    masks = [(index, *_changed(forward, x, index, before)) for index in _looked_at(x)]
    grid = np.indices(x.shape)

    def spread(axes: Sequence[int]) -> bool:
        """Whether just the elements that agree with the moved one on these axes change."""
        return all(
            np.array_equal(mask[alive], np.all([grid[a] == index[a] for a in axes], axis=0)[alive])
            for index, mask, alive in masks
        )

    if spread([axis]):
        return Pattern.CHANNEL
    if spread(range(1, x.ndim)):
        return Pattern.POSITION
    if all(mask[index] and mask.sum() == 1 for index, mask, _ in masks):
        return Pattern.ELEMENT
    return Pattern.OTHER


def _looked_at(x: Array) -> list[tuple[int, ...]]:
    """Two elements: one in the middle, and the last."""
    return [tuple(side // 2 for side in x.shape), tuple(side - 1 for side in x.shape)]


def _changed(
    forward: Callable[[Array], Array], x: Array, index: tuple[int, ...], before: Array
) -> tuple[Array, Array]:
    """Which elements of y change, and which say something: a ReLU may hold one at 0."""
    moved = x.copy()
    moved[index] += 1
    after = np.asarray(forward(moved), np.float64)
    with np.errstate(invalid="ignore"):
        changed: Array = np.abs(after - before) > UNCHANGED * np.abs(before).max()
    return changed, (before != 0) | (after != 0)
