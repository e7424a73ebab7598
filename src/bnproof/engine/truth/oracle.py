"""Exact batch normalization, in integers.

Fact used: with dyadic inputs every output is A + B / sqrt(W), with A, B and W exact rationals of
the channel.  That holds for dx too, since xhat_i * dgamma = d_i * sum(dy * d) / (var + eps) is
rational.  So everything is scaled to integers and done exactly, with one integer square root per
channel.  With x_i = X_i 2^e, S = sum X, Q = sum X^2, and b = 1, or b = N / (N - 1) where training
normalises by the unbiased variance:

    mean = S 2^e / N                     var = (N Q - S^2) 2^2e / N^2
    x_i - mean = D_i 2^c / n             b var + eps = W 2^f / n^2, f even
    inv_std = n 2^(-f/2) / sqrt(W)       xhat_i = D_i 2^(c - f/2) / sqrt(W)

In training c = e, n = k N and D_i = k (N X_i - S), where k = 1, or k = N - 1 if b is not 1: then
n^2 b var = k j (N Q - S^2) 2^2e is an integer times a power of two, with j = b n / N, which is 1,
or N.  In inference, mean and var are given, n = b = 1, and c is the lower of the exponents of x
and mean.  With dy_i = U_i 2^u, T = sum U, P = sum U D:

    dbeta = T 2^u                        dgamma = P 2^(u + c - f/2) / sqrt(W)
    dx_i = gamma inv_std [dy_i - dbeta / N - b (x_i - mean) sum(dy (x - mean)) / (N (b var + eps))]
         = gamma 2^(u - f/2) [(n U_i - k T) W - j D_i P 2^(2c - f)] / (W sqrt(W))

and dx_i = gamma inv_std dy_i in inference, where the statistics do not depend on x.  The factor b
in dx comes from d(b var) / dx_i = 2 b (x_i - mean) / N (theorem "unbiased-normalisation").

A value comes back as an unevaluated sum of two float64 numbers: |value - (high + low)| is at
most 2^-104 |value| + 2^-240 times the largest magnitude of the channel, as far as float64's range
goes.  The error of a result is then ``abs((got - high) - low)``, in plain NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import isqrt

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.integers import Exact, dyadic, integers, quotients, shifted, split

ROOT_BITS = 320
NAN = float("nan")


@dataclass(frozen=True)
class Truth:
    """Exact outputs, by name, and the exact statistics of each channel.

    A channel with a non-finite input, or with var + eps = 0, is NaN throughout, and so is one with
    a single value where training normalises by the unbiased variance.

    Attributes:
        values: (high, low) of y and dx: (N, C); of mean, var, inv_std, dgamma, dbeta: (C,).
        statistics: exact (mean, var) of each channel as fractions, None where undefined.
    """

    values: dict[str, Exact]
    statistics: tuple[tuple[Fraction, Fraction] | None, ...]


def batch_truth(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    *,
    dy: Array | None = None,
    statistics: tuple[Array, Array] | None = None,
    unbiased: bool = False,
) -> Truth:
    """Exact outputs of training, or of inference where ``statistics`` (mean, var) are given.

    x and dy are (N, C), all else (C,); any dtype whose numbers float64 can hold.  ``unbiased``
    tells whether training normalises by N / (N - 1) var; the ``var`` that comes back is biased.

    >>> truth = batch_truth(np.array([[0.0], [2.0]]), np.ones(1), np.zeros(1), 3.0)
    >>> truth.values["inv_std"][0].tolist(), truth.values["y"][0].ravel().tolist()
    ([0.5], [-0.5, 0.5])
    """
    x, gamma, beta = (np.asarray(a, np.float64) for a in (x, gamma, beta))
    given = [] if statistics is None else [np.asarray(s, np.float64) for s in statistics]
    fine = all_finite(x) & all_finite(np.stack([gamma, beta, *given]))
    fine &= np.isfinite(eps) and len(x) > 0
    held = [finite(s, fine) for s in given]
    channels = channels_of(finite(x, fine), held, eps, unbiased=unbiased)
    defined = fine & channels.positive
    channels.w[~defined] = 1  # anything that has a root; replaced by NaN below
    values = {"mean": channels.mean, "var": channels.var, "inv_std": channels.inv_std()}
    values["y"] = channels.y(finite(gamma, fine), finite(beta, fine))
    values = {name: where(defined, value) for name, value in values.items()}
    if dy is not None:
        dy = np.asarray(dy, np.float64)
        known = all_finite(dy)
        gradients = channels.gradients(finite(dy, known), finite(gamma, fine))
        values |= {name: where(defined & known, value) for name, value in gradients.items()}
    pairs = zip(channels.statistics, defined, strict=True)
    return Truth(values, tuple(pair if held else None for pair, held in pairs))


def running_truth(
    old: Array,
    new: Sequence[Fraction | None],
    keep: Fraction,
    weight: Fraction,
) -> Exact:
    """keep * old + weight * new, exactly, for each channel.

    >>> running_truth(np.ones(1), [Fraction(3)], Fraction(3, 4), Fraction(1, 4))[0].tolist()
    [1.5]
    """
    pairs = [
        (NAN, 0.0)
        if value is None or not np.isfinite(float(before))
        else split(keep * Fraction(float(before)) + weight * value)
        for before, value in zip(old, new, strict=True)
    ]
    return _arrays(pairs)


def error(got: Array, truth: Exact) -> Array:
    """|got - exact|, with one rounding; infinite where got is not finite but the truth is.

    >>> error(np.array([1.5, np.nan]), (np.array([1.0, 1.0]), np.zeros(2))).tolist()
    [0.5, inf]
    """
    with np.errstate(all="ignore"):
        wide = np.asarray(got, np.float64)
        off = np.abs((wide - truth[0]) - truth[1])
        return np.where(np.isfinite(wide) | ~np.isfinite(truth[0]), off, np.inf)


def all_finite(columns: Array) -> Array:
    """Which columns are finite."""
    return np.asarray(np.isfinite(columns).all(axis=0))


def finite(values: Array, held: Array) -> Array:
    """Values with zeros where they are not held."""
    return np.where(held, values, 0.0)


def where(held: Array, value: Exact) -> Exact:
    """A value with NaN where it is not held."""
    return np.where(held, value[0], NAN), np.where(held, value[1], 0.0)


def _arrays(pairs: Sequence[tuple[float, float]]) -> Exact:
    high, low = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(high, np.float64), np.array(low, np.float64)


def _objects(values: Sequence[int]) -> Array:
    return np.array(values, dtype=object)


@dataclass
class Channels:
    """All channels, exactly, in the letters of the module's docstring; (C,) but for D: (N, C)."""

    statistics: list[tuple[Fraction, Fraction]]
    D: Array
    c: Array
    n: int
    w: Array
    f: Array
    training: bool
    k: int = 1
    j: int = 1

    @property
    def positive(self) -> Array:
        """Which channels have b var + eps > 0."""
        return np.asarray(self.w > 0, bool)

    @property
    def mean(self) -> Exact:
        """The mean of each channel."""
        return _arrays([split(mean) for mean, _ in self.statistics])

    @property
    def var(self) -> Exact:
        """The biased variance of each channel."""
        return _arrays([split(var) for _, var in self.statistics])

    @cached_property
    def root(self) -> tuple[Array, Array]:
        """R and k with sqrt(W) = R 2^-k, to ROOT_BITS bits, or exactly where W is a square."""
        extra = [max(0, ROOT_BITS - int(w).bit_length() // 2) for w in self.w]
        roots = [isqrt(int(w) << (2 * k)) for w, k in zip(self.w, extra, strict=True)]
        return _objects(roots), _objects(extra)

    @property
    def scale(self) -> Array:
        """The exponent k - f/2, with which inv_std = n 2^(k - f/2) / R."""
        return np.asarray(self.root[1] - self.f // 2)

    def inv_std(self) -> Exact:
        """n 2^(-f/2) / sqrt(W), rounded."""
        one = np.full((1, len(self.w)), self.n, dtype=object)
        high, low = quotients(one, self.root[0], self.scale)
        return high[0], low[0]

    def y(self, gamma: Array, beta: Array) -> Exact:
        """(gamma D 2^a + beta R) / R with a = c + k - f/2, at the lower of the two exponents."""
        (g, g_exponent), (b, b_exponent) = integers(gamma[None]), integers(beta[None])
        a = self.scale + self.c + g_exponent
        lower = np.minimum(a, b_exponent)
        product = shifted(self.D * g[0], a - lower)
        return quotients(
            product + shifted(b[0] * self.root[0], b_exponent - lower), self.root[0], lower
        )

    def gradients(self, dy: Array, gamma: Array) -> dict[str, Exact]:
        """dx, dgamma and dbeta of backward(dy)."""
        upstream, u = integers(dy)
        g, g_exponent = integers(gamma[None])
        total = upstream.sum(axis=0, keepdims=True)
        product = (upstream * self.D).sum(axis=0)
        (root, _), exponent = self.root, u + self.scale
        dgamma = quotients(product[None], root, exponent + self.c)
        dbeta = quotients(total, _objects([1] * len(u)), u)
        bracket, denominator = upstream, root
        if self.training:
            share = shifted(product, 2 * self.c - self.f)
            bracket = (self.n * upstream - self.k * total) * self.w - self.j * self.D * share
            denominator = root * self.w
        dx = quotients(bracket * g[0], denominator, exponent + g_exponent)
        return {
            "dx": dx,
            "dgamma": (dgamma[0][0], dgamma[1][0]),
            "dbeta": (dbeta[0][0], dbeta[1][0]),
        }


def channels_of(x: Array, given: list[Array], eps: float, *, unbiased: bool = False) -> Channels:
    """The channels of x, with their own statistics, or with the mean and variance given."""
    if given:
        return _inferred(x, given[0], given[1], eps)
    return _trained(x, eps, unbiased=unbiased)


def _trained(x: Array, eps: float, *, unbiased: bool) -> Channels:
    whole, e = integers(x)
    count = len(x)
    total, squares = whole.sum(axis=0), (whole * whole).sum(axis=0)
    spread = count * squares - total * total
    k, j = (count - 1, count) if unbiased else (1, 1)
    n_k = k * count
    w, f = _sum(k * j * spread, 2 * e, eps, n_k * n_k)
    units = [Fraction(2) ** int(exponent) for exponent in e]
    n = max(1, count)
    rows = zip(total, spread, units, strict=True)
    statistics = [(Fraction(s, n) * u, Fraction(v, n * n) * u * u) for s, v, u in rows]
    centred = k * (count * whole - total)
    return Channels(statistics, centred, e, n_k, w, f, training=True, k=k, j=j)


def _inferred(x: Array, mean: Array, var: Array, eps: float) -> Channels:
    (whole, e), (m, m_exponent) = integers(x), integers(mean[None])
    v, v_exponent = integers(var[None])
    c = np.minimum(e, m_exponent)
    centred = shifted(whole, e - c) - shifted(m, m_exponent - c)
    w, f = _sum(v[0], v_exponent, eps, 1)
    pairs = zip(mean.tolist(), var.tolist(), strict=True)
    statistics = [(Fraction(a), Fraction(b)) for a, b in pairs]
    return Channels(statistics, centred, c, 1, w, f, training=False)


def _sum(spread: Array, exponents: Array, eps: float, factor: int) -> tuple[Array, Array]:
    """W and an even f with W 2^f = spread 2^exponent + factor eps."""
    p, q = dyadic(eps) if np.isfinite(eps) else (0, 0)
    lower = np.minimum(exponents, q)
    lower = lower - lower % 2
    return shifted(spread, exponents - lower) + shifted(factor * p, q - lower), lower


def float_truth(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    *,
    dy: Array | None = None,
    statistics: tuple[Array, Array] | None = None,
    unbiased: bool = False,
) -> Truth:
    """A plain float64 two-pass evaluation, for arrays too large to be worth exact integers.

    Certified by the bounds of its own arithmetic (see `bnproof.engine.judging.judge`), and so of
    use for results of 32 bits or less only.
    """
    with np.errstate(all="ignore"):
        x, gamma, beta = (np.asarray(a, np.float64) for a in (x, gamma, beta))
        mean, var = (
            (np.asarray(s, np.float64) for s in statistics)
            if statistics is not None
            else (x.mean(0), x.var(0))
        )
        bessel = np.float64(len(x)) / (len(x) - 1) if unbiased and statistics is None else 1.0
        inv_std = 1 / np.sqrt(bessel * var + eps)
        xhat = (x - mean) * inv_std
        out = {"mean": mean, "var": var, "inv_std": inv_std, "y": gamma * xhat + beta}
        if dy is not None:
            dy = np.asarray(dy, np.float64)
            out["dbeta"], out["dgamma"] = dy.sum(0), (dy * xhat).sum(0)
            along = bessel * xhat * out["dgamma"]
            terms = (out["dbeta"] + along) / len(x) if statistics is None else 0.0
            out["dx"] = gamma * inv_std * (dy - terms)
    exact = tuple(
        (Fraction(m), Fraction(v)) if np.isfinite([m, v]).all() else None
        for m, v in zip(mean.tolist(), var.tolist(), strict=True)
    )
    return Truth({k: (v, np.zeros_like(v)) for k, v in out.items()}, exact)
