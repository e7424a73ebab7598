r"""Errors of the mean, of the variance and of inv_std: formulas M, V and R.

Notation: G = gamma_h(u), h the additions that a summand passes through (N in any order); G+k
stands for (1 + G)(1 + gamma_k) - 1; m1 = mean |x|; s = sqrt(var + mean^2); kappa = s / sigma.

**M, two-pass.**  The computed sum is sum x_i (1 + t_i) with |t_i| <= G, and the division by N, or
the multiplication by 1 / N rounded, adds three roundings:
delta = (G+3) m1 + gamma_3 |mean|; where the sum is exact, gamma_3 |mean|, or nothing if N is a
power of two and the mean a number of the format.

**M, streaming.**  Welford's and Chan's updates of the mean, in any tree: k |mean_k| <= N m1 bounds
what each step adds, and a level of a tree adds at most 5 u m1:
delta = gamma_{h + 5 log2 N + 8} m1 + u |mean|.

**V, two-pass.**  mean((x - m)^2) = var + (m - mean)^2 (theorem `wrong-centre`), so
there is no cross term: Delta = (G+7)(var + delta^2) + delta^2, relative N u + (N u kappa)^2, as
Chan, Golub and LeVeque have it.  The corrected two-pass algorithm subtracts the square of the mean
of the computed deviations, which is at most (delta + (G+3) sigma)^2.

**V, streaming.**  |S_j| <= sqrt(j N) s bounds the partial sums by Cauchy and Schwarz, whence
|e_k| <= (2/3) u s sqrt(N k) for the k-th error of the mean, and with sum a_k^2 (k-1)/k = N var
(4/3) N u kappa for Welford; a tree adds 7 sqrt(N) u kappa from sum l^2 / 2^l = 6:
Delta = gamma_c sigma (sigma + s) + gamma_c^2 s^2, c = 2 h + 7 sqrt(N) + 40.

**V, one-pass.**  max(0, E[x^2] - E[x]^2):
Delta = (G+6) s^2 + (2 |mean| delta + delta^2 + gamma_4 mean^2)(1 + gamma_3).

**V, shifted one-pass.**  The same about x - K.  The subtraction rounds once, relative to |x - K|;
mean |x - K| <= s_K = sqrt(var + (K - mean)^2), so delta_K = (G+4) s_K, and the mean K + mean(x - K)
rounds once more.  Both are convex in K, so any K in the hull of the samples is covered by the
worst sample; the running mean, which libraries use as well, is tried beside it.

**R.**  A returned variance is never negative, so var + eps never falls below eps:
up = (Delta / w)(1 + gamma_4) + gamma_4, low = (min(Delta, var) / w)(1 + gamma_4) + gamma_4, and
alpha = max(1 / sqrt(1 - low) - 1, 1 - 1 / sqrt(1 + up)), followed by 8 roundings for the root and
its inverse: 1 / sqrt has two, a reciprocal root of 2 ulps four, pow or a standard deviation that
is squared again a few more.  inv_std is off by at most alpha inv_std + Z.

Where training normalises by b var, b = N / (N - 1), and w = b var + eps, an implementation divides
the sum of the squares by N - 1 instead of N, which rounds as often, or multiplies var by b, which
rounds twice more (b itself, and the product; or a product and a division in var N / (N - 1)).  So
the variance that it uses is b (var + t) (1 + s) with |t| <= Delta and |s| <= gamma_2: b Delta,
b var and gamma_6 stand for Delta, var and gamma_4 in R.  Underflows are among those of Delta.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.summation import Summation
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import (
    accumulated,
    compose,
    representable,
    sums_exactly,
)
from bnproof.engine.truth.bounds.summations import (
    Terms,
    additions,
    refined,
    statistics_by_summation,
    summed,
)

ROOT_ROUNDINGS = 8


@dataclass(frozen=True, eq=False)
class StatisticsError:
    """Absolute errors of mean (delta) and variance (Delta), relative error of inv_std (alpha).

    Attributes:
        delta, Delta: before storage in a lower format.
        alpha: of inv_std as the normalisation reads it.
    """

    delta: Array
    Delta: Array
    alpha: Array


def statistics_error(arithmetic: Arithmetic, q: Quantities) -> StatisticsError:
    """Formulas M, V and R for a class: the worst of all algorithms that it accepts."""
    zero = np.zeros_like(q.mean)
    if q.inference:
        delta, big_delta = zero, zero
    else:
        if arithmetic.summation in (None, Summation.REFINED):
            errors = [ALGORITHMS[name](arithmetic, q) for name in arithmetic.variances]
            if arithmetic.summation is Summation.REFINED:
                errors = [refined(arithmetic, q, errors, _streaming)]
        else:
            errors = [statistics_by_summation(arithmetic, q, _streaming)]
        delta = reduce(np.maximum, (e[0] for e in errors))
        if arithmetic.saved is not None:
            delta = _stored(delta, q.mean, arithmetic.saved.u, arithmetic.saved.sub)
            about_stored = _two_pass(replace(arithmetic, summation=None), q, delta)
            errors = [about_stored, *errors]
        big_delta = reduce(np.maximum, (e[1] for e in errors))
    if "mean" in arithmetic.silent:
        delta = zero
    if "variance" in arithmetic.silent:
        big_delta = zero
    return StatisticsError(delta, big_delta, inverse_error(arithmetic, q, big_delta))


def inverse_error(arithmetic: Arithmetic, q: Quantities, big_delta: Array) -> Array:
    """Formula R: the relative error of inv_std, from the error of the variance."""
    u = arithmetic.compute.u
    if "inv_std" in arithmetic.silent:
        u = 0.0
    few = accumulated(4 + q.rescaling, u)
    up = q.bessel * big_delta / q.w * (1 + few) + few
    low = q.bessel * np.minimum(big_delta, q.var) / q.w * (1 + few) + few
    with np.errstate(all="ignore"):
        below = np.where(low < 1, 1 / np.sqrt(np.where(low < 1, 1 - low, 1)) - 1, np.inf)
    alpha = np.maximum(1 - 1 / np.sqrt(1 + up), below)
    alpha = np.asarray(compose(alpha, accumulated(ROOT_ROUNDINGS, u)))
    if arithmetic.saved is not None and "storage" not in arithmetic.silent:
        alpha = np.asarray(
            compose(alpha, accumulated(2, arithmetic.saved.u))
        )  # inv_std, and gamma * inv_std
    return np.asarray(alpha)


def sum_error(
    arithmetic: Arithmetic, q: Quantities, terms: Terms, roundings: int = 0
) -> float | Array:
    """G+k: the relative error of a sum whose terms have k roundings each."""
    u = arithmetic.compute.u
    return compose(summed(additions(arithmetic, q, terms), u), accumulated(roundings, u))


def mean_is_exact(arithmetic: Arithmetic, q: Quantities) -> Array:
    """Whether every sum-based algorithm gives the exact mean, per channel."""
    if not arithmetic.exact_sums:
        return np.zeros_like(q.mean, bool)
    form, underflow = arithmetic.compute, arithmetic.underflow(arithmetic.compute)
    sums = sums_exactly(q.count, q.x_sum_abs, lambda: q.x_quantum, form.u, underflow)
    return np.asarray(sums & representable(q.mean, form.u))


def _stored(delta: Array, mean: Array, u: float, sub: float) -> Array:
    return np.asarray(delta + u * (mean + delta) + sub)


def _two_pass(
    arithmetic: Arithmetic, q: Quantities, stored_delta: Array | None = None
) -> tuple[Array, Array]:
    form = arithmetic.compute
    underflow = arithmetic.underflow(form)
    exact = mean_is_exact(arithmetic, q)
    delta = sum_error(arithmetic, q, "x", 3) * q.mean_abs + accumulated(3, form.u) * q.mean
    delta = np.where(exact, 0.0, delta + 4 * underflow)
    if stored_delta is not None:
        delta = np.maximum(delta, stored_delta)
    exact = (delta == 0) & exact
    if exact.any():
        exact &= sums_exactly(q.count, q.d_squares, lambda: q.d_quantum**2, form.u, underflow)
    spread = delta + sum_error(arithmetic, q, "deviations", 3) * q.sigma
    inexact = sum_error(arithmetic, q, "deviations", 7) * (q.var + delta**2) + delta**2 + spread**2
    big_delta = np.where(exact, accumulated(4, form.u) * q.var, inexact)
    underflows = 4 * underflow + 2 * underflow * (q.sigma + delta)
    return delta, np.where(exact, big_delta, big_delta + underflows)


def _streaming(arithmetic: Arithmetic, q: Quantities) -> tuple[Array, Array]:
    form, count = arithmetic.compute, q.count
    underflow = arithmetic.underflow(form)
    depth = count if arithmetic.depth is None else arithmetic.depth
    steps = accumulated(depth + 5 * np.log2(count) + 8, form.u)
    delta = steps * q.mean_abs + form.u * q.mean + (count + 4) * underflow
    s = np.sqrt(q.var + q.mean**2)
    c = compose(accumulated(2 * depth + 7 * np.sqrt(count) + 40, form.u), accumulated(2, form.u))
    big_delta = c * q.sigma * (q.sigma + s) + (c * s) ** 2
    return delta, big_delta + count * underflow * (1 + 2 * (q.sigma + s)) + 4 * underflow


def _one_pass(arithmetic: Arithmetic, q: Quantities) -> tuple[Array, Array]:
    delta, _ = _two_pass(arithmetic, q)
    plain = _about(arithmetic, q, q.mean, delta)
    shift = q.farthest_shift
    shifted_delta = sum_error(arithmetic, q, "x", 4) * np.sqrt(q.var + shift**2)
    shifted = _about(arithmetic, q, shift, shifted_delta)
    delta = np.maximum(delta, shifted_delta + 2 * arithmetic.compute.u * (q.mean + shifted_delta))
    return delta, np.maximum(plain, shifted)


def _about(arithmetic: Arithmetic, q: Quantities, centre: Array, delta: Array) -> Array:
    """Error of E[(x-K)^2] - E[x-K]^2, where |K - mean| is ``centre``."""
    form = arithmetic.compute
    underflow = arithmetic.underflow(form)
    squares = sum_error(arithmetic, q, "squares", 6) * (q.var + centre**2)
    mean_squared = 2 * centre * delta + delta**2 + accumulated(4, form.u) * centre**2
    total = squares + mean_squared * (1 + accumulated(3, form.u))
    return np.asarray(total + 4 * underflow + 2 * underflow * (q.sigma + centre + delta))


ALGORITHMS: dict[str, Callable[[Arithmetic, Quantities], tuple[Array, Array]]] = {
    "two-pass": _two_pass,
    "streaming": _streaming,
    "one-pass": _one_pass,
}
"""delta and Delta by algorithm."""
