"""The programs that the specification prints, against the oracle and against the reference."""

from collections.abc import Mapping
from fractions import Fraction
from math import isqrt
from typing import Any

import mpmath
import numpy as np
import pytest

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.integers import ratio
from bnproof.engine.truth.oracle import batch_truth, running_truth
from bnproof.reference import train_backward, train_forward
from bnproof.spec.programs import build

X = [Fraction(n, 4) for n in (3, -5, 8, 1, -2)]
DY = [Fraction(n, 2) for n in (1, 4, -3, 2, 5)]
GAMMA, BETA = Fraction(3, 2), Fraction(-1, 4)


def rational_root(value: Fraction) -> Fraction:
    """The square root of a rational square."""
    root = Fraction(isqrt(value.numerator), isqrt(value.denominator))
    assert root * root == value
    return root


def dyadic_eps(values: list[Fraction]) -> Fraction:
    """An eps with which var + eps is a rational square."""
    mean = sum(values, Fraction(0)) / len(values)
    var = sum(((v - mean) ** 2 for v in values), Fraction(0)) / len(values)
    root = Fraction(1)
    while root**2 <= var:
        root += 1
    return root**2 - var


def exact(name: str) -> Any:
    """A program over fractions."""
    return build(name, sqrt=rational_root, one=Fraction(1))


def column(values: list[Fraction]) -> Any:
    """A batch of one channel in float64; all numbers here are dyadic."""
    return np.array([[float(v)] for v in values])


@pytest.mark.parametrize("count", [2, 4, 8])
def test_oracle_is_the_printed_program(count: int) -> None:
    """The oracle's integers are a second spelling of the formulas, and could differ."""
    rng = np.random.default_rng(count)
    x = [Fraction(int(n), 4) for n in rng.integers(-20, 20, count)]
    dy = [Fraction(int(n), 2) for n in rng.integers(-9, 9, count)]
    eps = dyadic_eps(x)
    y = exact("forward")(x, GAMMA, BETA, eps)
    dx, dgamma, dbeta = exact("backward")(x, dy, GAMMA, eps)
    one = np.ones(1)
    truth = batch_truth(
        column(x), float(GAMMA) * one, float(BETA) * one, float(eps), dy=column(dy)
    ).values

    for name, due in (("y", y), ("dx", dx), ("dgamma", [dgamma]), ("dbeta", [dbeta])):
        high, low = (np.ravel(part) for part in truth[name])
        for h, rest, value in zip(high, low, due, strict=True):
            off = abs(Fraction(float(h)) + Fraction(float(rest)) - value)
            assert off <= Fraction(1, 2**100) * (abs(value) + 1)


def test_running_truth_is_the_printed_program() -> None:
    """Likewise for one step of the running statistics."""
    momentum = Fraction(1, 8)
    mean, var = exact("running")(X, Fraction(1), Fraction(2), momentum, 1)
    batch_mean = sum(X, Fraction(0)) / len(X)
    squares = sum(((v - batch_mean) ** 2 for v in X), Fraction(0))
    new = [batch_mean, squares / (len(X) - 1)]
    ratios = [ratio(value) for value in new]
    high, low = running_truth(np.array([1.0, 2.0]), ratios, 1 - momentum, momentum)
    for h, rest, value in zip(high, low, (mean, var), strict=True):
        assert abs(Fraction(float(h)) + Fraction(float(rest)) - value) < Fraction(1, 2**100)


def bounds_of(eps: Fraction) -> Mapping[str, Any]:
    """The derived error bounds of two passes in float64, for X, DY, GAMMA and BETA."""
    gamma, beta, one = (np.array([float(v)]) for v in (GAMMA, BETA, Fraction(1)))
    case = Case("programs", column(X), column(DY), gamma, beta, one, one, float(eps), 0.125)
    settings = Settings(float(eps), Fraction(7, 8), Fraction(1, 8))
    quantities = make_subject(case, settings, inference=False).quantities
    return bounds(ladder(FORMATS["float64"], FORMATS["float64"])["two-pass"], quantities).values


def test_reference_is_the_printed_program() -> None:
    """The reference, in float64, within the error bounds of its class."""
    eps = dyadic_eps(X)
    y, cache = train_forward(
        column(X), np.array([float(GAMMA)]), np.array([float(BETA)]), eps=float(eps)
    )
    dx, dgamma, dbeta = train_backward(column(DY), cache)
    due_y = exact("forward")(X, GAMMA, BETA, eps)
    due_dx, due_dgamma, due_dbeta = exact("backward")(X, DY, GAMMA, eps)

    assert dgamma is not None
    assert dbeta is not None
    limits = bounds_of(eps)
    pairs = {"y": (y, due_y), "dx": (dx, due_dx)}
    pairs |= {"dgamma": (dgamma, [due_dgamma]), "dbeta": (dbeta, [due_dbeta])}
    for name, (got, due) in pairs.items():
        for value, exact_value, limit in zip(
            np.ravel(got), due, np.ravel(limits[name]), strict=True
        ):
            assert abs(Fraction(float(value)) - exact_value) <= Fraction(float(limit)), name


def test_arrays_and_sequences_agree() -> None:
    """The NumPy spelling is printed by another branch."""
    eps = dyadic_eps(X)
    y = build("forward", sqrt=np.sqrt, arrays=True)(column(X), 1.5, -0.25, float(eps))
    due = exact("forward")(X, GAMMA, BETA, eps)

    for value, exact_value, limit in zip(y[:, 0], due, bounds_of(eps)["y"][:, 0], strict=True):
        assert abs(Fraction(float(value)) - exact_value) <= Fraction(float(limit))


def test_complex_step_of_forward_is_backward() -> None:
    """A derivative of the printed forward, without any formula of the backward pass."""
    with mpmath.workdps(80):
        x, dy = ([mpmath.mpf(v.numerator) / v.denominator for v in each] for each in (X, DY))
        forward = build("forward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        backward = build("backward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        dx, _, _ = backward(x, dy, mpmath.mpf(1.5), mpmath.mpf(0.5))
        step = mpmath.mpf(10) ** -40
        for number, due in enumerate(dx):
            moved = [v + (mpmath.mpc(0, step) if i == number else 0) for i, v in enumerate(x)]
            y = forward(moved, mpmath.mpf(1.5), mpmath.mpf(0.25), mpmath.mpf(0.5))
            slope = sum(d * each for d, each in zip(dy, y, strict=True)).imag / step
            assert abs(slope - due) < mpmath.mpf(10) ** -70


def test_complex_step_of_backward_is_double_backward() -> None:
    """Likewise one order higher, with respect to x, gamma and dy at once."""
    with mpmath.workdps(80):
        x, dy = ([mpmath.mpf(v.numerator) / v.denominator for v in each] for each in (X, DY))
        v = [mpmath.mpf(n) / 3 for n in (2, -1, 4, 0, -5)]
        gamma, eps, up_gamma, up_beta = (mpmath.mpf(n) / 4 for n in (6, 2, 3, -7))
        backward = build("backward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        double = build("double_backward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        gx, ggamma, gdy = double(x, dy, v, up_gamma, up_beta, gamma, eps)
        step = mpmath.mpc(0, mpmath.mpf(10) ** -40)

        def slope(x: Any, dy: Any, gamma: Any) -> Any:
            dx, dgamma, dbeta = backward(x, dy, gamma, eps)
            whole = sum(a * b for a, b in zip(v, dx, strict=True))
            return (whole + up_gamma * dgamma + up_beta * dbeta).imag / step.imag

        for number in range(len(x)):
            moved = [a + (step if i == number else 0) for i, a in enumerate(x)]
            assert abs(slope(moved, dy, gamma) - gx[number]) < mpmath.mpf(10) ** -70
            moved = [a + (step if i == number else 0) for i, a in enumerate(dy)]
            assert abs(slope(x, moved, gamma) - gdy[number]) < mpmath.mpf(10) ** -70
        assert abs(slope(x, dy, gamma + step) - ggamma) < mpmath.mpf(10) ** -70


def test_inference_program() -> None:
    """By hand: gamma (x - 1) / 2 + beta."""
    y = exact("inference")(X, GAMMA, BETA, Fraction(3), Fraction(1), Fraction(1))

    assert y == [GAMMA * (v - 1) / 2 + BETA for v in X]
