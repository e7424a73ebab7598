"""Exact batch normalization, in integers.

Fact used: with dyadic inputs every output is A + B / sqrt(W), with A, B and W exact rationals of
the channel.  That holds for dx too, since xhat_i * dgamma = d_i * sum(dy * d) / (var + eps) is
rational.  So everything is scaled to integers and done exactly, with one integer square root per
channel.  With x_i = X_i 2^e, S = sum X, Q = sum X^2 and D_i = N X_i - S:

    mean = S 2^e / N                var = (N Q - S^2) 2^2e / N^2
    inv_std = 1 / sqrt(var + eps)
    xhat_i = D_i 2^e inv_std / N    y = gamma xhat + beta
    dbeta = sum dy                  dgamma = inv_std 2^e / N sum(dy D)
    dx_i = gamma inv_std [dy_i - dbeta / N - d_i sum(dy d) / (N (var + eps))]

A value comes back as an unevaluated sum of two float64 numbers: |value - (high + low)| is at
most 2^-104 |value| + 2^-240 times the largest magnitude of the channel, as far as float64's range
goes.  The error of a result is then ``abs((got - high) - low)``, in plain NumPy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt, ldexp

import numpy as np

from bnproof.properties.formats import Array

ROOT_BITS = 320
QUOTIENT_BITS = 260
NAN = float("nan")

Exact = tuple[Array, Array]
"""A value as an unevaluated sum: (high, low), float64 arrays of the same shape."""


@dataclass(frozen=True)
class Truth:
    """Exact outputs, by name, and the exact statistics of each channel.

    A channel with a non-finite input, or with var + eps = 0, is NaN throughout.

    Attributes:
        values: (high, low) of y, dx, xhat: (N, C); of mean, var, inv_std, dgamma, dbeta: (C,).
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
    with_xhat: bool = False,
) -> Truth:
    """Exact outputs of training, or of inference where ``statistics`` (mean, var) are given.

    x and dy are (N, C), all else (C,); any dtype whose numbers float64 can hold.

    >>> truth = batch_truth(np.array([[0.0], [2.0]]), np.ones(1), np.zeros(1), 3.0)
    >>> truth.values["inv_std"][0].tolist(), truth.values["y"][0].ravel().tolist()
    ([0.5], [-0.5, 0.5])
    """
    channels = x.shape[1]
    rows = []
    for c in range(channels):
        given = None if statistics is None else (float(statistics[0][c]), float(statistics[1][c]))
        column = _Channel(x[:, c], float(gamma[c]), float(beta[c]), eps, given)
        upstream = None if dy is None else np.asarray(dy[:, c], np.float64)
        rows.append(column.outputs(upstream, with_xhat=with_xhat))
    names = rows[0][0] if rows else {}
    values: dict[str, Exact] = {}
    for name in names:
        parts = [row[0][name] for row in rows]
        high = np.stack([np.asarray(p[0], np.float64) for p in parts], axis=-1)
        low = np.stack([np.asarray(p[1], np.float64) for p in parts], axis=-1)
        values[name] = (high, low)
    return Truth(values, tuple(row[1] for row in rows))


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
        else _split(keep * Fraction(float(before)) + weight * value)
        for before, value in zip(old, new, strict=True)
    ]
    high, low = zip(*pairs, strict=True) if pairs else ((), ())
    return np.array(high, np.float64), np.array(low, np.float64)


def error(got: Array, truth: Exact) -> Array:
    """|got - exact|, with one rounding; infinite where got is not finite but the truth is.

    >>> error(np.array([1.5, np.nan]), (np.array([1.0, 1.0]), np.zeros(2))).tolist()
    [0.5, inf]
    """
    with np.errstate(all="ignore"):
        wide = np.asarray(got, np.float64)
        off = np.abs((wide - truth[0]) - truth[1])
        return np.where(np.isfinite(wide) | ~np.isfinite(truth[0]), off, np.inf)


def _split(value: Fraction) -> tuple[float, float]:
    """A fraction as (high, low); infinite beyond float64, where nothing is judged."""
    try:
        high = float(value)
    except OverflowError:
        return (float("inf") if value > 0 else float("-inf")), 0.0
    return high, float(value - Fraction(high))


def _integers(values: Array) -> tuple[Array, int]:
    """Finite numbers as Python integers X and an exponent e, with value = X 2^e exactly."""
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    nonzero = mantissa != 0
    least = int(exponent[nonzero].min()) - 53 if nonzero.any() else 0
    whole = (mantissa * 2.0**53).astype(np.int64).astype(object)
    return whole << np.where(nonzero, exponent - 53 - least, 0).astype(object), least


def _quotients(numerators: Array | list[int], denominator: int, exponent: int) -> Exact:
    """(numerator / denominator) 2^exponent for an object array and an integer > 0."""
    numerators = np.asarray(numerators, dtype=object).reshape(-1)
    top = max((abs(int(n)) for n in numerators), default=0)
    if top == 0:
        return np.zeros(len(numerators)), np.zeros(len(numerators))
    shift = QUOTIENT_BITS - (top.bit_length() - denominator.bit_length())
    scaled = numerators << shift if shift >= 0 else numerators
    quotient = scaled // (denominator if shift >= 0 else denominator << -shift)
    high = quotient.astype(np.float64)  # Python rounds an int to the nearest float64
    rest = quotient - np.array([int(h) for h in high], dtype=object)
    with np.errstate(all="ignore"):
        return (
            np.ldexp(high, exponent - shift),
            np.ldexp(rest.astype(np.float64), exponent - shift),
        )


class _Channel:
    """One channel, exactly: integers with common denominators throughout."""

    def __init__(
        self, x: Array, gamma: float, beta: float, eps: float, given: tuple[float, float] | None
    ) -> None:
        self.x, self.gamma, self.beta, self.given = x, gamma, beta, given
        self.count = len(x)
        settings = [gamma, beta, eps, *(given or ())]
        wide = np.asarray(x, np.float64)
        finite = bool(np.isfinite(wide).all() and np.isfinite(settings).all())
        self.defined = finite and self.count > 0
        if self.defined:
            self._statistics(wide, eps)

    def _statistics(self, x: Array, eps: float) -> None:
        integers, exponent = _integers(x)
        count = self.count
        if self.given is None:
            total, squares = int(integers.sum()), int((integers * integers).sum())
            unit = Fraction(2) ** exponent
            self.centred, self.centred_denominator = count * integers - total, count
            self.exponent = exponent
            self.mean = Fraction(total, count) * unit
            self.var = Fraction(count * squares - total * total, count * count) * unit * unit
        else:
            self.mean, self.var = Fraction(self.given[0]), Fraction(self.given[1])
            denominator = max(self.mean.denominator, 2 ** max(0, -exponent))
            scale = int(denominator * Fraction(2) ** exponent)
            self.centred = integers * scale - int(self.mean * denominator)
            self.centred_denominator, self.exponent = denominator, 0
        self.w = self.var + Fraction(eps)
        self.defined = self.w > 0
        if self.defined:
            self._root()

    def _root(self) -> None:
        """inv_std = root 2^root_exponent / root_denominator, to ROOT_BITS bits or exactly."""
        inverse = 1 / self.w
        product = inverse.numerator * inverse.denominator
        extra = max(0, ROOT_BITS - product.bit_length() // 2)
        self.root, self.root_denominator = isqrt(product << (2 * extra)), inverse.denominator
        self.root_exponent = -extra

    def outputs(
        self, dy: Array | None, *, with_xhat: bool
    ) -> tuple[dict[str, Exact], tuple[Fraction, Fraction] | None]:
        if not self.defined:
            return self._undefined(dy, with_xhat=with_xhat), None
        scalar = {"mean": _split(self.mean), "var": _split(self.var)}
        inv_std = _quotients([self.root], self.root_denominator, self.root_exponent)
        out: dict[str, Exact] = {k: (np.array(h), np.array(lo)) for k, (h, lo) in scalar.items()}
        out["inv_std"] = (inv_std[0][0], inv_std[1][0])
        out["y"] = self._y()
        if with_xhat:
            out["xhat"] = _quotients(
                self.centred * self.root,
                self.root_denominator * self.centred_denominator,
                self.exponent + self.root_exponent,
            )
        if dy is not None:
            out.update(self._gradients(dy))
        return out, (self.mean, self.var)

    def _y(self) -> Exact:
        gamma, beta = Fraction(self.gamma), Fraction(self.beta)
        exponent = self.exponent + self.root_exponent
        denominator = self.root_denominator * self.centred_denominator
        scaled = self.centred * (self.root * gamma.numerator * beta.denominator)
        shift = beta.numerator * gamma.denominator * denominator
        numerators = (
            (scaled << exponent) + shift if exponent >= 0 else scaled + (shift << -exponent)
        )
        full = denominator * gamma.denominator * beta.denominator
        return _quotients(numerators, full, min(exponent, 0))

    def _gradients(self, dy: Array) -> dict[str, Exact]:
        if not np.isfinite(dy).all():
            one, all_ = np.array(NAN), np.full(self.count, NAN)
            return {k: (v, 0 * v) for k, v in (("dx", all_), ("dgamma", one), ("dbeta", one))}
        gamma = Fraction(self.gamma)
        upstream, exponent = _integers(dy)
        total = int(upstream.sum())
        product = int((upstream * self.centred).sum())
        dbeta = _split(Fraction(total) * Fraction(2) ** exponent)
        dgamma = _quotients(
            [product * self.root],
            self.root_denominator * self.centred_denominator,
            exponent + self.exponent + self.root_exponent,
        )
        if self.given is None:
            # xhat_i dgamma / N = D_i product 2^2e / (N N N w), so the bracket below is times N
            share = (
                Fraction(product)
                * Fraction(2) ** (2 * self.exponent)
                / (self.centred_denominator**2 * self.w)
            )
            bracket = (self.count * upstream - total) * share.denominator
            bracket = bracket - self.centred * share.numerator
            denominator = self.count * share.denominator
        else:
            bracket, denominator = upstream, 1
        dx = _quotients(
            bracket * (self.root * gamma.numerator),
            denominator * self.root_denominator * gamma.denominator,
            exponent + self.root_exponent,
        )
        return {
            "dx": dx,
            "dgamma": (dgamma[0][0], dgamma[1][0]),
            "dbeta": (np.array(dbeta[0]), np.array(dbeta[1])),
        }

    def _undefined(self, dy: Array | None, *, with_xhat: bool) -> dict[str, Exact]:
        one, all_ = np.array(NAN), np.full(self.count, NAN)
        names = ["mean", "var", "inv_std", "y"] + ["xhat"] * with_xhat
        names += [] if dy is None else ["dx", "dgamma", "dbeta"]
        return {
            k: ((all_, 0 * all_) if k in ("y", "xhat", "dx") else (one, 0 * one)) for k in names
        }


def float_truth(
    x: Array,
    gamma: Array,
    beta: Array,
    eps: float,
    *,
    dy: Array | None = None,
    statistics: tuple[Array, Array] | None = None,
) -> Truth:
    """A plain float64 two-pass evaluation, for arrays too large to be worth exact integers.

    Certified by the bounds of its own arithmetic (see `bnproof.properties.judging`), and so of
    use for results of 32 bits or less only.
    """
    with np.errstate(all="ignore"):
        x, gamma, beta = (np.asarray(a, np.float64) for a in (x, gamma, beta))
        mean, var = (
            (np.asarray(s, np.float64) for s in statistics)
            if statistics is not None
            else (x.mean(0), x.var(0))
        )
        inv_std = 1 / np.sqrt(var + eps)
        xhat = (x - mean) * inv_std
        out = {"mean": mean, "var": var, "inv_std": inv_std, "y": gamma * xhat + beta}
        if dy is not None:
            dy = np.asarray(dy, np.float64)
            out["dbeta"], out["dgamma"] = dy.sum(0), (dy * xhat).sum(0)
            terms = (out["dbeta"] + xhat * out["dgamma"]) / len(x) if statistics is None else 0.0
            out["dx"] = gamma * inv_std * (dy - terms)
    exact = tuple(
        (Fraction(m), Fraction(v)) if np.isfinite([m, v]).all() else None
        for m, v in zip(mean.tolist(), var.tolist(), strict=True)
    )
    return Truth({k: (v, np.zeros_like(v)) for k, v in out.items()}, exact)


def exponent_of(value: float) -> int:
    """The exponent of the largest power of two that is not above a positive value.

    >>> exponent_of(0.3)
    -2
    """
    return int(np.frexp(value)[1]) - 1 if value > 0 else -1074


def power_of_two_below(value: float) -> float:
    """The largest power of two that is not above a positive value.

    >>> power_of_two_below(0.3)
    0.25
    """
    return ldexp(1.0, exponent_of(value))
