"""Numbers with a power of two in front: float64 arrays as Python integers, and back again.

Arrays of integers have dtype object, so that NumPy does Python's exact arithmetic on them.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array

Exact = tuple[Array, Array]
"""A value as an unevaluated sum: (high, low), float64 arrays of the same shape."""

QUOTIENT_BITS = 260  # of the largest value of a column


def integers(values: Array) -> tuple[Array, Array]:
    """Finite numbers (N, C) as integers X and exponents e (C,), with value = X 2^e exactly.

    >>> whole, exponents = integers(np.array([[0.75], [2.0]]))
    >>> [int(n) * 2.0 ** int(exponents[0]) for n in whole[:, 0]]
    [0.75, 2.0]
    """
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    zero = mantissa == 0
    lowest = np.where(zero, np.iinfo(exponent.dtype).max, exponent).min(axis=0, initial=2000)
    shift = np.where(zero, 0, exponent - lowest)
    whole = (mantissa * 2.0**53).astype(np.int64).astype(object)
    return whole << shift.astype(object), lowest.astype(object) - 53


def dyadic(value: float) -> tuple[int, int]:
    """A finite number as an integer and an exponent.

    >>> dyadic(0.75)
    (3, -2)
    """
    numerator, denominator = float(value).as_integer_ratio()
    return numerator, 1 - denominator.bit_length()


def shifted(values: Any, by: Any) -> Any:
    """Values (.., C) times 2^by, for integers ``by`` (C,) that are not negative."""
    return values << np.asarray(by, dtype=object)


def quotients(numerators: Array, denominators: Array, exponents: Array) -> Exact:
    """(numerator / denominator) 2^exponent for numerators (N, C), the rest (C,), denominators > 0.

    Rounded down to QUOTIENT_BITS bits of the largest value of a column, and then to two float64.

    >>> one = np.array([1], dtype=object)
    >>> quotients(np.array([[1], [2]], dtype=object), 4 * one, one)[0].tolist()
    [[0.5], [1.0]]
    """
    if numerators.size == 0:
        return np.zeros(numerators.shape), np.zeros(numerators.shape)
    top = np.maximum(numerators.max(axis=0), -numerators.min(axis=0))
    pairs = zip(top, denominators, strict=True)
    shifts = [QUOTIENT_BITS - int(t).bit_length() + int(d).bit_length() for t, d in pairs]
    up = np.array([max(0, s) for s in shifts], dtype=object)
    down = np.array([max(0, -s) for s in shifts], dtype=object)
    quotient = (numerators << up) // (denominators << down)
    high = quotient.astype(np.float64)  # Python rounds an integer to the nearest float64
    back = np.array([int(h) for h in high.ravel()], dtype=object).reshape(high.shape)
    low = (quotient - back).astype(np.float64)
    scale = (exponents - np.array(shifts, dtype=object)).astype(np.int64)
    with np.errstate(all="ignore"):  # beyond float64's range nothing is judged
        return np.ldexp(high, scale), np.ldexp(low, scale)


def split(value: Fraction) -> tuple[float, float]:
    """A fraction as (high, low); infinite beyond float64, where nothing is judged.

    >>> split(Fraction(1, 4))
    (0.25, 0.0)
    """
    try:
        high = float(value)
    except OverflowError:
        return (float("inf") if value > 0 else float("-inf")), 0.0
    return high, float(value - Fraction(high))
