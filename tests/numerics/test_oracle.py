"""The oracle against other ways to the same numbers."""

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

from bnproof.engine.truth.oracle import batch_truth, error, float_truth, running_truth

PRECISION = 4000


def arb_outputs(x: Any, dy: Any, gamma: float, beta: float, eps: float) -> dict[str, list[Any]]:
    """Batch normalization of one channel in ball arithmetic, from the definitions."""
    count = len(x)
    values, upstream = [flint.arb(float(v)) for v in x], [flint.arb(float(v)) for v in dy]
    mean = sum(values, flint.arb(0)) / count
    var = sum(((v - mean) ** 2 for v in values), flint.arb(0)) / count
    inv_std = 1 / (var + flint.arb(eps)).sqrt()
    xhat = [(v - mean) * inv_std for v in values]
    dbeta = sum(upstream, flint.arb(0))
    dgamma = sum((u * h for u, h in zip(upstream, xhat, strict=True)), flint.arb(0))
    scale = flint.arb(gamma) * inv_std
    dx = [
        scale * (u - dbeta / count - h * dgamma / count)
        for u, h in zip(upstream, xhat, strict=True)
    ]
    return {
        "mean": [mean],
        "var": [var],
        "inv_std": [inv_std],
        "y": [flint.arb(gamma) * h + flint.arb(beta) for h in xhat],
        "dgamma": [dgamma],
        "dbeta": [dbeta],
        "dx": dx,
    }


@pytest.mark.parametrize("scale", [1.0, 2.0**-300, 2.0**300, 1e6])
@pytest.mark.parametrize("count", [2, 3, 17, 100])
def test_agrees_with_arb(count: int, scale: float) -> None:
    """A wrong formula, a lost bit or a wrong exponent would leave Arb's enclosure."""
    flint.ctx.prec = PRECISION
    rng = np.random.default_rng(count)
    for channel in range(4):
        offset = channel * 10.0
        x = (rng.normal(size=(count, 1)) + offset) * scale
        dy = rng.normal(size=(count, 1)) + 0.5
        gamma, beta, eps = float(rng.normal()), float(rng.normal()), 0.5 * scale**2
        truth = batch_truth(x, np.array([gamma]), np.array([beta]), eps, dy=dy)
        expected = arb_outputs(x[:, 0], dy[:, 0], gamma, beta, eps)
        for name, balls in expected.items():
            high, low = (np.ravel(part) for part in truth.values[name])
            largest = max(abs(float(ball.mid())) for ball in balls)
            for ball, h, rest in zip(balls, high, low, strict=True):
                off = abs(ball - flint.arb(float(h)) - flint.arb(float(rest)))
                allowed = 2.0**-104 * abs(float(ball.mid())) + 2.0**-240 * largest + 2.0**-1074
                assert off < allowed, (name, count, scale)


def test_rational_roots_are_exact() -> None:
    """With var + eps a square, every output is rational and has to come back exactly."""
    x, dy = np.array([[-1.0], [1.0]]), np.array([[1.0], [3.0]])
    truth = batch_truth(x, np.array([2.0]), np.array([0.5]), 3.0, dy=dy).values

    assert [float(v) for v in truth["y"][0].ravel()] == [-0.5, 1.5]
    assert float(truth["dgamma"][0][0]) == 1.0
    assert float(truth["dbeta"][0][0]) == 4.0
    # gamma inv_std (dy - dbeta / N - xhat dgamma / N) with xhat = -1/2 and 1/2
    assert [float(v) for v in truth["dx"][0].ravel()] == [-0.75, 0.75]


def test_inference_is_affine_in_exact_numbers() -> None:
    """A slip between batch and given statistics would show here."""
    x, one = np.array([[3.0], [5.0]]), np.ones(1)
    truth = batch_truth(x, 2 * one, one, 3.0, dy=x, statistics=(one, one)).values

    assert truth["y"][0].ravel().tolist() == [3.0, 5.0]
    assert truth["dx"][0].ravel().tolist() == [3.0, 5.0]
    assert truth["dgamma"][0].tolist() == [13.0]


def test_float_truth_agrees_to_its_own_bound() -> None:
    """Both truths are used for the same purpose, so they must not differ."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 64, 3))
    gamma, beta = rng.normal(size=(2, 3))
    exact = batch_truth(x, gamma, beta, 0.5, dy=dy).values
    rounded = float_truth(x, gamma, beta, 0.5, dy=dy).values
    for name in exact:
        size = np.abs(exact[name][0]).max() + 1
        assert error(rounded[name][0], exact[name]).max() <= 64 * 2.0**-50 * size


def test_undefined_channels_are_nan_and_others_are_not_touched() -> None:
    """A NaN, or var + eps = 0, in one channel must not take the truth of another away."""
    x = np.array([[1.0, np.nan, 2.0], [1.0, 0.0, 4.0]])
    truth = batch_truth(x, np.ones(3), np.zeros(3), 0.0).values["y"][0]

    assert np.isnan(truth[:, :2]).all()
    assert truth[:, 2].tolist() == [-1.0, 1.0]


def test_running_average_is_exact() -> None:
    """The weights are fractions, so that 1 - momentum is not rounded."""
    keep = Fraction(9, 10)
    high, low = running_truth(np.ones(1), [Fraction(2)], keep, 1 - keep)

    off = Fraction(float(high[0])) + Fraction(float(low[0])) - Fraction(11, 10)
    assert abs(off) < Fraction(1, 2**100)


def test_error_of_nan_is_infinite() -> None:
    """NaN compares false with everything, and must not pass as no error."""
    truth = (np.array([1.0, 1.0]), np.zeros(2))

    assert error(np.array([np.nan, np.inf]), truth).tolist() == [np.inf, np.inf]
