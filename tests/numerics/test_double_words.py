"""The operations of double words against fractions, with the errors that are cited for them."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bnproof.engine.truth.double_words import (
    ZERO_EXPONENT,
    Word,
    add,
    multiply,
    number,
    rounded,
)
from bnproof.engine.truth.integers import rounded as of_ratio

V = Fraction(1, 2**53)
ORDINARY = st.floats(2.0**-190, 2.0**190) | st.floats(-(2.0**190), -(2.0**-190)) | st.just(0.0)
ANY = st.floats(allow_nan=False, allow_infinity=False)


def value(word: Word) -> Fraction:
    """The one element of a word."""
    parts = [Fraction(float(word.high[0]))]
    if word.low is not None:
        parts.append(Fraction(float(word.low[0])))
    exponent = 0 if word.exponent is None else int(word.exponent[0])
    whole = sum(parts, Fraction(0))
    return Fraction(0) if whole == 0 else whole * Fraction(2) ** exponent


def single(x: float) -> Word:
    """A number without exponents."""
    return number(np.array([x]), ordinary=True)


@st.composite
def words(draw: st.DrawFn) -> Word:
    """A word without exponents, of all low parts that there can be."""
    high = draw(ORDINARY)
    low = float(np.spacing(high)) * draw(st.floats(-0.5, 0.5)) if high else 0.0
    whole = high + low
    return Word(np.array([whole]), np.array([low - (whole - high)]))


@given(words(), ORDINARY)
def test_word_and_number(a: Word, x: float) -> None:
    """DWPlusFP: 2 v^2, relative to the sum."""
    exact = value(a) + Fraction(x)
    assert abs(value(add(a, single(x))) - exact) <= 2 * V**2 * abs(exact)


@given(words(), words())
def test_two_words(a: Word, b: Word) -> None:
    """AccurateDWPlusDW: 3 v^2 + 13 v^3, relative to the sum; DWTimesDW1: 7 v^2."""
    exact = value(a) + value(b)
    assert abs(value(add(a, b)) - exact) <= (3 * V**2 + 13 * V**3) * abs(exact)
    exact = value(a) * value(b)
    assert abs(value(multiply(a, b)) - exact) <= 7 * V**2 * abs(exact)


@given(words(), ORDINARY)
def test_neighbours_cancel(a: Word, x: float) -> None:
    """Where most cancels: a number next to the word."""
    near = float(a.high[0]) * (1 + x * 2.0**-240)
    exact = value(a) - Fraction(near)
    assert abs(value(add(a, single(-near))) - exact) <= 2 * V**2 * abs(exact)


@given(ANY, ANY, ANY)
def test_exponents_reach_everywhere(a: float, b: float, c: float) -> None:
    """A product of three numbers and a sum, at exponents beyond float64."""
    x, y, z = (number(np.array([n]), ordinary=False) for n in (a, b, c))
    word = Word(y.high, np.zeros(1), y.exponent)
    product = multiply(x, word)
    twice = multiply(product, Word(z.high, np.zeros(1), z.exponent))
    assert value(product) == Fraction(a) * Fraction(b)
    exact = Fraction(a) * Fraction(b) * Fraction(c)
    assert abs(value(twice) - exact) <= 8 * V**2 * abs(exact)
    total = add(twice, z)
    terms = abs(exact) + abs(Fraction(c))
    assert abs(value(total) - exact - Fraction(c)) <= 11 * V**2 * terms


@given(st.integers(-(2**3000), 2**3000), st.integers(1, 2**2000), st.integers(-4000, 4000))
def test_ratios_are_rounded_to_106_bits(numerator: int, denominator: int, exponent: int) -> None:
    """What belongs to a channel is off by no more than is claimed."""
    high, low, found = of_ratio((numerator, denominator, exponent))
    exact = Fraction(numerator, denominator) * Fraction(2) ** exponent
    got = (Fraction(high) + Fraction(low)) * Fraction(2) ** found if numerator else 0
    assert abs(got - exact) <= (V**2 + Fraction(1, 2**158)) * abs(exact)
    assert (numerator == 0) == (found == ZERO_EXPONENT)


def test_what_float64_cannot_hold_is_infinite_or_zero() -> None:
    """Nothing there is judged, and nothing there may be an error of ours."""
    word = Word(np.array([0.5, -0.5, 0.5]), np.zeros(3), np.array([2000, 3000, -3000]))
    assert rounded(word)[0].tolist() == [np.inf, -np.inf, 0.0]
