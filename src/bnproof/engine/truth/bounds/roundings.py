"""The arithmetic of error bounds: accumulated roundings, and sums that are exact in any order."""

from collections.abc import Callable

import numpy as np

from bnproof.engine.model.formats import Array

EVALUATION = 1e-9  # the bounds themselves are evaluated in float64; far more than that rounds


def accumulated(count: float, u: float) -> float:
    """gamma_n = n u / (1 - n u), the bound on n accumulated roundings; infinite from n u = 1 on.

    Source: Higham, Accuracy and Stability of Numerical Algorithms, Lemma 3.1.

    >>> accumulated(2, 0.25), accumulated(4, 0.25)
    (1.0, inf)
    """
    return count * u / (1 - count * u) if count * u < 1 else float("inf")


def compose(a: float | Array, b: float | Array) -> float | Array:
    """(1 + a)(1 + b) - 1, the relative error of one error after another.

    >>> compose(0.5, 0.5)
    1.25
    """
    return a + b + a * b


def quantum(values: Array) -> Array:
    """Largest power of two that divides every entry of a column; infinite for a column of zeros.

    >>> quantum(np.array([[0.75, 0.0], [2.0, 0.0]])).tolist()
    [0.25, inf]
    """
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    whole = (mantissa * 2.0**53).astype(np.int64)
    lowest_bit = (whole & -whole).astype(np.float64)
    with np.errstate(over="ignore"):
        power = np.where(whole == 0, np.inf, np.ldexp(lowest_bit, exponent - 53))
    return np.asarray(power.min(axis=0))


def sums_exactly(
    count: int, total: Array, quantum_of_terms: Callable[[], Array], u: float, smallest: float
) -> Array:
    """Whether the sum of each column is exact in any order, and its mean too.

    If q divides every term and sum |t| <= q / u, then every partial sum is an integer multiple of
    q that is not above q 2^p, hence a number of the format (theorem `quantum-sums`).  That stays so
    for the terms divided by N, as a weighted average has them, if N is a power of two and q / N
    is not below the smallest number.  ``count`` is N, ``total`` the sum
    |t|; q is asked for only if it matters.

    >>> sums_exactly(2, np.array([4.0]), lambda: np.array([1.0]), 2.0**-11, 2.0**-24).tolist()
    [True]
    """
    if count & (count - 1):
        return np.zeros(total.shape, bool)
    q = quantum_of_terms()
    with np.errstate(invalid="ignore"):
        return np.asarray((total * u <= q) & (q / count >= smallest))


def representable(values: Array, u: float) -> Array:
    """Whether values have at most p significant bits, with u = 2^-p.

    >>> representable(np.array([0.75, 1 + 2.0**-11]), 2.0**-11).tolist()
    [True, False]
    """
    scaled = np.frexp(np.asarray(values, np.float64))[0] / u
    return np.asarray(scaled == np.rint(scaled))


def is_power_of_two(values: Array) -> Array:
    """Whether each value is 0 or plus or minus a power of two.

    >>> is_power_of_two(np.array([0.0, -0.25, 3.0])).tolist()
    [True, True, False]
    """
    mantissa = np.abs(np.frexp(np.asarray(values, np.float64))[0])
    return np.asarray((mantissa == 0.5) | (mantissa == 0))
