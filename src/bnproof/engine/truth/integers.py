"""Numbers with a power of two beside them: float64 columns as Python integers, and back again."""

from collections.abc import Iterable
from fractions import Fraction
from math import frexp, inf, ldexp, nan

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.double_words import ZERO_EXPONENT

Exact = tuple[Array, Array]
"""A value as an unevaluated sum: (high, low), float64 arrays of the same shape."""

Ratio = tuple[int, int, int]
"""Numerator, denominator > 0 and exponent of a number n / d 2^e."""

Rounded = tuple[float, float, int]
"""Parts and exponent of a word (high + low) 2^e, with 1/2 <= |high| < 1, or all of it 0."""

QUOTIENT_BITS = 160
DIGITS = 53
"""The bits of a float64."""

FEWER = 24
"""The bits that numbers of every other format fit into."""

WORD = 62
"""The bits of an int64, without its sign, and one to spare."""

TOP = 1025
"""An exponent above that of any number, which a column of zeros has."""


def whole_columns(values: Array) -> list[tuple[list[int], int]]:
    """Each column of finite numbers as integers X and one exponent e, with value = X 2^e exactly.

    >>> whole_columns(np.array([[0.75], [-2.0]], np.float32))
    [([12582912, -33554432], -24)]
    """
    bits = DIGITS if values.dtype == np.float64 else FEWER
    mantissa, exponent = np.frexp(np.asarray(values, np.float64))
    whole = (mantissa * 2.0**bits).astype(np.int64)
    exponent = np.where(whole == 0, TOP, exponent)
    lowest = exponent.min(axis=0, initial=TOP)
    shift = np.where(whole == 0, 0, exponent - lowest)
    exponents = (lowest - bits).tolist()
    if shift.max(initial=0) <= WORD - bits:
        return list(zip((whole << shift).T.tolist(), exponents, strict=True))
    pairs = zip(whole.T.tolist(), shift.T.tolist(), strict=True)
    columns = [[x << by for x, by in zip(*pair, strict=True)] for pair in pairs]
    return list(zip(columns, exponents, strict=True))


def dyadic(value: float) -> tuple[int, int]:
    """A finite number as an integer and an exponent.

    >>> whole, exponent = dyadic(0.75)
    >>> whole * 2.0**exponent
    0.75
    """
    mantissa, exponent = frexp(value)
    return int(mantissa * 2.0**DIGITS), exponent - DIGITS


def rounded(ratio: Ratio) -> Rounded:
    """A ratio as a word: the error is at most (2^-106 + 2^-158) of it, and none if 106 bits do.

    Rounded down to QUOTIENT_BITS bits or more, and then to nearest twice.

    >>> rounded((3, 4, 1))
    (0.75, 0.0, 1)
    """
    numerator, denominator, exponent = ratio
    if not numerator:
        return 0.0, 0.0, ZERO_EXPONENT
    shift = QUOTIENT_BITS - numerator.bit_length() + denominator.bit_length()
    if shift >= 0:
        whole = (numerator << shift) // denominator
    else:
        whole = numerator // (denominator << -shift)
    nearest = float(whole)  # Python rounds an integer to the nearest float64
    mantissa, size = frexp(nearest)
    return mantissa, ldexp(float(whole - int(nearest)), -size), size - shift + exponent


def fraction(ratio: Ratio) -> Fraction:
    """A ratio as a fraction.

    >>> fraction((3, 2, -1))
    Fraction(3, 4)
    """
    numerator, denominator, exponent = ratio
    if exponent >= 0:
        return Fraction(numerator << exponent, denominator)
    return Fraction(numerator, denominator << -exponent)


def in_two_parts(values: Iterable[Fraction | None]) -> Exact:
    """Fractions as sums of two float64; NaN for None, infinite beyond the range.

    >>> [part.tolist() for part in in_two_parts([Fraction(1, 3), None])]
    [[0.3333333333333333, nan], [1.850371707708594e-17, 0.0]]
    """
    pairs = [_two_parts(value) for value in values]
    return np.array([high for high, _ in pairs]), np.array([low for _, low in pairs])


def _two_parts(value: Fraction | None) -> tuple[float, float]:
    if value is None:
        return nan, 0.0
    try:
        high = float(value)
    except OverflowError:
        return (inf if value > 0 else -inf), 0.0
    return high, float(value - Fraction(high))


def ratio(value: Fraction) -> Ratio:
    """A fraction as a ratio.

    >>> ratio(Fraction(3, 4))
    (3, 4, 0)
    """
    return value.numerator, value.denominator, 0
