"""The reference against exact rationals worked by hand, and against PyTorch."""

from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

from bnproof.reference import (
    inference_backward,
    inference_forward,
    running_update,
    train_backward,
    train_forward,
)

SHAPES = [(7, 3), (4, 3, 5), (3, 4, 2, 5), (2, 3, 2, 3, 2)]
NARROW: dict[str, Any] = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}


def made(shape: tuple[int, ...], seed: int = 0) -> dict[str, Any]:
    """Random float64 arguments, with gamma of both signs and statistics that are not 0 and 1."""
    rng = np.random.default_rng(seed)
    c = shape[1]
    return {
        "x": rng.normal(size=shape) * 2 + 3,
        "dy": rng.normal(size=shape) + 0.5,
        "gamma": rng.choice([-1, 1], c) * rng.uniform(0.5, 2, c),
        "beta": rng.normal(size=c),
        "running_mean": rng.normal(size=c),
        "running_var": rng.uniform(0.5, 2, c),
    }


def by_torch(given: dict[str, Any], *, training: bool, eps: float) -> tuple[Any, ...]:
    """y, dx, dgamma, dbeta and the moved statistics by PyTorch in float64."""
    tensors = {name: torch.tensor(value) for name, value in given.items()}
    leaves = [tensors[name].requires_grad_() for name in ("x", "gamma", "beta")]
    x, gamma, beta = leaves
    mean, var = tensors["running_mean"], tensors["running_var"]
    y = torch.nn.functional.batch_norm(x, mean, var, gamma, beta, training, 0.25, eps)
    results = (y, *torch.autograd.grad(y, leaves, tensors["dy"]), mean, var)
    return tuple(r.detach().numpy() for r in results)


def exact() -> tuple[list[Fraction], list[Fraction], Fraction, Fraction, Fraction]:
    """x, dy, gamma, eps and inv_std of a channel whose var + eps is the square of a rational."""
    x, dy = (
        [Fraction(1), Fraction(2), Fraction(3), Fraction(6)],
        [Fraction(1), Fraction(0), Fraction(-2), Fraction(3)],
    )
    mean = sum(x) / 4
    var = sum((v - mean) ** 2 for v in x) / 4  # 7/2, so that eps = 11/4 makes 25/4
    eps, inv_std = Fraction(11, 4), Fraction(2, 5)
    assert (var + eps) * inv_std**2 == 1
    return x, dy, Fraction(3, 2), eps, inv_std


def column(values: list[Fraction]) -> Any:
    """One channel as an array (N, 1)."""
    return np.array([float(v) for v in values])[:, None]


def test_forward_is_exact_on_rationals() -> None:
    """Catch a misplaced eps, Bessel's correction in xhat, or gamma and beta exchanged."""
    x, _, gamma, eps, inv_std = exact()
    due = [gamma * (v - 3) * inv_std + Fraction(1, 4) for v in x]
    y, cache = train_forward(column(x), np.array([1.5]), np.array([0.25]), eps=float(eps))
    np.testing.assert_allclose(y, column(due), rtol=1e-15)
    assert cache.mean.item() == 3
    assert cache.var.item() == 3.5


def test_backward_is_exact_on_rationals() -> None:
    """Catch a missing term of dx: here it is differentiated through every x by the chain rule."""
    x, dy, gamma, eps, r = exact()
    xhat = [(v - 3) * r for v in x]
    jacobian = [
        [gamma * r * (Fraction(i == k) - Fraction(1, 4) - xhat[i] * xhat[k] / 4) for k in range(4)]
        for i in range(4)
    ]
    due = [sum((dy[i] * jacobian[i][k] for i in range(4)), Fraction(0)) for k in range(4)]
    _, cache = train_forward(column(x), np.array([1.5]), np.array([0.25]), eps=float(eps))
    dx, dgamma, dbeta = train_backward(column(dy), cache)
    np.testing.assert_allclose(dx, column(due), rtol=1e-14)
    assert dgamma is not None
    assert dbeta is not None
    assert dgamma.item() == pytest.approx(float(sum(a * b for a, b in zip(dy, xhat, strict=True))))
    assert dbeta.item() == 2


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("channel_axis", [1, -1])
def test_training_agrees_with_torch(shape: tuple[int, ...], channel_axis: int) -> None:
    """Catch a mistake of some rank or channel axis, in any output."""
    given = made(shape)
    y_due, dx_due, dgamma_due, dbeta_due, mean_due, var_due = by_torch(
        given, training=True, eps=0.5
    )
    x, dy = (np.moveaxis(given[name], 1, channel_axis) for name in ("x", "dy"))
    y, cache = train_forward(x, given["gamma"], given["beta"], eps=0.5, channel_axis=channel_axis)
    dx, dgamma, dbeta = train_backward(dy, cache)
    mean, var = running_update(given["running_mean"], given["running_var"], cache, momentum=0.25)
    for got, due in ((y, y_due), (dx, dx_due)):
        np.testing.assert_allclose(np.moveaxis(got, channel_axis, 1), due, rtol=1e-10, atol=1e-12)
    for small, due in ((dgamma, dgamma_due), (dbeta, dbeta_due), (mean, mean_due), (var, var_due)):
        assert small is not None
        np.testing.assert_allclose(small, due, rtol=1e-10)


@pytest.mark.parametrize("shape", SHAPES)
def test_inference_agrees_with_torch(shape: tuple[int, ...]) -> None:
    """Catch inference by the batch's statistics, and gradients through them."""
    given = made(shape)
    due = by_torch(given, training=False, eps=0.5)
    names = ("x", "gamma", "beta", "running_mean", "running_var")
    y, cache = inference_forward(*(given[name] for name in names), eps=0.5)
    for got, expected in zip((y, *inference_backward(given["dy"], cache)), due, strict=False):
        assert got is not None
        np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("name", NARROW)
def test_narrow_dtypes_are_computed_in_float32(name: str) -> None:
    """Catch statistics formed in 16 bits, and results in a dtype that is not due."""
    given = made((300, 2))
    narrow = {k: v.astype(NARROW[name]) for k, v in given.items() if k in ("x", "dy")}
    wide = {k: v.astype(np.float32) for k, v in given.items() if k not in narrow}
    exactly = {k: v.astype(np.float64) for k, v in {**wide, **narrow}.items()}
    due = by_torch(exactly, training=True, eps=0.5)
    y, cache = train_forward(narrow["x"], wide["gamma"], wide["beta"], eps=0.5)
    dx, dgamma, dbeta = train_backward(narrow["dy"], cache)
    mean, var = running_update(wide["running_mean"], wide["running_var"], cache, momentum=0.25)
    assert {a.dtype for a in (y, dx)} == {np.dtype(NARROW[name])}
    rounding = 2.0**-10 if name == "float16" else 2.0**-7
    for got, expected in zip((y, dx), due, strict=False):
        np.testing.assert_allclose(got.astype(np.float64), expected, rtol=rounding, atol=1e-5)
    for small, expected in zip((dgamma, dbeta, mean, var), due[2:], strict=True):
        assert small is not None
        assert small.dtype == np.float32
        np.testing.assert_allclose(small, expected, rtol=1e-5, atol=1e-4)


def test_parameters_may_be_absent() -> None:
    """Catch None taken for something else than gamma = 1 and beta = 0, and gradients of nothing."""
    given = made((5, 3))
    ones, zeros = np.ones(3), np.zeros(3)
    y, cache = train_forward(given["x"])
    np.testing.assert_array_equal(y, train_forward(given["x"], ones, zeros)[0])
    assert train_backward(given["dy"], cache)[1:] == (None, None)
    assert not np.may_share_memory(y, cache.xhat)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_nonfinite_values_stay_in_their_channel(value: float) -> None:
    """Catch a channel that leaks into another, one that looks finite, and warnings."""
    given = made((6, 3))
    sound = train_forward(given["x"])[0]
    given["x"][2, 1] = value
    y, cache = train_forward(given["x"])
    dx = train_backward(given["dy"], cache)[0]
    np.testing.assert_array_equal(y[:, [0, 2]], sound[:, [0, 2]])
    assert np.isfinite(dx[:, [0, 2]]).all()
    if not np.isfinite(value):
        assert not np.isfinite(y[:, 1]).any()
        assert not np.isfinite(dx[:, 1]).any()
        _, var = running_update(np.zeros(3), np.ones(3), cache, momentum=0.5)
        assert np.isfinite(var).tolist() == [True, False, True]


def test_large_means_do_not_cancel() -> None:
    """Catch the variance formed as E[x^2] - E[x]^2: at a mean of 4e6 it would be noise."""
    x = (np.array([[-1.0], [1.0]] * 8) + 2.0**22).astype(np.float32)
    y, cache = train_forward(x, eps=0.0)
    assert cache.var.item() == 1
    assert y.tolist() == [[-1.0], [1.0]] * 8
