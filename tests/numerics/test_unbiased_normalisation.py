"""Truth where training normalises by N / (N - 1) var + eps, by ways that share nothing with it."""

from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bnproof.certify import Call, certify
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED
from bnproof.engine.truth.oracle import batch_truth, error
from bnproof.engine.truth.oracle_double import double_truth
from bnproof.spec.programs import build

Array = NDArray[Any]
DIGITS = 60
ALLOWED = Fraction(1, 2**100)
HALF = Fraction(1, 2)


def exact(value: tuple[Any, Any]) -> list[Fraction]:
    """A value of the oracle as fractions."""
    high, low = (np.ravel(part) for part in value)
    return [Fraction(float(h)) + Fraction(float(rest)) for h, rest in zip(high, low, strict=True)]


def step_by_step(
    x: list[Any], dy: list[Any], gamma: Any, beta: Any, w: Any, inv_std: Any
) -> dict[str, list[Any]]:
    """All outputs by the chain rule, through the unbiased variance and the mean.

    ``w`` is sum (x - mean)^2 / (N - 1) + eps, and ``inv_std`` its inverse root.
    """
    count = len(x)
    mean = sum(x) / count
    d = [value - mean for value in x]
    dxhat = [gamma * u for u in dy]
    dw = -sum(g * e for g, e in zip(dxhat, d, strict=True)) * inv_std / w / 2
    dvar = [2 * e * dw / (count - 1) for e in d]  # of the sum of squares over N - 1
    direct = [g * inv_std + v for g, v in zip(dxhat, dvar, strict=True)]
    dmean = -sum(direct)
    return {
        "inv_std": [inv_std],
        "y": [gamma * e * inv_std + beta for e in d],
        "dgamma": [sum(u * e * inv_std for u, e in zip(dy, d, strict=True))],
        "dbeta": [sum(dy)],
        "dx": [g + dmean / count for g in direct],
    }


@pytest.mark.parametrize("count", [3, 5, 9])
def test_rational_roots_in_fractions(count: int) -> None:
    """A wrong factor, exponent or power of W shows in fractions: a sample of sum 0, w = 64^2."""
    rng = np.random.default_rng(count)
    whole = rng.integers(-20, 20, count - 1)
    x = [Fraction(int(n), 4) for n in (*whole, -whole.sum())]
    dy = [Fraction(int(n), 2) for n in rng.integers(-20, 20, count)]
    unbiased = sum(value * value for value in x) / (count - 1)
    gamma, beta, w = Fraction(3, 2), Fraction(-5, 4), Fraction(64**2)
    eps = float(w - unbiased)
    assert Fraction(eps) == w - unbiased > 0

    columns = (np.array([[float(n)] for n in values]) for values in (x, dy))
    values, upstream = columns
    one = np.ones(1)
    truth = batch_truth(
        values, float(gamma) * one, float(beta) * one, eps, dy=upstream, unbiased=True
    )

    expected = step_by_step(x, dy, gamma, beta, w, Fraction(1, 64))
    for name, numbers in expected.items():
        for got, due in zip(exact(truth.values[name]), numbers, strict=True):
            assert abs(got - due) <= ALLOWED * (abs(due) + 1), name
    assert truth.statistics == ((Fraction(0), Fraction(unbiased * (count - 1)) / count),)


@pytest.mark.parametrize("count", [2, 3, 17])
def test_double_backward_is_the_printed_program_with_other_settings(count: int) -> None:
    """With gamma / sqrt(b), ddgamma / sqrt(b) and eps / b, to 60 digits."""
    rng = np.random.default_rng(count)
    x, dy, v = rng.normal(size=(3, count, 1)) + 1
    gamma, ddgamma, ddbeta = rng.normal(size=3)
    one, eps = np.ones(1), 0.3
    upstream = (v, ddgamma * one, ddbeta * one)
    truth = double_truth(x, gamma * one, eps, dy, upstream, unbiased=True).values
    with mpmath.workdps(DIGITS + 50):
        program = build("double_backward", sqrt=mpmath.sqrt, one=mpmath.mpf(1))
        columns = ([mpmath.mpf(float(n)) for n in a[:, 0]] for a in (x, dy, v))
        factor = mpmath.mpf(count) / (count - 1)
        root = mpmath.sqrt(factor)
        gx, ggamma, gdy = program(
            *columns,
            mpmath.mpf(float(ddgamma)) / root,
            mpmath.mpf(float(ddbeta)),
            mpmath.mpf(float(gamma)) / root,
            mpmath.mpf(eps) / factor,
        )
        for name, due in zip(DOUBLE, (gdy, gx, [ggamma / root]), strict=True):
            largest = max(abs(value) for value in due)
            for got, value in zip(exact(truth[name]), due, strict=True):
                wide = mpmath.mpf(got.numerator) / got.denominator
                assert abs(wide - value) <= mpmath.mpf(2) ** -100 * largest, name


def by_torch(case: Case) -> tuple[dict[str, Array], dict[str, Array]]:
    """All gradients by automatic differentiation of x.var(unbiased=True), and double backward."""
    names = ("x", "gamma", "beta", "dy", "ddx", "ddgamma", "ddbeta")
    x, gamma, beta, dy, ddx, ddgamma, ddbeta = (
        torch.tensor(getattr(case, name), requires_grad=True) for name in names
    )
    inv_std = (x.var(0, unbiased=True) + case.eps).rsqrt()
    y = gamma * (x - x.mean(0)) * inv_std + beta
    gradients = torch.autograd.grad(y, (x, gamma, beta), dy, create_graph=True)
    pairs = zip(gradients, (ddx, ddgamma, ddbeta), strict=True)
    loss = sum((gradient * back).sum() for gradient, back in pairs)
    assert isinstance(loss, torch.Tensor)
    double = torch.autograd.grad(loss, (dy, x, gamma))
    once = {
        "y": y,
        "inv_std": inv_std,
        **dict(zip(("dx", "dgamma", "dbeta"), gradients, strict=True)),
    }
    return (
        {name: value.detach().numpy() for name, value in once.items()},
        {name: value.numpy() for name, value in zip(DOUBLE, double, strict=True)},
    )


@pytest.mark.parametrize("count", [2, 3, 33])
def test_autograd_of_the_unbiased_variance_is_within_the_bounds(count: int) -> None:
    """Catches a formula that automatic differentiation of the forward pass does not give."""
    rng = np.random.default_rng(count)
    x, dy, ddx = rng.normal(size=(3, count, 4)) + 0.5
    drawn = rng.normal(size=(6, 4))
    case = Case(
        "torch", x, dy, drawn[0], drawn[1], drawn[2], np.abs(drawn[3]), 0.25, 0.5,
        ddx=ddx, ddgamma=drawn[4], ddbeta=drawn[5],
    )  # fmt: skip
    once, twice = by_torch(case)

    given: dict[str, Any] = {"x": x, "gamma": drawn[0], "beta": drawn[1], "dy": dy, "eps": 0.25}
    given |= once
    ratios = certify(Call(**given, normalising_variance="unbiased"))["streaming"]
    assert set(ratios) == set(once)
    assert max(ratios.values()) <= 1
    refused = certify(Call(**given))["one-pass"]
    assert min(refused[name] for name in ("y", "inv_std", "dgamma", "dx")) > 1e6

    settings = Settings(0.25, HALF, HALF)
    subject = make_subject(case, settings, inference=False, normalises_unbiased=True)
    double = FORMATS["float64"]
    bound = bounds(ladder(double, double)["streaming"], subject.quantities).values
    for name, value in twice.items():
        assert (error(value, subject.quantities.truth.values[name]) <= bound[name]).all(), name


def test_one_value_has_no_truth() -> None:
    """0 / 0 must not come out as a number, in a single channel or with an empty batch."""
    for count in (0, 1):
        x, one = np.ones((count, 2)), np.ones(2)
        truth = batch_truth(x, one, one, 0.5, dy=x, unbiased=True)

        assert np.isnan(truth.values["inv_std"][0]).all()
        assert np.isnan(truth.values["y"][0]).all()
        assert truth.statistics == (None, None)


def test_inference_is_not_corrected() -> None:
    """The running variance is taken as it is, and its truth is shared with the other convention."""
    x, one = np.array([[3.0], [5.0]]), np.ones(1)
    given: dict[str, Any] = {"dy": x, "statistics": (one, one)}
    truths = [batch_truth(x, one, one, 3.0, **given, unbiased=u).values for u in (False, True)]

    for name in truths[0]:
        assert truths[0][name][0].tolist() == truths[1][name][0].tolist()


def test_subjects_of_the_two_conventions_are_kept_apart() -> None:
    """A truth that is reused under the other convention would reject right implementations."""
    x, one = np.array([[1.0], [2.0], [6.0]]), np.ones(1)
    case = Case("cached", x, x, one, one, one, one, 0.5, 0.5)
    settings = Settings(0.5, HALF, HALF)

    def inv_std(*, normalises_unbiased: bool) -> float:
        more = {"normalises_unbiased": normalises_unbiased}
        subject = EXPECTED.of(case, settings, inference=False, **more)
        return float(subject.quantities.truth.values["inv_std"][0][0])

    biased, unbiased = inv_std(normalises_unbiased=False), inv_std(normalises_unbiased=True)

    assert biased**-2 == pytest.approx(14 / 3 + 0.5)
    assert unbiased**-2 == pytest.approx(7.5)
