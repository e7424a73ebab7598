"""The noise of mini-batches: how much one sample's normalized value scatters from batch to batch.

The theorem's variance is of first order.  For normal data and eps = 0 the exact one is known, since
the batch's mean is normal with variance 1/m, m times its variance is chi-squared with m - 1 degrees
of freedom, and the two are independent:
Var[(z - mean) / sqrt(var)] = (z^2 + 1/m) E[1 / var] - z^2 E[1 / sqrt(var)]^2,
E[1 / var] = m / (m - 3), E[1 / sqrt(var)] = sqrt(m / 2) Gamma(m/2 - 1) / Gamma((m - 1) / 2).
"""

import math

import mpmath
import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.network.interfaces import Layer

DIGITS = 50
UNITS, CALLS = 128, 64
"""Each unit of each call is a batch of its own: 8192 batches of each size."""
EPS = 1e-12
"""In place of 0, which PyTorch refuses; it changes variances by 1e-12 of themselves."""


def first_order(z: float, m: int) -> float:
    """The theorem's variance for normal data, (1 + z^2 / 2) / m.

    >>> first_order(0.0, 16)
    0.0625
    """
    return (1 + z * z / 2) / m


def exact_variance(z: float, m: int) -> float:
    """The exact variance for normal data and eps = 0; infinite below m = 4.

    >>> round(exact_variance(1.5, 10**6) / first_order(1.5, 10**6), 4)
    1.0
    """
    if m < 4:
        return math.inf
    with mpmath.workdps(DIGITS):  # the two terms cancel
        half = mpmath.mpf(m) / 2
        inverse_root = mpmath.sqrt(half) * mpmath.gammaprod([half - 1], [half - 0.5])
        inverse = mpmath.mpf(m) / (m - 3)
        return float((mpmath.mpf(z) ** 2 + 1 / mpmath.mpf(m)) * inverse - (z * inverse_root) ** 2)


def scattered(layer: Layer, z: float, m: int, rng: np.random.Generator) -> Array:
    """One sample z, normalized by the statistics of many batches of m normal numbers each."""
    one, none = np.ones((UNITS, 1)), np.zeros((UNITS, 1))
    W, values = np.eye(UNITS), []
    for _ in range(CALLS):
        _, mean, var, _ = layer.train(
            rng.normal(size=(UNITS, m)), W, None, one, none, none, one, momentum=0.0, eps=EPS
        )
        values.append(layer.infer(z * one, W, None, one, none, mean, var, eps=EPS))
    return np.concatenate(values).ravel()


def standard_error(values: Array) -> float:
    """The standard error of a sample variance, sqrt((kappa_4 - 1) / R) times the variance.

    >>> round(standard_error(np.array([-1.0, 1.0, -3.0, 3.0])), 6)
    2.0
    """
    square = (values - values.mean()) ** 2
    return float(max(np.sqrt(square.var() / len(values)), np.finfo(float).tiny))
