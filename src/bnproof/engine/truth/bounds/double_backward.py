"""Errors of double backward: formulas J, K and L.

v = ddx; a = dgamma / N and b = mean(v xhat), ybar = dbeta / N and vbar = mean v; P = dy - ybar -
xhat a and Q = v - vbar - xhat b are the residuals of formula D, at dy and at v.  A' = |dy| +
|ybar| and V' = |v| + |vbar| are what centring cancels from; C = sum (dy - ybar)(v - vbar).
Theorem "double-backward-residuals":

    ddy    = gamma r Q + ddgamma xhat + ddbeta
    dgamma = r (C - N a b) = r sum v P = r sum dy Q
    dx     = ddgamma r P - gamma r^2 B,   B = xhat (C / N - 3 a b) + (dy - ybar) b + (v - vbar) a

The mean and inv_std enter through xhat, a, b, P and Q only, whose errors formulas X, C and D give
(at v as at dy), so nothing below depends on the algorithm of the statistics.  E_a and E_b are those
of formula C, which hold for sums of dy xhat and for what autodiff of a folded forward pass does;
sums of (dy - ybar) xhat add (G+8) r |ybar| mean d to them.  E_ybar, E_vbar, E_P and E_Q are those
within formula D.  Autodiff adds what is centred to what is not before it sums, so the exact-sum
rule is left out here.

**J.**  ddy is dx at v (the Jacobian is symmetric), with two terms more, which are added before or
after they are scaled:
E_ddy = E_dx(v) + ddgamma E_x + gamma_8 (gamma r |Q terms| + ddgamma (xhat + E_x) + ddbeta).

**K.**  sum dy v - N ybar vbar, or C with one factor centred or both, has the error
E_C = |sum v| E_ybar + |sum dy| E_vbar + N E_ybar E_vbar + (G+8) sum A' V'.
In sum v P a common error of a is multiplied by sum v xhat = N b, not by sum |v| xhat, and an error
of xhat by a, in the way in which formula C has it: that is N |a| E_b.  So all three forms have
E_dgamma = r (1 + alpha) [E_C + N (|b| E_a + |a| E_b + E_a E_b)
           + gamma_8 (sum A' V' + |a| sum V' xhat + |b| sum A' xhat + N |a b|)] + alpha |dgamma|;
the roundings of the outer sum are among those of E_C, E_a and E_b.

**L.**  With E_k = E_C / N + 3 (|b| E_a + |a| E_b + E_a E_b) + gamma_4 (...) for the factor
k = C / N - 3 a b of xhat, and T = xhat (|C| / N + 3 |a b|) + A' |b| + V' |a|, errors included:
E_B = xhat E_k + |k| E_x + E_k E_x + A' E_b + E_ybar (|b| + E_b) + V' E_a + E_vbar (|a| + E_a)
      + chain + gamma_8 T + (G+8) mean T.
Autodiff sums over the batch all that goes to the centred values and subtracts the mean: so the
mean of T passes through N additions, and the computed sum of xhat, which is 0 exactly, is at most
r (delta + (G+4) mean d): chain = (|k| + E_k) r (1 + alpha) times that.  With S_P the sum of the
magnitudes of the terms of P, and R = (1 + alpha)^2 (1 + gamma_6) - 1 for gamma r^2:
E_dx = gamma r^2 [(1 + R) E_B + R |B|]
       + ddgamma r [(1 + R)(E_P + gamma_8 S_P + (G+8) mean S_P) + R |P|].
The longest way, from sum dy d to dx by autodiff of autodiff, has 24 roundings beside its two sums;
8 each in E_a and E_b, 4 in E_k, 8 in E_B and 6 in R allow for 34.

Where training normalises by b var + eps, b = N / (N - 1), gamma / sqrt(b), ddgamma / sqrt(b) and
eps / b stand for gamma, ddgamma and eps (theorem "unbiased-normalisation").  Put in, with the xhat,
r, a and b' (for b above) of the normalisation by b var + eps: P = dy - ybar - b xhat a, Q likewise,
dgamma = r (C - N b a b'), and dx = ddgamma r P - gamma b r^2 B, B = xhat (C / N - 3 b a b')
+ (dy - ybar) b' + (v - vbar) a.  Every product a b' gets the factor b, and so do gamma r^2 and the
errors in it, each with two roundings more: gamma_10 for gamma_8 in K, gamma_6 for gamma_4 in E_k,
gamma_8 for gamma_6 in R.

In inference the statistics are constants: ddy = gamma r v + ddgamma xhat + ddbeta,
dgamma = r sum dy v, dx = ddgamma r dy (theorem "double-backward-inference").

An intermediate that underflows is off by Z, which later factors multiply: at most those of
`widest`, in which a factor below 1 counts as 1.
"""

from dataclasses import replace
from functools import reduce

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.backward import Residual, dgamma_error, dx_error, residual
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import accumulated, compose
from bnproof.engine.truth.bounds.statistics import StatisticsError, sum_error
from bnproof.engine.truth.finite_columns import wide

STEPS = 64  # operations between an input and a result, sums not counted


def double_errors(
    arithmetic: Arithmetic, q: Quantities, e: StatisticsError, e_x: Array
) -> dict[str, Array]:
    """Formulas J, K and L, without storage."""
    inexact = replace(arithmetic, exact_sums=False)
    made = _inference(inexact, q, e, e_x) if q.inference else _training(inexact, q, e, e_x)
    underflow = arithmetic.underflow(arithmetic.elements)
    lost = underflow * (4 * q.count + STEPS)
    return {name: np.asarray(made[name] + lost * widest(q, name)) for name in DOUBLE}


def widest(q: Quantities, output: str) -> Array:
    """The largest product of factors of an output, each of them at least 1, per channel."""
    at_ddx, ddgamma = _upstream(q)
    ddy, dx, _ = DOUBLE
    power, reach = (5, 3) if output == dx else (3, 2)
    one = np.ones_like(q.inv_std)
    factors = [
        np.maximum(one, q.inv_std) ** power,
        np.maximum(one, q.reach_most) ** reach,
        np.maximum(one, q.gamma) * np.maximum(one, ddgamma),
        np.maximum(one, at_ddx.dy_sum_abs),
        one if output == ddy else np.maximum(one, q.dy_sum_abs),
        one * q.bessel**2,
    ]
    return reduce(np.multiply, factors)


def _upstream(q: Quantities) -> tuple[Quantities, Array]:
    assert q.at_ddx is not None  # noqa: S101  # the caller's duty, told to the type checker
    assert q.ddgamma is not None  # noqa: S101  # for the type checker: it is always there
    return q.at_ddx, q.ddgamma


def _inference(
    arithmetic: Arithmetic, q: Quantities, e: StatisticsError, e_x: Array
) -> dict[str, Array]:
    at_ddx, ddgamma = _upstream(q)
    few = accumulated(8, arithmetic.elements.u)
    relative = compose(e.alpha, few)
    summed = compose(e.alpha, compose(sum_error(arithmetic, q, "products"), few))
    direct = q.gamma * q.inv_std * at_ddx.dy_abs
    products = (q.dy_abs * at_ddx.dy_abs).sum(axis=0)
    errors = (
        direct * relative + _sum_of_three(q, ddgamma, e_x, direct, few),
        ddgamma * q.inv_std * q.dy_abs * relative,
        q.inv_std * products * summed,
    )
    return dict(zip(DOUBLE, errors, strict=True))


def _sum_of_three(q: Quantities, ddgamma: Array, e_x: Array, direct: Array, few: float) -> Array:
    """What ddgamma xhat + ddbeta add to the error of ddy, beside the term of ddx."""
    size = direct + ddgamma * (q.xhat + e_x) + np.asarray(q.ddbeta)
    return np.asarray(ddgamma * e_x + few * size)


def _training(
    arithmetic: Arithmetic, q: Quantities, e: StatisticsError, e_x: Array
) -> dict[str, Array]:
    at_ddx, ddgamma = _upstream(q)
    few = accumulated(8, arithmetic.elements.u)
    at_dy, at_v = (
        residual(arithmetic, each, e, e_x, _along(arithmetic, each, e)) for each in (q, at_ddx)
    )
    e_ddx = dx_error(arithmetic, at_ddx, e, e_x, _along(arithmetic, at_ddx, e))
    direct = q.gamma * q.inv_std * (1 + e.alpha) * (at_v.size + at_v.error)
    pair = _Pair(arithmetic, q, at_ddx, at_dy, at_v)
    errors = (
        e_ddx + _sum_of_three(q, ddgamma, e_x, direct, few),
        _dx(pair, e, e_x, ddgamma),
        _dgamma(pair, e),
    )
    return dict(zip(DOUBLE, errors, strict=True))


def _along(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> Array:
    """Formula C, for sums of centred values as well."""
    terms = compose(sum_error(arithmetic, q, "products"), accumulated(8, arithmetic.elements.u))
    centred = q.dbeta * q.d_mean * q.inv_std * (1 + e.alpha)
    return np.asarray(dgamma_error(arithmetic, q, e) + terms * centred)


class _Pair:
    """What dy and v have in common, in the letters of the module's docstring; E_ is e_."""

    def __init__(
        self, arithmetic: Arithmetic, q: Quantities, at_ddx: Quantities, dy: Residual, v: Residual
    ) -> None:
        n = q.count
        self.arithmetic, self.q, self.dy, self.v = arithmetic, q, dy, v
        self.terms = compose(
            sum_error(arithmetic, q, "products"), accumulated(8, arithmetic.elements.u)
        )
        self.a, self.b = (_signed(each, "dgamma") / n for each in (q, at_ddx))
        means = [_signed(each, "dbeta") / n for each in (q, at_ddx)]
        self.centred = [
            wide(np.asarray(each.dy)) - mean for each, mean in zip((q, at_ddx), means, strict=True)
        ]
        self.A, self.V = (
            each.dy_abs + np.abs(mean) for each, mean in zip((q, at_ddx), means, strict=True)
        )
        self.C = (self.centred[0] * self.centred[1]).sum(axis=0)
        sums = np.abs(means[1]) * dy.mean + np.abs(means[0]) * v.mean + dy.mean * v.mean
        self.e_C = n * sums + self.terms * (self.A * self.V).sum(axis=0)
        self.e_ab = np.abs(self.b) * dy.along + np.abs(self.a) * v.along + dy.along * v.along


def _signed(q: Quantities, name: str) -> Array:
    return np.asarray(q.truth.values[name][0])


def _dgamma(pair: _Pair, e: StatisticsError) -> Array:
    """Formula K."""
    q, n = pair.q, pair.q.count
    a, b = np.abs(pair.a), np.abs(pair.b)
    along = (a * pair.V * q.xhat + b * pair.A * q.xhat).sum(axis=0) + n * a * b
    size = (pair.A * pair.V).sum(axis=0) + q.bessel * along
    few = accumulated(8 + q.rescaling, pair.arithmetic.elements.u)
    bracket = pair.e_C + n * q.bessel * pair.e_ab + few * size
    return np.asarray(q.inv_std * (1 + e.alpha) * bracket + e.alpha * q.exact(DOUBLE[2]))


def _dx(pair: _Pair, e: StatisticsError, e_x: Array, ddgamma: Array) -> Array:
    """Formula L."""
    q, n, u = pair.q, pair.q.count, pair.arithmetic.elements.u
    few = accumulated(8, u)
    a, b = np.abs(pair.a), np.abs(pair.b)
    e_a, e_b = pair.dy.along, pair.v.along
    k_size = np.abs(pair.C) / n + pair.e_C / n + 3 * q.bessel * (a * b + pair.e_ab)
    e_k = pair.e_C / n + 3 * q.bessel * pair.e_ab + accumulated(4 + q.rescaling, u) * k_size
    k = pair.C / n - 3 * q.bessel * pair.a * pair.b
    size = (q.xhat + e_x) * k_size + pair.A * (b + e_b) + pair.V * (a + e_a)
    whole = q.xhat_signed * k + pair.centred[0] * pair.b + pair.centred[1] * pair.a
    centring = (
        e.delta + compose(sum_error(pair.arithmetic, q, "deviations"), accumulated(4, u)) * q.d_mean
    )
    chain = (np.abs(k) + e_k) * q.inv_std * (1 + e.alpha) * centring
    bracket = q.xhat * e_k + np.abs(k) * e_x + e_k * e_x + chain
    bracket = bracket + pair.A * e_b + pair.dy.mean * (b + e_b)
    bracket = bracket + pair.V * e_a + pair.v.mean * (a + e_a)
    bracket = bracket + few * size + pair.terms * size.mean(axis=0)
    relative = compose(compose(e.alpha, e.alpha), accumulated(6 + q.rescaling, u))
    scaled = (1 + relative) * bracket + relative * np.abs(whole)
    own = pair.dy.error + few * pair.dy.size + pair.terms * pair.dy.size.mean(axis=0)
    residual_of_dy = pair.centred[0] - q.bessel * q.xhat_signed * pair.a
    from_dgamma = (1 + relative) * own + relative * np.abs(residual_of_dy)
    scale = q.gamma * q.bessel * q.inv_std**2
    return np.asarray(scale * scaled + ddgamma * q.inv_std * from_dgamma)
