"""b[l] has no effect: on any later step, bit for bit where sums are exact."""

import numpy as np
import pytest

from bnproof.reference import Architecture, GradientDescent, Memory, Network, initialized, updated
from bnproof.reference.checks import Array

GRID = 2.0**-6
SETTINGS = {"activation": "tanh", "loss": "softmax", "eps": 0.5}
STEPS = 12
Arrays = dict[str, Array]


def on_grid(values: Array) -> Array:
    """Round to multiples of the grid's step, so that products and sums of a few are exact."""
    return np.asarray(np.rint(values / GRID) * GRID)


def trained(b: Array) -> list[Arrays]:
    """The parameters after each step of a training; layer 1 has bias b, and is kept on the grid."""
    architecture = Architecture((3, 4, 2), keep_bias=True, **SETTINGS)  # type: ignore[arg-type]  # as declared
    rng = np.random.default_rng(0)
    network = initialized(architecture, rng)
    X, Y = on_grid(rng.normal(size=(3, 16))), np.eye(2)[:, rng.integers(2, size=16)]
    network.parameters |= {"W1": on_grid(network.parameters["W1"]), "b1": b}
    memory, states = Memory(), []
    for _ in range(STEPS):
        _, gradients = network.backward(Y, network.forward(X))
        network.parameters, memory = updated(
            GradientDescent(0.5), network.parameters, gradients, memory
        )
        network.parameters |= {n: on_grid(network.parameters[n]) for n in ("W1", "b1")}
        states.append(network.parameters)
    return states


@pytest.mark.parametrize("seed", range(5))
def test_no_effect_on_any_later_step_bit_for_bit(seed: int) -> None:
    """Catch a bias that gets anywhere: W[1] and b[1] are kept on a grid, where sums are exact.

    So Z + b - mean(Z + b) is Z - mean(Z) to the last bit, and whatever follows; and b, whose
    gradient is but rounding errors, stays where it is.
    """
    b = on_grid(np.random.default_rng(seed).normal(size=(4, 1)) * 100)
    with_b = trained(b)
    without = trained(np.zeros((4, 1)))
    for one, other in zip(with_b, without, strict=True):
        np.testing.assert_array_equal(one["b1"], b)
        for name in set(one) - {"b1"}:
            np.testing.assert_array_equal(one[name], other[name])
    assert not np.array_equal(without[0]["W1"], without[-1]["W1"])


def test_the_gradient_of_b_is_0_bit_for_bit_where_everything_is_exact() -> None:
    """Catch a db that is not exactly 0 where no rounding can excuse it.

    Z is +-1 about b, and with eps = 0 so is Z_norm; the gradients are small whole numbers.
    """
    architecture = Architecture((1, 1, 1), "linear", "logistic", keep_bias=True, eps=0.0)
    signs = np.array([[1.0, -1.0, 1.0, -1.0]])
    parameters = {
        "W1": np.ones((1, 1)),
        "b1": np.full((1, 1), 12.5),
        "gamma1": np.full((1, 1), 2.0),
        "beta1": np.zeros((1, 1)),
        "W2": np.full((1, 1), 2.0**-60),  # so small that every probability is 1/2
        "b2": np.zeros((1, 1)),
    }
    network = Network(architecture, parameters)
    _, gradients = network.backward(np.array([[1.0, 0.0, 0.0, 0.0]]), network.forward(signs))

    assert gradients["b1"].item() == 0.0
    assert gradients["b2"].item() != 0.0
