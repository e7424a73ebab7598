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
    folded = fold * q.inv_std * (1 + e.alpha) * (q.reach + e.delta)
    lost = underflow * (3 + q.inv_std + q.d + q.reach)
    return np.asarray(q.inv_std * (e.delta + (q.d + e.delta) * relative) + folded + lost)


def y_error(arithmetic: Arithmetic, q: Quantities, e_x: Array) -> Array:
    """Formula Y, without storage."""
    u, underflow = _elementwise(arithmetic)
    scaled = q.gamma * (q.xhat + e_x) + q.beta
    lost = underflow * (3 + 2 * q.gamma + q.reach)
    return np.asarray(q.gamma * e_x + accumulated(4, u) * scaled + lost)


def running_error(arithmetic: Arithmetic, q: Quantities, e: StatisticsError) -> tuple[Array, Array]:
    """Formula S for the running mean and the running variance, without storage."""
    assert q.running_mean is not None  # noqa: S101  # the caller's duty, told to the type checker
    assert q.running_var is not None  # noqa: S101  # for the type checker: it is always there
    u = arithmetic.compute.u if arithmetic.saved is None else arithmetic.saved.u
    lost = 4 * arithmetic.underflow(arithmetic.compute)
    mean = q.weight * e.delta
    mean = mean + accumulated(4, u) * (np.abs(q.running_mean) + q.mean + e.delta)
    spread = q.correction * (q.var + e.Delta)
    var = q.weight * q.correction * e.Delta
    var = var + accumulated(6, u) * (np.abs(q.running_var) + spread)
    return mean + lost, var + lost


def stored(arithmetic: Arithmetic, bound: Array, exact: Array, into: Format) -> Array:
    """Formula O: one more rounding where results are stored in a lower format."""
    if into.u <= arithmetic.compute.u or "storage" in arithmetic.silent:
        return bound
    return np.asarray(bound + into.u * (exact + bound) + arithmetic.underflow(into))


def _elementwise(arithmetic: Arithmetic) -> tuple[float, float]:
    form = arithmetic.elements
    if "storage" in arithmetic.silent:
        form = arithmetic.compute
    return form.u, arithmetic.underflow(form)
