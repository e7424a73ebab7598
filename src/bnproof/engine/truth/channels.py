"""What belongs to a channel, exactly: integers in the letters of `bnproof.engine.truth.oracle`.

With x_i = X_i 2^e, S = sum X, Q = sum X^2, and b = 1, or b = N / (N - 1) where training normalises
by the unbiased variance:

    mean = S 2^e / N                     var = (N Q - S^2) 2^2e / N^2
    x_i - mean = D_i 2^c / n             b var + eps = W 2^f / n^2, f even
    inv_std = n 2^(-f/2) / sqrt(W)       xhat_i = D_i 2^(c - f/2) / sqrt(W)

In training c = e, n = k N and D_i = k (N X_i - S), where k = 1, or k = N - 1 if b is not 1: then
n^2 b var = k j (N Q - S^2) 2^2e is an integer times a power of two, with j = b n / N, which is 1,
or N.  In inference, mean and var are given, n = b = 1, and c is the lower of the exponents of x
and mean.  With dy_i = U_i 2^u, T = sum U and P = sum U D:

    dbeta = T 2^u        dgamma = P 2^(u + c - f/2) / sqrt(W)        along = j P 2^(u + c - f) / W

The root is R 2^-extra = sqrt(W) to ROOT_BITS bits, exactly where W is a square.
"""

from dataclasses import dataclass
from math import isfinite, isqrt

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.exact_sums import Columns
from bnproof.engine.truth.integers import Ratio, dyadic
from bnproof.engine.truth.once import once

ROOT_BITS = 192


@dataclass(eq=False)
class Channel:
    """The exact constants of one channel, without those of an upstream gradient.

    Attributes:
        mean, var: as ratios; var is biased.
        n, w, f, k, j: as above.
        positive: whether b var + eps is positive; w is 1 if it is not.
    """

    mean: Ratio
    var: Ratio
    n: int
    w: int
    f: int
    k: int = 1
    j: int = 1

    def __post_init__(self) -> None:
        self.positive = self.w > 0
        if not self.positive:
            self.w = 1  # anything that has a root

    @once
    def root(self) -> tuple[int, int]:
        """R, and the exponent extra - f/2, so that inv_std = n 2^(extra - f/2) / R."""
        extra = max(0, ROOT_BITS - self.w.bit_length() // 2)
        return isqrt(self.w << (2 * extra)), extra - self.f // 2

    def over_root(self, numerator: int, exponent: int) -> Ratio:
        """Numerator 2^(exponent - f/2) / sqrt(W)."""
        return numerator, self.root[0], exponent + self.root[1]

    @property
    def inv_std(self) -> Ratio:
        """1 / sqrt(b var + eps)."""
        return self.over_root(self.n, 0)


@dataclass(frozen=True)
class Upstream:
    """An upstream gradient of one channel: its T, P and u, and c, in the letters above."""

    t: int
    p: int
    u: int
    c: int

    @property
    def total(self) -> Ratio:
        """The sum: dbeta."""
        return self.t, 1, self.u

    def mean(self, count: int) -> Ratio:
        """The mean."""
        return self.t, count, self.u

    def dgamma(self, channel: Channel) -> Ratio:
        """The sum of dy xhat."""
        return channel.over_root(self.p, self.u + self.c)

    def along(self, channel: Channel) -> Ratio:
        """b sum(dy (x - mean)) / (N (b var + eps)), which multiplies x - mean in dx."""
        return channel.j * self.p, channel.w, self.u + self.c - channel.f


@dataclass(eq=False)
class Channels:
    """All channels of a batch of N values each.

    Attributes:
        x: the values.
        each: the exact constants of each channel.
        given: the mean of each channel as an integer and an exponent, where it is given.
    """

    x: Columns
    each: list[Channel]
    given: list[tuple[int, int]] | None = None

    @property
    def positive(self) -> Array:
        """Which channels have b var + eps > 0."""
        return np.array([channel.positive for channel in self.each], bool)

    def upstream(self, dy: Columns) -> list[Upstream]:
        """T, P, u and c of each channel, for an upstream gradient."""
        totals, products, count = dy.totals, dy.products(self.x), self.x.count
        of_x = self.x.totals if self.given is None else self.given
        rows = zip(self.each, totals, products, dy.exponents, self.x.exponents, of_x, strict=True)
        if self.given is None:
            return [Upstream(t, ch.k * (count * ux - t * s), u, e) for ch, t, ux, u, e, s in rows]
        made = []
        for _, t, ux, u, e, (m, m_e) in rows:
            c = min(e, m_e)
            made.append(Upstream(t, (ux << (e - c)) - (m * t << (m_e - c)), u, c))
        return made


def trained(columns: Columns, eps: float | Array, *, unbiased: bool) -> Channels:
    """The channels of x with their own statistics; eps is that of each channel, if they differ."""
    count = columns.count
    n = max(1, count)
    k, j = (count - 1, count) if unbiased else (1, 1)
    times = (k * count) ** 2
    made = []
    totals = columns.totals
    squares, epses = columns.products(columns), _dyadics(eps, len(totals))
    for s, q, e, (p, p_e) in zip(totals, squares, columns.exponents, epses, strict=True):
        spread = count * q - s * s
        w, f = _sum(k * j * spread, 2 * e, (times * p, p_e))
        channel = Channel((s, n, e), (spread, n * n, 2 * e), k * count, w, f, k, j)
        made.append(channel)
    return Channels(columns, made)


def inferred(columns: Columns, mean: Array, var: Array, eps: float | Array) -> Channels:
    """The channels of x with the statistics given; eps is that of each channel, if they differ."""
    means = [dyadic(value) for value in mean.tolist()]
    made, epses = [], _dyadics(eps, len(means))
    rows = zip(means, map(dyadic, var.tolist()), epses, strict=True)
    for (m, m_e), (v, v_e), added in rows:
        w, f = _sum(v, v_e, added)
        made.append(Channel((m, 1, m_e), (v, 1, v_e), 1, w, f))
    return Channels(columns, made, means)


def _dyadics(eps: float | Array, channels: int) -> list[tuple[int, int]]:
    """Eps of each channel as an integer and an exponent; one not finite leaves nothing defined."""
    if isinstance(eps, np.ndarray):
        return [dyadic(value) if isfinite(value) else (0, 0) for value in eps.tolist()]
    return [dyadic(eps) if isfinite(eps) else (0, 0)] * channels


def _sum(spread: int, exponent: int, added: tuple[int, int]) -> tuple[int, int]:
    """W and an even f with W 2^f = spread 2^exponent + what is added."""
    p, q = added
    f = min(exponent, q)
    f -= f % 2
    return (spread << (exponent - f)) + (p << (q - f)), f
