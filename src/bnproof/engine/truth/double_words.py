"""Double words: values as unevaluated sums of two float64, with exponents of any size.

A word is (high + low) 2^exponent with |low| <= ulp(high) / 2: 106 bits.  With v = 2^-53 and no
underflow, the relative errors of the operations are (Joldes, Muller, Popescu, "Tight and rigorous
error bounds for basic building blocks of double-word arithmetic", ACM TOMS 44, 2017):

    add, a word and a number    2 v^2                  Algorithm 4, DWPlusFP
    add, two words              3 v^2 + 13 v^3         Algorithm 6, AccurateDWPlusDW
    multiply, two words         7 v^2                  Algorithm 10, DWTimesDW1, Dekker's product

They are relative to the exact result, however much cancels.  No fused multiply-add is used.

**Underflow** adds an absolute error of at most 2^-1070 to an operation.  Without exponents (None
stands for 0) the caller keeps the magnitudes of all operands between 1 / LARGEST and LARGEST, as
`is_ordinary` tells, so that this is below 2^-600 of any product of four of them.  With exponents,
the parts of what comes in are below 1 and at least 1/2, or exactly 0, and the exponent of a result
is that of the operands, before anything cancelled: then it is 2^-1068 of what went into the sum
or product.
"""

from typing import NamedTuple

import numpy as np

from bnproof.engine.model.formats import Array

SPLITTER = 2.0**27 + 1
LARGEST = 2.0**200
ZERO_EXPONENT = -(2**20)
"""The exponent of zero: below all others, so that zero moves no other operand."""

MOST = 1000
"""Exponents from which on a word may be beyond float64."""

FARTHEST = -2200
"""A shift that leaves nothing of a number below 1."""


class Word(NamedTuple):
    """(high + low) 2^exponent, elementwise.

    Attributes:
        high, low: float64; a low of None stands for zeros: a plain number.
        exponent: int64, or None where all exponents are 0.
    """

    high: Array
    low: Array | None = None
    exponent: Array | None = None


def is_ordinary(values: Array) -> bool:
    """Whether all values are 0 or have magnitudes between 1 / LARGEST and LARGEST.

    >>> is_ordinary(np.array([0.0, -1.0])), is_ordinary(np.array([2.0**-1000]))
    (True, False)
    """
    size = np.abs(values)
    if not size.max(initial=0.0) <= LARGEST:
        return False
    if size.min(initial=LARGEST) >= 1 / LARGEST:
        return True
    return bool(((size >= 1 / LARGEST) | (size == 0)).all())


def number(values: Array, *, ordinary: bool) -> Word:
    """Float64 values as a word, with exponents unless they are ordinary."""
    if ordinary:
        return Word(values)
    mantissa, exponent = np.frexp(values)
    return Word(mantissa, None, np.where(mantissa == 0, ZERO_EXPONENT, exponent).astype(np.int64))


def negative(a: Word) -> Word:
    """The word -a."""
    return Word(-a.high, None if a.low is None else -a.low, a.exponent)


def add(a: Word, b: Word) -> Word:
    """A + b, for a word a and a word or a number b.

    >>> tiny = Word(np.array([2.0**-80]))
    >>> [part.tolist() for part in add(Word(np.ones(1), np.zeros(1)), tiny)[:2]]
    [[1.0], [8.271806125530277e-25]]
    """
    a, b = _at_one_exponent(a, b)
    high, rest = _two_sum(a.high, b.high)
    if b.low is None:
        return Word(*_fast_two_sum(high, rest + a.low), a.exponent)
    low, last = _two_sum(np.asarray(a.low), b.low)
    high, rest = _fast_two_sum(high, rest + low)
    return Word(*_fast_two_sum(high, rest + last), a.exponent)


def multiply(a: Word, b: Word) -> Word:
    """A b, for a word or a number a and a word b.

    >>> third = Word(np.array([1 / 3]), np.array([2.0**-54 / 3]))
    >>> multiply(Word(np.array([3.0])), third)[:2]
    (array([1.]), array([0.]))
    """
    high = a.high * b.high
    (a_up, a_down), (b_up, b_down) = _split(a.high), _split(b.high)
    rest = ((a_up * b_up - high) + a_up * b_down + a_down * b_up) + a_down * b_down
    cross = a.high * b.low if a.low is None else a.high * b.low + a.low * b.high
    exponent = None if a.exponent is None or b.exponent is None else a.exponent + b.exponent
    return Word(*_fast_two_sum(high, rest + cross), exponent)


def rounded(a: Word) -> tuple[Array, Array]:
    """A word as two float64, infinite or flushed to subnormal numbers beyond their range."""
    low = np.zeros_like(a.high) if a.low is None else a.low
    if a.exponent is None:
        return a.high, low
    exponent = np.maximum(a.exponent, 2 * FARTHEST)
    if exponent.max(initial=0) < MOST:
        return np.ldexp(a.high, exponent), np.ldexp(low, exponent)
    with np.errstate(all="ignore"):
        return np.ldexp(a.high, exponent), np.ldexp(low, exponent)


def _at_one_exponent(a: Word, b: Word) -> tuple[Word, Word]:
    if a.exponent is None or b.exponent is None:
        return a, b
    top = np.maximum(a.exponent, b.exponent)
    return _moved(a, top), _moved(b, top)


def _moved(a: Word, top: Array) -> Word:
    shift = np.maximum(a.exponent - top, FARTHEST)
    return Word(np.ldexp(a.high, shift), None if a.low is None else np.ldexp(a.low, shift), top)


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """A + b and its rounding error (Knuth)."""
    high = a + b
    back = high - a
    return high, (a - (high - back)) + (b - back)


def _fast_two_sum(high: Array, low: Array) -> tuple[Array, Array]:
    """The same where |high| >= |low| or high is 0 (Dekker)."""
    whole = high + low
    return whole, low - (whole - high)


def _split(a: Array) -> tuple[Array, Array]:
    """Two halves of 26 bits (Veltkamp)."""
    far = SPLITTER * a
    up = far - (far - a)
    return up, a - up
