"""Data on which a mistake shows in every accuracy class, however many values there are.

The bound of a sum in any order grows with N.  Beside it a mistake is seen only if it moves a sum by
more than that, and so the data decides what is seen (N = 32,769, streaming class, error / bound of
a dropped ragged tail: 0.03 on normal data with a drift, 100 on `heavy_tail`).

- **heavy tail**: +-1, but the last values of each plane, or of a column, carry half of the sums of
  squares and of products: whatever leaves out a tail loses half of a sum.
- **offset**: +-1 about 30, which shows padding in the squares, and counts that are wrong.
- **last only**: dy is 1 at the last position and 0 elsewhere, where x is 3.
- **constant**: x and dy are one number with all its bits, v.  Every addition errs the same way
  within a binade, so the error of a chain of h additions is h u / 4, the worst that ordinary data
  does: from it the effective depth of sums is read (`bnproof.engine.judging.depths`).

In the first two dy follows x, so that dgamma and the term of the variance in dx are large sums and
not small differences.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.formats import Array

TAIL = 7
"""So many values at the end of a plane carry half of a sum, if the plane is not too small."""

ROWS = 16
"""So many different rows of channels a heavy tail has before its end: each of them is judged once
(`bnproof.engine.truth.bounds.repeated`)."""

LEVEL = 30.0
"""The offset in units of the standard deviation: beyond it float16 and bfloat16 lose too much."""


@dataclass(frozen=True, eq=False)
class Pair:
    """An x and the dy that belongs to it, of one shape (N, C, *spatial), as float64."""

    x: Array
    dy: Array


def heavy_tail(shape: tuple[int, ...], rng: np.random.Generator) -> Pair:
    """Every plane, or every column of a batch without planes, ends with large values.

    >>> pair = heavy_tail((2, 3, 40, 5), np.random.default_rng(0))
    >>> squares = (pair.x**2).reshape(2, 3, 200)
    >>> heavy = squares[..., -7:].sum(axis=(0, 2)) / squares.sum(axis=(0, 2))
    >>> bool((heavy > 0.4).all() and (heavy < 0.8).all())
    True
    """
    count, channels, *space = shape
    planes, length = (count, math.prod(space)) if space else (1, count)
    last = min(TAIL, max(1, length // 4))
    which = rng.integers(0, ROWS, (planes, length))
    signs = rng.permuted(np.tile([-1.0, 1.0], (channels, ROWS // 2)), axis=1)
    x = np.moveaxis(signs[:, which], 0, 1)
    large = math.sqrt(length / last) * rng.choice([-1.0, 1.0], channels)
    sizes = rng.choice([1.0, 1.25, 1.5], (channels, ROWS // 4))
    ends = rng.integers(0, ROWS // 4, (planes, last))
    x[..., -last:] = np.moveaxis(large[:, np.newaxis, np.newaxis] * sizes[:, ends], 0, 1)
    noise = 0.25 * rng.normal(size=(channels, ROWS))
    dy = 0.5 * x + np.moveaxis(noise[:, which], 0, 1) + 0.5
    if space:
        return Pair(x.reshape(shape), dy.reshape(shape))
    return Pair(x[0].T.copy(), dy[0].T.copy())


def _noise(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Normal numbers, rounded to halves: so rows repeat, and are judged once."""
    return np.rint(2 * rng.normal(size=shape)) / 2


def offset(shape: tuple[int, ...], rng: np.random.Generator) -> Pair:
    """+-1 about 30."""
    signs = rng.choice([-1.0, 1.0], shape)
    return Pair(signs + LEVEL, signs + 1)


def last_only(shape: tuple[int, ...], rng: np.random.Generator) -> Pair:
    """Normal, with 3 at the very last position, the only one where dy is not 0."""
    x, dy = _noise(shape, rng), np.zeros(shape)
    for a, value in ((x, 3.0), (dy, 1.0)):
        a.reshape(shape[0], shape[1], -1)[-1, :, -1] = value
    return Pair(x, dy)


def constant(shape: tuple[int, ...], rng: np.random.Generator) -> Pair:
    """x and dy are the same number in a channel, from 0.5 to 2."""
    level = rng.uniform(0.5, 2, shape[1]).reshape(-1, *(1 for _ in shape[2:]))
    whole = np.broadcast_to(level, shape)
    return Pair(whole.copy(), whole.copy())


PATTERNS: Mapping[str, Callable[[tuple[int, ...], np.random.Generator], Pair]] = {
    "heavy tail": heavy_tail,
    "offset": offset,
    "last only": last_only,
    "constant": constant,
}
"""The patterns by name."""


def side_by_side(shape: tuple[int, ...], rng: np.random.Generator) -> Pair:
    """The patterns as the channels of one batch, in turns.

    >>> bool(side_by_side((400, 4), np.random.default_rng(0)).x[0, 1] > 20)
    True
    """
    made = [form((shape[0], 1, *shape[2:]), rng) for form in PATTERNS.values()]
    chosen = [made[c % len(made)] for c in range(shape[1])]
    return Pair(*(np.concatenate([getattr(p, n) for p in chosen], axis=1) for n in ("x", "dy")))
