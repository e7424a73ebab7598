"""`certify`: ratios for a single call."""

from typing import Any

import numpy as np
import pytest

from bnproof.engine.judging.certify import certify
from bnproof.reference import BatchNorm

RNG = np.random.default_rng(0)
X, DY = RNG.normal(size=(2, 8, 3, 4)).astype(np.float32)
GAMMA, BETA, MEAN = RNG.normal(size=(3, 3)).astype(np.float32)
VAR = np.ones(3, np.float32)


def outputs(axis: int = 1) -> dict[str, Any]:
    """All outputs of a training call of the reference."""
    x, dy = (np.moveaxis(a, 1, axis) for a in (X, DY))
    y, mean, var, backward = BatchNorm(channel_axis=axis).train(
        x, GAMMA, BETA, MEAN, VAR, momentum=0.25, eps=0.5
    )
    dx, dgamma, dbeta = backward(dy)
    results = {"y": y, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}
    return results | {"new_running_mean": mean, "new_running_var": var}


@pytest.mark.parametrize("axis", [1, -1])
def test_right_outputs_are_explained(axis: int) -> None:
    """Every output, by every class, in both layouts."""
    x, dy = (np.moveaxis(a, 1, axis) for a in (X, DY))
    settings: dict[str, Any] = {"momentum": 0.25, "eps": 0.5, "channel_axis": axis}
    ratios = certify(
        x=x, dy=dy, gamma=GAMMA, beta=BETA, running_mean=MEAN, running_var=VAR,
        **settings, **outputs(axis),
    )  # fmt: skip

    assert set(ratios["two-pass"]) == set(outputs())
    assert all(0 <= r <= 1 for by_output in ratios.values() for r in by_output.values())


def test_a_wrong_output_is_not() -> None:
    """One part in a million of eight values is far outside the bound."""
    y = outputs()["y"] * np.float32(1 + 1e-5)

    assert certify(x=X, gamma=GAMMA, beta=BETA, eps=0.5, y=y)["streaming"]["y"] > 1


def test_nan_is_infinitely_wrong() -> None:
    """NaN compares false, and must not pass."""
    y = outputs()["y"].copy()
    y[0, 0, 0] = np.nan

    assert certify(x=X, gamma=GAMMA, beta=BETA, eps=0.5, y=y)["one-pass"]["y"] == np.inf


def test_missing_inputs_are_named() -> None:
    """A gradient cannot be certified without dy."""
    with pytest.raises(ValueError, match="dy is not given"):
        certify(x=X, eps=0.5, dx=X)
    with pytest.raises(ValueError, match="y has shape"):
        certify(x=X, eps=0.5, y=X[:1])
