"""The network as its users meet it: order of the steps, errors, one example, the same seed."""

from typing import Any

import numpy as np
import pytest

from bnproof.reference import (
    Adam,
    Architecture,
    GradientDescent,
    Memory,
    Momentum,
    Network,
    RMSprop,
    initialized,
    mini_batches,
    train_forward,
    training,
    updated,
)
from bnproof.reference.checks import Array

ARCHITECTURE = Architecture((2, 6, 5, 2), "tanh")


def data(m: int = 64) -> tuple[Array, Array]:
    """Two classes on the two sides of a line."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(2, m))
    return X, np.eye(2)[:, (X[0] > X[1]).astype(int)]


def test_the_forward_order_is_that_of_the_lectures() -> None:
    """Catch normalization of X or of A, or an activation function before it.

    X, Z[1] = W[1] X, Z~[1], A[1] = g(Z~[1]), Z[2] = W[2] A[1], Z~[2], A[2], Z[3].
    """
    network = initialized(ARCHITECTURE, np.random.default_rng(0))
    X, _ = data()
    passed = network.forward(X)
    first, second = passed.layers

    assert np.array_equal(first.A_previous, X)
    assert np.array_equal(first.Z, network.parameters["W1"] @ X)
    assert np.array_equal(second.A_previous, np.tanh(first.Z_tilde))
    assert np.array_equal(second.Z, network.parameters["W2"] @ second.A_previous)
    assert np.array_equal(passed.A, np.tanh(second.Z_tilde))
    assert np.array_equal(
        first.Z_tilde, train_forward(first.Z.T, gamma=np.ones(6), beta=np.zeros(6))[0].T
    )


def test_statistics_are_those_of_the_mini_batch_and_of_nothing_else() -> None:
    """Catch statistics carried from X{1} to X{2} in training."""
    network = initialized(ARCHITECTURE, np.random.default_rng(0))
    X, _ = data()
    alone = network.forward(X[:, 32:]).Z
    network.track(network.forward(X[:, :32]))

    assert np.array_equal(network.forward(X[:, 32:]).Z, alone)


def test_gamma_and_beta_can_undo_the_normalization() -> None:
    """Catch an affine step that cannot give Z back: gamma = sqrt(var + eps), beta = mean.

    Z is 3 +- 1/2, and so var + eps = 1 and nothing rounds.
    """
    network = initialized(Architecture((1, 1, 2), "linear", eps=0.75), np.random.default_rng(0))
    Z = np.array([[2.5, 3.5, 3.5, 2.5]])
    ones = np.ones((1, 1))
    network.parameters |= {"W1": ones, "gamma1": ones, "beta1": 3 * ones}

    assert np.array_equal(network.forward(Z).layers[0].Z_tilde, Z)
    network.parameters["gamma1"] = 2 * ones
    assert not np.array_equal(network.forward(Z).layers[0].Z_tilde, Z)


def trained() -> tuple[Network, Array]:
    """A network whose running statistics have moved, and its data."""
    network = initialized(ARCHITECTURE, np.random.default_rng(0))
    X, Y = data()
    rng = np.random.default_rng(1)
    for _ in training(network, X, Y, Adam(), epochs=3, batch_size=16, rng=rng):
        pass
    return network, X


def test_inference_does_not_look_at_the_other_examples() -> None:
    """Catch a batch's statistics at test time: the others change, and not a bit of one's answer."""
    network, X = trained()
    others = X * 3 + 1
    others[:, 7] = X[:, 7]

    assert np.array_equal(network.infer(X)[:, 7], network.infer(others)[:, 7])


def test_one_example_at_test_time_gives_what_it_gives_in_its_batch() -> None:
    """Catch inference that needs more than one example.

    A sum may be taken in another order; that matters less than 2^-34 of one gamma does.
    """
    network, X = trained()
    whole = network.infer(X)
    alone = np.hstack([network.infer(X[:, i : i + 1]) for i in range(X.shape[1])])
    network.parameters["gamma1"] = network.parameters["gamma1"] * (1 + 2.0**-34)

    assert np.abs(whole - alone).max() < np.abs(whole - network.infer(X)).max()


OPTIMIZERS = [GradientDescent(0.5), Momentum(0.5), RMSprop(), Adam()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_same_seed_gives_the_same_numbers(optimizer: Any) -> None:
    """Catch a hidden source of chance."""
    X, Y = data()
    ends = []
    for _ in range(2):
        rng = np.random.default_rng(0)
        network = initialized(ARCHITECTURE, rng)
        for _ in training(network, X, Y, optimizer, epochs=3, batch_size=16, rng=rng):
            pass
        ends.append(network.parameters)

    assert all(np.array_equal(ends[0][name], ends[1][name]) for name in ends[0])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_lowers_the_cost(optimizer: Any) -> None:
    """Catch an optimizer that goes uphill or stands: all examples at once, so nothing is noise."""
    X, Y = data()
    rng = np.random.default_rng(0)
    network = initialized(ARCHITECTURE, rng)
    steps = training(network, X, Y, optimizer, epochs=40, batch_size=64, rng=rng)
    costs = [step.cost for step in steps]

    assert costs[-1] < costs[0] / 2


def test_training_averages_the_statistics_of_each_mini_batch() -> None:
    """Catch averages of all examples, of the Z after the update, or of every other batch.

    With 1/2 as weight the closed form is a sum of powers of two, formed here to the last bit.
    """
    X, Y = data()
    rng = np.random.default_rng(0)
    network = initialized(Architecture((2, 6, 2), momentum=0.5), rng)
    due = np.zeros((6, 1)), np.ones((6, 1))
    for step in training(network, X, Y, Adam(), epochs=2, batch_size=16, rng=rng):
        Z = step.passed.layers[0].Z
        mean = Z.mean(axis=1, keepdims=True)
        var = ((Z - mean) ** 2).mean(axis=1, keepdims=True)
        due = 0.5 * due[0] + 0.5 * mean, 0.5 * due[1] + 0.5 * var

    assert step.passed.Z.shape == (2, 16)
    assert np.array_equal(network.running["running_mean1"], due[0])
    assert np.array_equal(network.running["running_var1"], due[1])


def test_training_goes_on_where_it_was() -> None:
    """Catch a memory of the optimizer that is lost between two runs."""
    X, Y = data()

    def run(*parts: int) -> Network:
        rng, memory = np.random.default_rng(0), Memory()
        network = initialized(ARCHITECTURE, rng)
        for epochs in parts:
            for step in training(
                network, X, Y, Adam(), epochs=epochs, batch_size=16, rng=rng, memory=memory
            ):
                memory = step.memory
        return network

    whole, parts = run(4), run(1, 3)

    assert np.array_equal(whole.parameters["W1"], parts.parameters["W1"])
    assert np.array_equal(whole.running["running_var2"], parts.running["running_var2"])


def test_a_diverging_training_is_quiet() -> None:
    """Catch warnings by the hundred where a learning rate is too large: the cost tells."""
    X, Y = data()
    network = initialized(
        Architecture((2, 6, 2), normalize=False), np.random.default_rng(0), scale=50.0
    )
    steps = training(
        network, X, Y, GradientDescent(1e200), epochs=4, batch_size=16, rng=np.random.default_rng(0)
    )

    assert not np.isfinite([step.cost for step in steps][-1])


@pytest.mark.parametrize("m", [2, 3, 4, 5, 16, 17, 33])
def test_mini_batches_part_the_examples(m: int) -> None:
    """Catch an example that is lost or seen twice, a wrong size, and X and Y shuffled apart."""
    X = np.arange(float(m))[np.newaxis]
    batches = mini_batches(X, 10 * X, 4, np.random.default_rng(0))
    sizes = [X_t.shape[1] for X_t, _ in batches]

    assert sorted(np.hstack([X_t for X_t, _ in batches]).ravel()) == list(range(m))
    assert all(np.array_equal(Y_t, 10 * X_t) for X_t, Y_t in batches)
    assert min(sizes) >= 2
    assert max(sizes) <= 5
    assert set(sizes[:-1]) <= {4}


BAD: list[tuple[Any, str]] = [
    (lambda n: Architecture((3,)), r"sizes = \(3,\); due are two or more"),
    (lambda n: Architecture((3, 0)), "sizes"),
    (lambda n: Architecture((3, 2), activation="swish"), "activation = 'swish'; due is"),
    (lambda n: Architecture((3, 2), eps=-1.0), "eps = -1.0"),
    (lambda n: Architecture((3, 2), momentum=2.0), "momentum = 2.0"),
    (lambda n: initialized(Architecture((3, 2)), np.random.default_rng(), scale=0.0), "scale = 0"),
    (lambda n: n.forward(np.ones((3, 4))), r"X has shape \(3, 4\); due is \(2, m\)"),
    (lambda n: n.forward(np.ones((2, 4), np.float32)), "X is float32; due is an array of float64"),
    (lambda n: n.forward([[1.0], [2.0]]), "X is list"),
    (lambda n: n.forward(np.ones((2, 1))), "1 value per channel; due are at least 2"),
    (lambda n: n.infer(np.ones(2)), r"X has shape \(2,\)"),
    (lambda n: n.backward(np.ones((1, 4)), n.forward(np.ones((2, 4)))), r"Y has shape \(1, 4\)"),
    (lambda n: Network(ARCHITECTURE, {}), r"parameters has \[\]; due are"),
    (
        lambda n: Network(ARCHITECTURE, {**n.parameters, "W1": np.ones((2, 6))}),
        r"W1 has shape \(2, 6\); due is \(6, 2\)",
    ),
    (lambda n: mini_batches(np.ones((2, 4)), np.ones((1, 5)), 2, None), "X has shape"),  # type: ignore[arg-type]  # wrong on purpose
    (lambda n: mini_batches(np.ones((2, 4)), np.ones((1, 4)), 1, None), "size = 1"),  # type: ignore[arg-type]  # wrong on purpose
    (lambda n: GradientDescent(0.0), "learning_rate = 0.0"),
    (lambda n: Momentum(0.1, 1.0), "beta1 = 1.0; due is a number from 0 to 1, 1 excluded"),
    (lambda n: RMSprop(0.1, eps=-1.0), "eps = -1.0"),
    (lambda n: Adam(float("nan")), "learning_rate = nan"),
    (lambda n: updated(Adam(), n.parameters, {}, Memory()), r"gradients are of \[\]; due"),
    (
        lambda n: updated(Adam(), n.parameters, {**n.parameters, "W1": np.ones(2)}, Memory()),
        r"the gradient of W1 has shape \(2,\); due is \(6, 2\)",
    ),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_what_is_wrong_is_said_in_a_line(call: Any, message: str) -> None:
    """Catch an argument that is let through, and a message that does not help."""
    network = initialized(ARCHITECTURE, np.random.default_rng(0))
    with pytest.raises(ValueError, match=message) as caught:
        call(network)
    assert "\n" not in str(caught.value)


def test_updates_leave_what_they_are_given() -> None:
    """Catch an optimizer that writes into parameters which somebody else still holds."""
    before = {"w": np.ones((2, 1))}
    gradients, memory = {"w": np.full((2, 1), 3.0)}, Memory()
    _, memory = updated(Adam(), before, gradients, memory)
    kept = [a.copy() for a in memory.averages["w"]]
    updated(Adam(), before, gradients, memory)

    assert before["w"].tolist() == [[1.0], [1.0]]
    assert all(np.array_equal(a, b) for a, b in zip(memory.averages["w"], kept, strict=True))
