"""Numbers with a power of two beside them: float64 columns as Python integers, and back again."""

from fractions import Fraction
from math import frexp, ldexp

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.double_words import ZERO_EXPONENT

Exact = tuple[Array, Array]
"""A value as an unevaluated sum: (high, low), float64 arrays of the same shape."""

Ratio = tuple[int, int, int]
"""Numerator, denominator > 0 and exponent of a number n / d 2^e."""

Rounded = tuple[float, float, int]
"""Parts and exponent of a word (high + low) 2^e, with 1/2 <= |high| < 1, or all of it 0."""

QUOTIENT_BITS = 160


def whole_column(values: list[float]) -> tuple[list[int], int]:
    """Finite numbers as integers X and one exponent e, with value = X 2^e exactly.

    >>> whole_column([0.75, -2.0])
    ([3, -8], -2)
    """
    ratios = [value.as_integer_ratio() for value in values]
    size = max([denominator for _, denominator in ratios], default=1).bit_length()
    return [n << (size - d.bit_length()) for n, d in ratios], 1 - size


def dyadic(value: float) -> tuple[int, int]:
    """A finite number as an integer and an exponent.

    >>> dyadic(0.75)
    (3, -2)
    """
    numerator, denominator = value.as_integer_ratio()
    return numerator, 1 - denominator.bit_length()


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


def ratio(value: Fraction) -> Ratio:
    """A fraction as a ratio.

    >>> ratio(Fraction(3, 4))
    (3, 4, 0)
    """
    return value.numerator, value.denominator, 0
