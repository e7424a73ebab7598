"""Activation functions and losses against 60 digits.

Bounds count roundings; exp, tanh and log1p of the platform are taken to be off by at most 4 units
of roundoff, which all common ones are.
"""

import math
from typing import Any

import mpmath
import numpy as np
import pytest
from tests.reference import fifty_digits

from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.reference import one_hot
from bnproof.reference.activations import ACTIVATIONS, sigmoid
from bnproof.reference.losses import LOSSES

U = 2.0**-53
POINTS = np.array([-700.0, -40.0, -3.0, -0.5, -1e-9, 1e-9, 0.25, 2.0, 30.0, 700.0])
FEW = accumulated(16, U)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_and_slopes_of_activations(name: str) -> None:
    """Catch a function that overflows, and a slope that is not its own.

    1 - tanh^2 cancels where tanh is near 1, and is then off by a few units of 1.
    """
    g = fifty_digits.FUNCTIONS[name]
    with mpmath.workdps(700):  # 1 - sigmoid(700) has 305 digits that are 9
        values = [float(g(mpmath.mpf(p))) for p in POINTS]
        step = mpmath.mpf("1e-320")
        slopes = [
            float((g(mpmath.mpf(p) + step) - g(mpmath.mpf(p) - step)) / (2 * step)) for p in POINTS
        ]
    due, slope = np.array(values), np.array(slopes)
    got = ACTIVATIONS[name].forward(POINTS)
    got_slope = ACTIVATIONS[name].backward(np.full(len(POINTS), 3.0), POINTS) / 3

    assert (np.abs(got - due) <= FEW * np.abs(due)).all()
    assert (np.abs(got_slope - slope) <= FEW * (1 if name == "tanh" else np.abs(slope))).all()


def drawn(rows: int, seed: int) -> tuple[Any, Any]:
    """Z of all sizes, and Y."""
    rng = np.random.default_rng(seed)
    Z = rng.normal(size=(rows, 8)) * 10.0 ** rng.integers(-2, 3, 8)
    Y = np.eye(rows)[:, rng.integers(rows, size=8)] if rows > 1 else rng.integers(2, size=(1, 8))
    return Z, np.asarray(Y, np.float64)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("name", "rows"), [("logistic", 1), ("softmax", 4)])
def test_costs_and_their_gradients(name: str, rows: int, seed: int) -> None:
    """Catch a loss of the wrong sign or mean, and a gradient that is not its own.

    log p = z_right - max z - log sum exp(z - max z): each part rounds by at most its size.
    """
    Z, Y = drawn(rows, seed)
    loss, m = LOSSES[name], Z.shape[1]
    with mpmath.workdps(200):
        wide, labels = fifty_digits.exactly(Z), fifty_digits.exactly(Y)
        due = fifty_digits.COSTS[name](wide, labels)
        cost_error = abs(float(loss.cost(Z, Y) - due))
        step, slope = mpmath.mpf("1e-60"), np.empty(Z.shape)
        for index in np.ndindex(Z.shape):
            ends = []
            for side in (step, -step):
                moved = wide.copy()
                moved[index] += side
                ends.append(fifty_digits.COSTS[name](moved, labels))
            slope[index] = float((ends[0] - ends[1]) / (2 * step))
    size = float((np.abs(Z).max(axis=0) * 2 + math.log(2 * rows)).mean())
    reach = 1 + 2 * np.abs(Z).max(axis=0)  # exp(z) is off by |z| units where z is

    assert cost_error <= accumulated(m + rows + 16, U) * (size + float(due))
    assert (np.abs(loss.backward(Z, Y) - slope) <= accumulated(rows + 16, U) * reach / m).all()


@pytest.mark.parametrize("name", LOSSES)
def test_predictions_are_probabilities(name: str) -> None:
    """Catch overflow at the ends, where a right answer is certain."""
    found = LOSSES[name].predict(np.array([[1e4, -1e4], [-1e4, 1e4]]))

    assert found.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert sigmoid(np.array([0.0])).item() == 0.5


@pytest.mark.parametrize(
    "labels", [np.array([0, 3]), np.array([-1]), np.array([0.0]), np.ones((1, 1), int)]
)
def test_labels_that_are_not_classes_are_refused(labels: Any) -> None:
    """Catch a column of zeros, of which softmax's gradient would be wrong."""
    with pytest.raises(ValueError, match="labels are"):
        one_hot(labels, classes=3)
