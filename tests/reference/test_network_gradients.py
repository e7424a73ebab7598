"""The network's gradients, against differences to 60 digits that know no backward pass.

Judged by resolution, not by a tolerance: rounding must move the gradients less than a change of one
weight by 2^-34 of itself does, so that whatever is wrong by more than that is seen.
"""

from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from tests.reference import fifty_digits

from bnproof.reference import Adam, Architecture, Memory, initialized, updated

RESOLUTION = 2.0**-34
NETWORKS = [
    Architecture((3, 4, 3, 2), "tanh", "softmax", eps=0.01),
    Architecture((2, 3, 1), "sigmoid", "logistic", eps=0.01),
    Architecture((3, 4, 2), "tanh", "softmax", keep_bias=True, eps=0.01),
    Architecture((3, 4, 2), "tanh", "softmax", normalize=False),
    Architecture((2, 3, 3, 2), "relu", "softmax", eps=0.01),
    Architecture((2, 3, 2, 1), "linear", "logistic", eps=0.01),
]


@pytest.mark.parametrize("architecture", NETWORKS, ids=lambda a: f"{a.activation} {a.sizes}")
def test_gradients_are_the_slopes_of_the_cost(
    architecture: Architecture, record_property: Callable[[str, object], None]
) -> None:
    """Catch a wrong term anywhere from the loss to dW1, dgamma1 and dbeta1, and a wrong cost."""
    rng = np.random.default_rng(0)
    network = initialized(architecture, rng)
    for name in network.parameters:
        network.parameters[name] = network.parameters[name] + 0.1 * rng.normal(
            size=network.parameters[name].shape
        )
    X = rng.normal(size=(architecture.sizes[0], 6)) + 1
    Y = np.eye(architecture.sizes[-1])[:, rng.integers(architecture.sizes[-1], size=6)]
    cost, gradients = network.backward(Y, network.forward(X))
    with mpmath.workdps(fifty_digits.DIGITS):
        wide = {name: fifty_digits.exactly(v) for name, v in network.parameters.items()}
        data = fifty_digits.exactly(X), fifty_digits.exactly(Y)
        due = fifty_digits.gradients(architecture, wide, *data)
        moved = {**wide, "W1": wide["W1"] * (1 + mpmath.mpf(RESOLUTION))}
        if architecture.normalize:  # all of W1 scaled would be lost in the normalization
            moved["W1"] = wide["W1"].copy()
            moved["W1"][0, 0] *= 1 + mpmath.mpf(RESOLUTION)
        other = fifty_digits.gradients(architecture, moved, *data)
        error = fifty_digits.distance(gradients, due)
        seen = fifty_digits.distance(other, due)
        off = abs(float(cost - fifty_digits.cost(architecture, wide, *data)))
    record_property("error of the gradients", float(error))

    assert set(gradients) == set(due)
    assert error < seen
    assert off < seen


def adam_to_60_digits(
    parameters: fifty_digits.Numbers,
    gradients: fifty_digits.Numbers,
    t: int,
    averages: dict[str, tuple[object, object]],
    settings: Adam,
) -> None:
    """One step of Adam by Kingma and Ba's Algorithm 1, in place."""
    alpha, beta1, beta2, eps = (
        mpmath.mpf(getattr(settings, name)) for name in ("learning_rate", "beta1", "beta2", "eps")
    )
    for name, g in gradients.items():
        v, s = averages.get(name, (0 * g, 0 * g))
        v, s = beta1 * v + (1 - beta1) * g, beta2 * s + (1 - beta2) * g**2
        averages[name] = v, s
        root = np.vectorize(mpmath.sqrt, otypes=[object])(s / (1 - beta2**t))
        parameters[name] = parameters[name] - alpha * (v / (1 - beta1**t)) / (root + eps)


def test_a_whole_training_against_60_digits(record_property: Callable[[str, object], None]) -> None:
    """Report how far a training with Adam is from the same to 60 digits.

    Catch a step that is wrong, however little: the distance must be less than what a learning rate
    that is 2^-34 too large brings about.
    """
    architecture = Architecture((2, 3, 2), "tanh", "softmax", eps=0.01)
    rng = np.random.default_rng(1)
    network, X = initialized(architecture, rng), rng.normal(size=(2, 6))
    Y = np.eye(2)[:, rng.integers(2, size=6)]
    start, memory, optimizer, steps = network.parameters, Memory(), Adam(0.05), 10
    for _ in range(steps):
        _, gradients = network.backward(Y, network.forward(X))
        network.parameters, memory = updated(optimizer, network.parameters, gradients, memory)
    ends = []
    with mpmath.workdps(fifty_digits.DIGITS):
        data = fifty_digits.exactly(X), fifty_digits.exactly(Y)
        for settings in (optimizer, Adam(0.05 * (1 + RESOLUTION))):
            wide = {name: fifty_digits.exactly(v) for name, v in start.items()}
            averages: dict[str, tuple[object, object]] = {}
            for t in range(1, steps + 1):
                slopes = fifty_digits.gradients(architecture, wide, *data)
                adam_to_60_digits(wide, slopes, t, averages, settings)
            ends.append(wide)
        error = fifty_digits.distance(network.parameters, ends[0])
        seen = fifty_digits.distance(ends[1], ends[0])
    record_property("error of the parameters after 10 steps", float(error))

    assert error < seen
