"""`certify`: ratios for a single call."""

import math
import subprocess
import sys
from typing import Any, Literal

import numpy as np
import pytest

from bnproof.certify import Call, certify, certify_forward
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
def test_right_outputs_are_explained(axis: Literal[1, -1]) -> None:
    """Every output, by every class, in both layouts."""
    x, dy = (np.moveaxis(a, 1, axis) for a in (X, DY))
    settings: dict[str, Any] = {"momentum": 0.25, "eps": 0.5, "channel_axis": axis}
    call = Call(
        x=x, dy=dy, gamma=GAMMA, beta=BETA, running_mean=MEAN, running_var=VAR,
        **settings, **outputs(axis),
    )  # fmt: skip
    ratios = certify(call)

    assert set(ratios["two-pass"]) == set(outputs())
    assert all(0 <= r <= 1 for by_output in ratios.values() for r in by_output.values())


def test_a_wrong_output_is_not() -> None:
    """One part in a million of eight values is far outside the bound."""
    y = outputs()["y"] * np.float32(1 + 1e-5)

    assert certify_forward(X, y, GAMMA, BETA, eps=0.5)["streaming"] > 1


def test_the_short_form_is_the_long_one() -> None:
    """Catches an argument that the short form loses."""
    y = outputs()["y"]
    whole = certify(Call(x=X, y=y, gamma=GAMMA, beta=BETA, eps=0.5))

    short = certify_forward(X, y, GAMMA, BETA, eps=0.5)
    assert short == {name: found["y"] for name, found in whole.items()}
    assert max(short.values()) <= 1


def test_nan_is_infinitely_wrong() -> None:
    """NaN compares false, and must not pass."""
    y = outputs()["y"].copy()
    y[0, 0, 0] = np.nan

    assert certify_forward(X, y, GAMMA, BETA, eps=0.5)["one-pass"] == np.inf


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dx": X}, "dy: expected an array, got None; dx needs it"),
        ({"y": X[:1]}, r"y: expected shape \(8, 3, 4\), got \(1, 3, 4\)"),
        ({"gamma": GAMMA[:2]}, r"gamma: expected shape \(3,\), got \(2,\)"),
        ({"dy": DY[:1]}, r"dy: expected shape \(8, 3, 4\), got \(1, 3, 4\)"),
        ({"new_running_var": VAR}, "running_var: expected an array, got None"),
        ({"inference": True}, "running_mean: expected an array, got None; inference needs it"),
        ({"momentum_weighs": "both"}, "momentum_weighs: expected 'new' or 'old', got 'both'"),
        ({"channel_axis": 2}, "channel_axis: expected 1 or -1, got 2"),
        ({"x": X.astype(np.int64)}, "x: expected one of .*, got int64"),
        ({"x": X[0, 0]}, "x: expected at least 2 dimensions, got 1"),
        ({"eps": math.nan}, "eps: expected a finite number of at least 0, got nan"),
        ({"eps": -1e-5}, "eps: expected a finite number of at least 0, got -1e-05"),
        ({"momentum": math.inf}, "momentum: expected a finite number, got inf"),
    ],
)
def test_what_does_not_fit_is_named(given: dict[str, Any], said: str) -> None:
    """Catches an input that is broadcast, or a setting that is silently another one."""
    with pytest.raises(ValueError, match=said):
        Call(**{"x": X, "eps": 0.5, **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"momentum": None}, "momentum: expected a number, got NoneType"),
        ({"eps": "1e-5"}, "eps: expected a number, got str"),
        ({"x": X.tolist()}, "x: expected a NumPy array, got list"),
        ({"gamma": [1.0, 1.0, 1.0]}, "gamma: expected a NumPy array, got list"),
    ],
)
def test_what_is_no_array_or_number_is_named(given: dict[str, Any], said: str) -> None:
    """Catches an exception of ours from deep inside for a list, or for a momentum of None."""
    with pytest.raises(TypeError, match=said):
        Call(**{"x": X, "eps": 1e-5, "y": X, **given})


def test_nothing_of_a_check_is_loaded() -> None:
    """A number in a test needs no worker process, so it works where there are none."""
    script = (
        "import sys; import bnproof.certify; "
        "print([n for n in sys.modules if n in ('fcntl', 'resource') or 'bnproof.sandbox' in n])"
    )
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # ours

    assert ran.stdout.strip() == "[]"
