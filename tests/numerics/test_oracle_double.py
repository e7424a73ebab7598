"""The oracle of double backward against the printed derivation, in fractions and in 60 digits."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from tests.spec.test_programs import dyadic_eps, rational_root

from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.oracle_double import double_truth
from bnproof.spec.programs import build

DIGITS = 60
ALLOWED = Fraction(1, 2**100)


def exact(value: tuple[Any, Any]) -> list[Fraction]:
    """A value of the oracle as fractions."""
    high, low = (np.ravel(part) for part in value)
    return [Fraction(float(h)) + Fraction(float(rest)) for h, rest in zip(high, low, strict=True)]


def drawn(count: int, seed: int) -> tuple[list[Fraction], list[Fraction], list[Fraction]]:
    """x, dy and ddx of one channel, dyadic."""
    rng = np.random.default_rng(seed)
    x, dy, v = (rng.integers(-20, 20, count) for _ in range(3))
    return (
        [Fraction(int(n), 4) for n in x],
        [Fraction(int(n), 2) for n in dy],
        [Fraction(int(n), 8) for n in v],
    )


def oracle(
    arrays: tuple[list[Fraction], ...], settings: tuple[Fraction, ...], **more: Any
) -> dict[str, list[Fraction]]:
    """The oracle's results for one channel; settings are gamma, eps, ddgamma and ddbeta."""
    x, dy, v = (np.array([[float(n)] for n in array]) for array in arrays)
    gamma, eps, ddgamma, ddbeta = (float(s) for s in settings)
    one = np.ones(1)
    truth = double_truth(x, gamma * one, eps, dy, (v, ddgamma * one, ddbeta * one), **more)
    return {name: exact(value) for name, value in truth.values.items()}


def agree(got: dict[str, list[Fraction]], due: tuple[Any, Any, Any]) -> None:
    """All results but for the last bits; ``due`` is what programs return: gx, ggamma, gdy."""
    gx, ggamma, gdy = due
    ddy, dx, dgamma = DOUBLE
    for name, values in ((ddy, gdy), (dx, gx), (dgamma, [ggamma])):
        for one, other in zip(got[name], values, strict=True):
            assert abs(one - other) <= ALLOWED * (abs(other) + 1), name


@pytest.mark.parametrize("count", [2, 4, 8])
def test_training_is_the_printed_program(count: int) -> None:
    """A lost term, power of W or exponent would show in fractions."""
    arrays = drawn(count, count)
    eps = dyadic_eps(arrays[0])
    gamma, ddgamma, ddbeta = Fraction(3, 2), Fraction(-5, 4), Fraction(7, 8)
    program = build("double_backward", sqrt=rational_root, one=Fraction(1))
    x, dy, v = arrays
    due = program(x, dy, v, ddgamma, ddbeta, gamma, eps)

    agree(oracle(arrays, (gamma, eps, ddgamma, ddbeta)), due)


def test_inference_is_the_printed_program() -> None:
    """Likewise with given statistics."""
    arrays = drawn(5, 0)
    gamma, eps, ddgamma, ddbeta = (Fraction(n, 4) for n in (6, 12, -5, 7))
    mean, var = Fraction(3, 8), Fraction(1)
    program = build("inference_double_backward", sqrt=rational_root, one=Fraction(1))
    x, dy, v = arrays
    due = program(x, dy, v, ddgamma, ddbeta, gamma, eps, mean, var)
    statistics = tuple(np.array([float(s)]) for s in (mean, var))

    agree(oracle(arrays, (gamma, eps, ddgamma, ddbeta), statistics=statistics), due)


@pytest.mark.parametrize("scale", [1.0, 2.0**-200, 2.0**200])
@pytest.mark.parametrize("count", [3, 17])
def test_irrational_roots_to_many_digits(count: int, scale: float) -> None:
    """The root and the exponents, where nothing is a power of two."""
    rng = np.random.default_rng(count)
    x, dy, v = rng.normal(size=(3, count, 1))
    x = (x + 3) * scale
    gamma, ddgamma, ddbeta = rng.normal(size=3)
    eps, one = 0.3 * scale**2, np.ones(1)
    truth = double_truth(x, gamma * one, eps, dy, (v, ddgamma * one, ddbeta * one)).values
    with mpmath.workdps(DIGITS + 250):
        program = build("double_backward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        columns = ([mpmath.mpf(float(n)) for n in a[:, 0]] for a in (x, dy, v))
        settings = (mpmath.mpf(float(s)) for s in (ddgamma, ddbeta, gamma, eps))
        gx, ggamma, gdy = program(*columns, *settings)
        for name, due in zip(DOUBLE, (gdy, gx, [ggamma]), strict=True):
            largest = max(abs(value) for value in due)
            for got, value in zip(exact(truth[name]), due, strict=True):
                wide = mpmath.mpf(got.numerator) / got.denominator
                assert abs(wide - value) <= mpmath.mpf(2) ** -100 * largest, name


def test_a_channel_that_is_not_finite_is_nan_alone() -> None:
    """A NaN in ddx of one channel must not take the truth of another away."""
    x, dy, v = np.random.default_rng(0).normal(size=(3, 4, 2))
    v[1, 0] = np.nan
    one = np.ones(2)
    truth = double_truth(x, one, 0.5, dy, (v, one, one)).values

    for high, _ in truth.values():
        assert np.isnan(high[..., 0]).all()
        assert np.isfinite(high[..., 1]).all()
