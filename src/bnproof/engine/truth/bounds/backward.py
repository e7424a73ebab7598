"""Errors of the gradients: formulas B, C and D.

b = |dbeta| / N, g = |dgamma| / N, t = xhat g.

**B.**  dbeta = sum dy, or N mean(dy): E_b = (G+3) sum |dy| + gamma_4 |dbeta|; exact where the sum
of dy is exact in any order.

**C.**  dgamma = sum dy xhat, r sum dy d, or r (sum dy x - m sum dy), which is what autodiff of a
folded forward pass does.  delta is one shift common to all samples, so it multiplies |sum dy|:
E_g = alpha |dgamma| + r (1 + alpha) [delta |dbeta| + (G+8)(sum |dy| (d + delta)
      + sum |dy| (|x| + |mean|))] + underflow.  An xhat that underflows is off by Z, which
multiplies sum |dy|, and each product dy d may lose Z.

**D.**  dx in training, in any of the forms gamma r (dy - dbeta / N - xhat dgamma / N),
gamma r / N (N dy - dbeta - xhat dgamma), (dy - b - (x - m) k) r gamma, a dy + b x + c, the chain
of courses through dvar and dmean, autodiff of any forward pass, or the Jacobian times dy:

- The sums run over dy, dy gamma or dy gamma r.  Those are exact only if the factors are powers of
  two, so the exact-sum rule holds for them only there.
- A product xhat dgamma / N: xhat E_G + g E_x + E_x E_G + roundings.  E_x has the fold in it, which
  covers the form b x + c.
- The chain of courses has dmean = -r sum(dxhat) + dvar mean(-2 d), whose second part is 0 exactly
  and at most g r (delta + (G+4) mean |d|) as computed, and so it is in autodiff.
- The Jacobian passes dy_i itself through N additions: (G+8) |dy|.
- With B' = (1 + alpha)(1 + gamma_6) - 1:
  E_dx = gamma r (1 + B') (sum of these) + B' |dx| + underflow; a scale gamma r that underflows is
  off by Z, which multiplies the bracket.

In inference dx = gamma r dy, and nothing else.

Where training normalises by b var + eps, b = N / (N - 1), the derivative of the variance has the
factor b, and dx = gamma r (dy - dbeta / N - b xhat dgamma / N) (theorem "unbiased-normalisation").
t = b xhat g, every error of t and the second part of dmean are b times as large, and the product
rounds twice more (b, and the product with it); where 1 / (N - 1) stands for b / N it does not.
An intermediate of t that underflows is multiplied by b as well.
"""

from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import accumulated, compose, sums_exactly
from bnproof.engine.truth.bounds.statistics import StatisticsError, sum_error
from bnproof.engine.truth.bounds.summations import Terms, centring


def dbeta_error(arithmetic: Arithmetic, q: Quantities, extra: Array | None = None) -> Array:
    """Formula B, without storage; ``extra`` marks where the terms are multiplied before."""
    form = arithmetic.compute
    terms: Terms = "dy" if extra is None else "scaled dy"
    error = sum_error(arithmetic, q, terms, 3) * q.dy_sum_abs
    error = error + accumulated(4, form.u) * q.dbeta
    error = error + q.count * arithmetic.underflow(form)
    if not arithmetic.exact_sums:
        return np.asarray(error)
    exact = sums_exactly(
        q.count, q.dy_sum_abs, lambda: q.dy_quantum, form.u, arithmetic.underflow(form)
    )
    if extra is not None:
        exact = exact & extra
    return np.where(exact, 0.0, error)


def dgamma_error(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> Array:
    """Formula C, without storage."""
    form, elements = arithmetic.compute, arithmetic.elements
    underflow = arithmetic.underflow(elements)
    terms = compose(sum_error(arithmetic, q, "products"), accumulated(8, elements.u))
    reach = 0.0 if "fold" in arithmetic.silent else q.dy_reach
    dbeta, dgamma = q.dbeta, q.dgamma
    shifted = (e.delta + underflow) * dbeta
    summed = terms * (q.dy_d + q.dy_sum_abs * e.delta + reach)
    error = e.alpha * dgamma + q.inv_std * (1 + e.alpha) * (shifted + summed)
    lost = q.count * underflow * (2 + q.inv_std) + underflow * (
        (3 + q.inv_std) * q.dy_sum_abs + q.dy_reach
    )
    return np.asarray(error + accumulated(4, form.u) * (dgamma + error) + lost)


@dataclass(frozen=True, eq=False)
class Residual:
    """Errors of dy - b - t, of which dx is a multiple, and of its parts.

    Attributes:
        mean, along: of dbeta / N and dgamma / N, per channel.
        error: of the whole, (N, C).
        size: the sum of the magnitudes of its terms, their errors included.
    """

    mean: Array
    along: Array
    error: Array
    size: Array


def residual(
    arithmetic: Arithmetic, q: Quantities, e: StatisticsError, e_x: Array, e_dgamma: Array
) -> Residual:
    """What stands in the bracket of formula D, and its error."""
    elements = arithmetic.elements
    underflow = arithmetic.underflow(elements)
    few = accumulated(4, elements.u)
    b, g = q.dbeta / q.count, q.dgamma / q.count
    e_dbeta = dbeta_error(arithmetic, q, q.factors_are_powers_of_two)
    e_b = e_dbeta / q.count * (1 + few) + few * b + underflow
    e_g = e_dgamma / q.count * (1 + few) + few * g + underflow
    t = (q.bessel * g) * q.xhat
    e_t = q.xhat * e_g + g * e_x + e_x * e_g
    e_t = e_t + accumulated(6 + q.rescaling, elements.u) * (q.xhat + e_x) * (g + e_g)
    e_t = q.bessel * e_t
    centred = compose(sum_error(arithmetic, q, "deviations"), few) * q.d_mean
    centred = centred + centring(arithmetic, q, e.delta)
    e_chain = q.bessel * (g + e_g) * q.inv_std * (1 + e.alpha) * centred
    size = q.dy_abs + t + e_t + (b + e_b)
    through = np.where(e_dbeta == 0, 0.0, sum_error(arithmetic, q, "scaled dy"))
    error = e_t + (e_b + e_chain) + compose(through, accumulated(8, elements.u)) * size
    return Residual(*map(np.asarray, (e_b, e_g, error, size)))


def dx_error(
    arithmetic: Arithmetic, q: Quantities, e: StatisticsError, e_x: Array, e_dgamma: Array
) -> Array:
    """Formula D, without storage."""
    elements = arithmetic.elements
    underflow = arithmetic.underflow(elements)
    relative = compose(e.alpha, accumulated(6, elements.u))
    if q.inference:
        lost = underflow * (2 + q.gamma + q.inv_std + q.dy_abs)
        return np.asarray(q.gamma * q.inv_std * q.dy_abs * relative + lost)
    bracket = residual(arithmetic, q, e, e_x, e_dgamma)
    scale = q.gamma * q.inv_std
    scaled = scale * (1 + relative)
    lost_inside = q.bessel * underflow * (3 + q.d * (1 + q.inv_std + q.inv_std**2))
    error = scaled * (bracket.error + lost_inside) + relative * q.exact("dx")
    inside = (1 + q.gamma + q.inv_std) * (bracket.size + bracket.error)
    lost = underflow * (2 + q.gamma + q.inv_std + inside)
    return np.asarray(error + lost)
