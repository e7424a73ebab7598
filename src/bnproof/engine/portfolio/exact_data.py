"""Data on which batch normalization is exact in floating point, whatever the order of the sums.

Integers k_i with sum k = 0 and sum k^2 = N s^2 exactly: symmetric pairs (+a, -a) cancel in the
sum, and the last four pairs repair the sum of squares, which Lagrange's four-square theorem always
allows.  Then x = g (m + k), g a power of two, has mean g m and variance (g s)^2; with eps = 3 var,
inv_std = 1 / (2 g s) is a power of two, and eps carries 3/4 of var + eps.  dy = c0 + c1 xhat + e,
with e orthogonal to 1 and xhat, makes every gradient representable as well:
dbeta = N c0, dgamma = N c1 var / w, dx = gamma inv_std (e + c1 xhat eps / w).
"""

import math
from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.formats import Array


@dataclass(frozen=True, eq=False)
class ExactData:
    """Inputs of an exactly representable case, as float64 arrays."""

    x: Array
    dy: Array
    gamma: Array
    beta: Array
    eps: float


def four_squares(total: int) -> tuple[int, int, int, int]:
    """Four squares that add up to an integer >= 0.

    >>> sum(a * a for a in four_squares(310))
    310
    """
    for a in range(math.isqrt(total), -1, -1):
        rest = total - a * a
        for b in range(min(math.isqrt(rest), a), -1, -1):
            last = rest - b * b
            for c in range(math.isqrt(last), -1, -1):
                d = math.isqrt(last - c * c)
                if d * d == last - c * c:
                    return a, b, c, d
                if 2 * c * c < last:
                    break
    message = f"{total} is negative, so that it is no sum of squares"
    raise ValueError(message)


def balanced_integers(count: int, s: int, rng: np.random.Generator) -> Array:
    """``count`` integers, a power of two, with sum 0 and sum of squares count * s^2.

    >>> k = balanced_integers(16, 2, np.random.default_rng(0))
    >>> int(k.sum()), int((k * k).sum())
    (0, 64)
    """
    if count < 8:
        return np.resize([s, -s], count)
    free = count // 2 - 4
    target = count * s * s // 2
    a: list[int] = rng.integers(0, 2 * s, free).tolist()
    squares = sum(k * k for k in a)
    while squares > target:
        place = int(rng.integers(free))
        squares -= a[place] ** 2
        a[place] = 0
    small = [place for place, k in enumerate(a) if k < 2 * s]
    while target - squares > 40 * s * s and small:
        chosen = int(rng.integers(len(small)))
        place = small[chosen]
        squares += 2 * a[place] + 1
        a[place] += 1
        if a[place] == 2 * s:
            del small[chosen]
        if squares > target:
            largest = a.index(max(a))
            squares -= a[largest] ** 2
            a[largest] = 0
            small = sorted({*small, largest})
    pairs = np.concatenate([a, four_squares(target - squares)]).astype(np.int64)
    return rng.permutation(np.concatenate([pairs, -pairs]))


def exact_data(
    count: int, channels: int, rng: np.random.Generator, *, mean: int | None = None
) -> ExactData:
    """An exactly representable case of ``count`` values, a power of two, per channel.

    ``mean`` is the mean in units of the quantum, by default a small one of each channel's own.
    """
    g = 2.0 ** int(rng.integers(-2, 3))
    k = np.stack([balanced_integers(count, 1, rng) for _ in range(channels)], axis=1)
    means = rng.integers(-4, 5, channels) if mean is None else np.full(channels, mean)
    var = g**2
    xhat = k / 2
    e = np.stack([_orthogonal(k[:, c], rng) for c in range(channels)], axis=1)
    c0 = rng.integers(-1, 2, channels)
    c1 = 2 * rng.choice([-1, 1], channels)
    return ExactData(
        x=g * (means + k),
        dy=c0 + c1 * xhat + e,
        gamma=2.0 ** rng.integers(-1, 2, channels) * rng.choice([-1, 1], channels),
        beta=rng.integers(-4, 5, channels).astype(float),
        eps=3 * var,
    )


def _orthogonal(k: Array, rng: np.random.Generator) -> Array:
    """Integers orthogonal to 1 and to k: opposite on two (+a, -a) pairs of the same a."""
    e = np.zeros(len(k))
    for a in sorted({abs(value) for value in k.tolist()}):
        plus, minus = np.flatnonzero(k == a), np.flatnonzero(k == -a)
        if a == 0:
            half = len(plus) // 2
            e[plus[:half]], e[plus[half : 2 * half]] = 1, -1
            continue
        both = min(len(plus), len(minus)) // 2 * 2
        z = rng.integers(-2, 3, both // 2)
        for at in (plus[:both], minus[:both]):
            e[at[::2]], e[at[1::2]] = z, -z
    return e
