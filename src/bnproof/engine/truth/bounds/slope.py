"""Finite differences of <dy, y> against <dx, v>, with the truncation error derived.

Per channel, in a direction v of entries -1, 0 and 1: w = v - mean(v), s^2 = var + eps,
q = rms(w) / s, and h a power of two.  Along the line x + h v, xhat is the generating function of
the Legendre polynomials, whose values are at most 1 in magnitude (theorem
`finite-difference-bound`).  So for q h < 1 the central difference
D(h) = (<dy, y(x + h v)> - <dy, y(x - h v)>) / 2h satisfies

    |D(h) - <dx, v>| <= (|gamma dgamma| q + |sum gamma dy w| / s) (q h)^2 / (1 - (q h)^2)
                        + sum |dy| (E_y+ + E_y-) / 2h + sum |v| E_dx.

h balances the first two terms: near (R / 2T)^(1/3), with R = sum |dy| E_y and
T = (|gamma dgamma| q + |sum gamma dy w| / s) q^2, and at most 1 / 2q.  x is a multiple of h, so
that x + h v and x - h v are exact; sums are exact as well.

Where training normalises by b var + eps, b = N / (N - 1), the same holds with gamma / sqrt(b) and
s^2 = var + eps / b (theorem "unbiased-normalisation"): gamma dgamma and gamma / s stay as they are,
and q = rms(w) sqrt(b) inv_std.
"""

from fractions import Fraction

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array, format_of
from bnproof.engine.truth.bounds import Quantities, bounds, ladder
from bnproof.engine.truth.bounds.expected import Settings
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED


def step(case: Case, v: Array, *, normalises_unbiased: bool = False) -> Array:
    """h, per channel, for a case of shape (N, C) and a direction v."""
    settings = Settings(case.eps, Fraction(0), Fraction(1))
    subject = EXPECTED.of(case, settings, inference=False, normalises_unbiased=normalises_unbiased)
    formats = format_of(case.x.dtype), format_of(case.running_mean.dtype)
    storage = next(iter(ladder(*formats).values()))
    bound = bounds(storage, subject.quantities).values
    q, slope = _curvature(subject.quantities, case, v)
    noise = (np.abs(case.dy.astype(np.float64)) * bound["y"]).sum(axis=0)
    balance = np.cbrt(noise / (2 * slope * q**2))
    return np.asarray(2.0 ** np.floor(np.log2(np.minimum(balance, 0.5 / q))))


def truncation(exact: Quantities, case: Case, v: Array, h: Array) -> Array:
    """The bound of |D(h) - <dx, v>| per channel, but for the errors of y and of dx."""
    q, slope = _curvature(exact, case, v)
    return np.asarray(slope * (q * h) ** 2 / (1 - (q * h) ** 2))


def _curvature(exact: Quantities, case: Case, v: Array) -> tuple[Array, Array]:
    """q, and |gamma dgamma| q + |sum gamma dy w| / s."""
    gamma = np.ones(case.channels) if case.gamma is None else case.gamma.astype(np.float64)
    w = v - v.mean(axis=0)
    q = np.sqrt(exact.bessel * (w**2).mean(axis=0)) * exact.inv_std
    along = np.abs((gamma * columns(case.dy).astype(np.float64) * w).sum(axis=0)) * exact.inv_std
    return q, np.abs(gamma) * exact.dgamma * q + along
