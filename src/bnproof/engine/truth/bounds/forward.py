"""Errors of xhat, y and the running statistics: formulas X, Y and S.

**X.**  xhat = (x - m) r in either order of division and multiplication, or x r - m r.  With
A = (1 + alpha)(1 + gamma_4) - 1:
E_x = r [delta + (d + delta) A] + gamma_6 r (1 + alpha)(|x| + |mean| + delta) + underflow.
The second term is the fold; in training it is nearly free, since delta holds N u |mean| already.

**Y.**  y = gamma xhat + beta, d (gamma r) + beta, or x scale + (beta - m scale):
E_y = gamma E_x + gamma_4 (gamma (xhat + E_x) + |beta|) + underflow.  A scale that underflows is
off by Z, which multiplies x and the mean.

**S.**  (1 - w) a + w b, a + w (b - a), in either convention.  An implementation, or an adapter
that converts a convention, forms 1 - w or 1 - m in working precision, an absolute error of u; so
the rounding term does not shrink with w:
E_rm = w delta + gamma_4 (|rm| + |mean| + delta),
E_rv = w c Delta + gamma_6 (|rv| + c (var + Delta)), c = N / (N - 1) or 1.

**O.**  A result stored in a lower format rounds once more: E + u_s (|exact| + E) + its underflow.
"""

from collections.abc import Callable

import numpy as np

from bnproof.engine.model.formats import Array, Format
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import accumulated, compose
from bnproof.engine.truth.bounds.statistics import StatisticsError


def xhat_error(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> Array:
    """Formula X, without storage."""
    u, underflow = _elementwise(arithmetic)
    if "inv_std" in arithmetic.silent:
        u = 0.0
    relative = compose(e.alpha, accumulated(4, u))
    fold = 0.0 if "fold" in arithmetic.silent else accumulated(6, _elementwise(arithmetic)[0])
    folded = fold * q.inv_std * (1 + e.alpha)
    of_all = (q.inv_std * (1 + relative) + folded) * e.delta
    lost = underflow * (3 + q.inv_std + q.d + q.reach)
    return np.asarray(q.d * (q.inv_std * relative) + q.reach * folded + of_all + lost)


def y_error(arithmetic: Arithmetic, q: Quantities, e_x: Array) -> Array:
    """Formula Y, without storage."""
    u, underflow = _elementwise(arithmetic)
    few = accumulated(4, u)
    scaled = q.d * (few * q.gamma * q.inv_std) + few * q.beta
    lost = underflow * (3 + 2 * q.gamma + q.reach)
    return np.asarray(e_x * (q.gamma * (1 + few)) + scaled + lost)


def running_mean_error(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> Array:
    """Formula S for the running mean, without storage."""
    size = np.abs(np.asarray(q.running_mean)) + q.mean + e.delta
    error = q.weight * e.delta + accumulated(4, _averaging(arithmetic)) * size
    return np.asarray(error + 4 * arithmetic.underflow(arithmetic.compute))


def running_var_error(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> Array:
    """Formula S for the running variance, without storage."""
    size = np.abs(np.asarray(q.running_var)) + q.correction * (q.var + e.Delta)
    error = q.weight * q.correction * e.Delta + accumulated(6, _averaging(arithmetic)) * size
    return np.asarray(error + 4 * arithmetic.underflow(arithmetic.compute))


def stored(arithmetic: Arithmetic, bound: Array, exact: Callable[[], Array], into: Format) -> Array:
    """Formula O: one more rounding where results are stored in a lower format."""
    if into.u <= arithmetic.compute.u or "storage" in arithmetic.silent:
        return bound
    return np.asarray(bound + into.u * (exact() + bound) + arithmetic.underflow(into))


def _averaging(arithmetic: Arithmetic) -> float:
    return arithmetic.compute.u if arithmetic.saved is None else arithmetic.saved.u


def _elementwise(arithmetic: Arithmetic) -> tuple[float, float]:
    form = arithmetic.elements
    if "storage" in arithmetic.silent:
        form = arithmetic.compute
    return form.u, arithmetic.underflow(form)
