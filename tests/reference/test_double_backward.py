"""Double backward of the reference, against PyTorch's autograd."""

from typing import Any

import numpy as np
import pytest
import torch

from bnproof.reference import BatchNorm, train_double_backward, train_forward

SHAPES = [(7, 3), (4, 3, 5), (3, 4, 2, 5)]


def made(shape: tuple[int, ...]) -> list[Any]:
    """x, dy, ddx, and gamma, beta, running_mean, running_var, ddgamma, ddbeta."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape) * 2 + 1 for _ in range(3)]
    return [*arrays, *(rng.uniform(0.5, 2, shape[1]) for _ in range(6))]


def by_torch(given: list[Any], *, training: bool) -> list[Any]:
    """ddy, dx and dgamma."""
    x, dy, ddx, gamma, beta, mean, var, ddgamma, ddbeta = (torch.tensor(a) for a in given)
    leaves = [a.requires_grad_() for a in (x, gamma, beta, dy)]
    y = torch.nn.functional.batch_norm(x, mean, var, gamma, beta, training, 0.25, 0.5)
    first = torch.autograd.grad(y, leaves[:3], dy, create_graph=True)
    second = torch.autograd.grad(first, (dy, x, gamma), (ddx, ddgamma, ddbeta))
    return [each.numpy() for each in second]


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_torch(shape: tuple[int, ...], *, training: bool) -> None:
    """Catch a missing term, in either mode, and sums that leave out space."""
    given = made(shape)
    x, dy, ddx, *parameters = given
    functions = BatchNorm()
    settings: dict[str, Any] = {"momentum": 0.25} if training else {}
    call = functions.train if training else functions.infer
    *_, backward = call(x, *parameters[:4], eps=0.5, **settings)
    got = backward.double(dy, ddx, *parameters[4:])  # type: ignore[attr-defined]  # optional
    for one, due in zip(got, by_torch(given, training=training), strict=True):
        np.testing.assert_allclose(one, due, rtol=1e-10, atol=1e-12)


def test_without_parameters() -> None:
    """None for gamma and beta gives None for dgamma, and no terms of ddgamma and ddbeta."""
    x, dy, ddx, *_ = made((7, 3))
    one, zero = np.ones(3), np.zeros(3)
    _, bare = train_forward(x, eps=0.5)
    _, affine = train_forward(x, one, zero, eps=0.5)
    ddy, dx, dgamma = train_double_backward(dy, ddx, None, None, bare)
    due = train_double_backward(dy, ddx, zero, zero, affine)
    assert dgamma is None
    np.testing.assert_array_equal(ddy, due[0])
    np.testing.assert_array_equal(dx, due[1])


def test_wrong_shapes_are_told() -> None:
    """Catch broadcasting of a wrong shape into a wrong number."""
    x, dy, ddx, *parameters = made((7, 3))
    _, cache = train_forward(x, *parameters[:2])
    with pytest.raises(ValueError, match=r"ddx has shape \(1, 3\); due is \(7, 3\)"):
        train_double_backward(dy, ddx[:1], None, None, cache)
    with pytest.raises(ValueError, match=r"ddgamma has shape \(1,\); due is \(3,\)"):
        train_double_backward(dy, ddx, parameters[4][:1], None, cache)
