"""Bad arguments: one line that names the argument, what was got and what was due."""

from typing import Any

import numpy as np
import pytest

from bnproof.reference import BatchNorm, inference_forward, train_backward, train_forward

X = np.arange(12.0).reshape(4, 3)
ONES = np.ones(3)
GOOD: dict[str, Any] = {
    "x": X,
    "gamma": ONES,
    "beta": ONES,
    "running_mean": ONES,
    "running_var": ONES,
    "momentum": 0.25,
    "eps": 0.5,
}
BAD = [
    ("x", np.ones(3), "x has shape (3,)"),
    ("x", np.ones((4, 3), int), "x is int64"),
    ("x", [[1.0, 2.0, 3.0]], "x is list"),
    ("x", np.ones((1, 3)), "x has shape (1, 3), 1 value per channel"),
    ("x", np.ones((0, 3)), "x has shape (0, 3), 0 values per channel"),
    ("x", np.ones((2, 3, 0)), "x has shape (2, 3, 0), 0 values per channel"),
    ("gamma", np.ones(4), "gamma has shape (4,); due is (3,)"),
    ("gamma", np.ones((1, 3)), "gamma has shape (1, 3); due is (3,)"),
    ("beta", np.ones(3, complex), "beta is complex128"),
    ("running_mean", np.ones(2), "running_mean has shape (2,)"),
    ("running_var", None, "running_var is NoneType"),
    ("eps", -1e-5, "eps = -1e-05"),
    ("eps", float("nan"), "eps = nan"),
    ("eps", float("inf"), "eps = inf"),
    ("eps", "small", "eps = 'small'"),
    ("momentum", 1.5, "momentum = 1.5"),
    ("momentum", -0.1, "momentum = -0.1"),
    ("momentum", float("nan"), "momentum = nan"),
    ("batches_seen", -1, "batches_seen = -1"),
]


@pytest.mark.parametrize(("name", "value", "message"), BAD)
def test_bad_arguments_of_training(name: str, value: Any, message: str) -> None:
    """Catch an argument that is let through, and a message that does not name it."""
    with pytest.raises(ValueError, match="due") as caught:
        BatchNorm().train(**{**GOOD, name: value})
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_good_arguments_pass() -> None:
    """Catch checks that refuse what is right, and so make the tests above worthless."""
    BatchNorm().train(**GOOD)
    BatchNorm().train(**{**GOOD, "eps": 0.0, "momentum": 1})


@pytest.mark.parametrize("settings", [{"running_variance": "sample"}, {"momentum_weighs": "both"}])
def test_bad_conventions(settings: Any) -> None:
    """Catch a convention that is misspelt and silently taken for another."""
    with pytest.raises(ValueError, match=next(iter(settings))):
        BatchNorm(**settings)


def test_bad_channel_axis() -> None:
    """Catch an axis that no function was written for."""
    with pytest.raises(ValueError, match="channel_axis = 2; due is 1 or -1"):
        BatchNorm(channel_axis=2)
    with pytest.raises(ValueError, match="channel_axis = 0; due is 1 or -1"):
        train_forward(X, channel_axis=0)


def test_bad_upstream_gradient() -> None:
    """Catch a dy that would broadcast."""
    with pytest.raises(ValueError, match=r"dy has shape \(1, 3\); due is \(4, 3\)"):
        train_backward(np.ones((1, 3)), train_forward(X)[1])


def test_inference_takes_one_example_and_none() -> None:
    """Catch training's limits on the batch where they do not belong."""
    for count in (0, 1):
        y, _ = inference_forward(np.ones((count, 3)), ONES, ONES, ONES, ONES)
        assert y.shape == (count, 3)
