"""A training of the reference and one of PyTorch side by side, in float64, every stage judged.

PyTorch's network, Linear without a bias and BatchNorm1d, is given the reference's numbers before
every step.  Of both networks each stage is judged on what that very stage was given: Z by the bound
of a sum of products, batch normalization and its gradients by the bounds of engine/truth/bounds, dW
by the bound of a sum again.  So nothing is compared across rounding errors of another stage.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from bnproof.certify import Call, certify
from bnproof.engine.judging.laws import exact_sums
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.reference import (
    Adam,
    Architecture,
    GradientDescent,
    Memory,
    Momentum,
    Network,
    RMSprop,
    initialized,
    updated,
)
from bnproof.reference.checks import Array
from bnproof.reference.columns import normalize_backward
from bnproof.reference.hidden_layer import hidden_backward
from bnproof.reference.losses import LOSSES
from bnproof.reference.mini_batches import mini_batches

U = 2.0**-53
ARCHITECTURE = Architecture(
    (3, 5, 4, 2), "relu", "softmax", running_variance="unbiased", momentum=0.75
)
OPTIMIZERS = [GradientDescent(0.1), Momentum(0.1), RMSprop(0.01), Adam(0.01)]


@dataclass(frozen=True)
class Stage:
    """What one hidden layer of some network computed in a step, examples as columns."""

    A_previous: Array
    W: Array
    gamma: Array
    beta: Array
    Z: Array
    Z_tilde: Array
    dZ_tilde: Array
    dW: Array
    dgamma: Array
    dbeta: Array
    dZ: Array


def assert_product(got: Array, left: Array, right: Array) -> None:
    """A matrix product within the bound of its sums, taken in any order."""
    exact = np.array([exact_sums(np.asarray(row[:, None] * right)) for row in left])
    size = np.abs(left) @ np.abs(right)
    assert (np.abs(got - exact) <= accumulated(left.shape[1] + 2, U) * size).all()


def assert_stage(stage: Stage, eps: float) -> None:
    """Z, batch normalization with its gradients, and dW."""
    assert_product(stage.Z, stage.W, stage.A_previous)
    assert_product(stage.dW, stage.dZ, stage.A_previous.T)
    ratios = certify(
        Call(
            x=stage.Z.T,
            eps=eps,
            gamma=stage.gamma[:, 0],
            beta=stage.beta[:, 0],
            dy=stage.dZ_tilde.T,
            y=stage.Z_tilde.T,
            dx=stage.dZ.T,
            dgamma=stage.dgamma[:, 0],
            dbeta=stage.dbeta[:, 0],
        )
    )
    assert max(ratios["streaming"].values()) <= 1, ratios["streaming"]


def stages_of_reference(network: Network, X: Array, Y: Array) -> list[Stage]:
    """The hidden layers of the reference, last to first."""
    passed = network.forward(X)
    last = network.architecture.depth
    _, gradients = network.backward(Y, passed)
    dZ = LOSSES[network.architecture.loss].backward(passed.Z, Y)
    dA = network.layer(last)["W"].T @ dZ
    stages = []
    for l in range(last - 1, 0, -1):
        layer, own = network.layer(l), passed.layers[l - 1]
        dZ_tilde = np.where(own.Z_tilde > 0, dA, 0.0)
        dA, of_layer = hidden_backward(dA, layer, "relu", own)
        assert all(np.array_equal(gradients[f"{n}{l}"], of_layer[n]) for n in of_layer)
        assert own.normalized is not None
        dZ = normalize_backward(dZ_tilde, own.normalized)[0]
        arrays = own.A_previous, layer["W"], layer["gamma"], layer["beta"], own.Z, own.Z_tilde
        found = of_layer["W"], of_layer["gamma"], of_layer["beta"]
        stages.append(Stage(*arrays, dZ_tilde, *found, dZ))
    return stages


class TorchNetwork:
    """The same network by PyTorch, which is given all numbers before each step."""

    def __init__(self, network: Network) -> None:
        sizes = network.architecture.sizes
        pairs = list(pairwise(sizes))
        settings: dict[str, Any] = {"dtype": torch.float64}
        self.linear = [torch.nn.Linear(i, o, bias=False, **settings) for i, o in pairs[:-1]]
        self.norm = [
            torch.nn.BatchNorm1d(o, eps=network.architecture.eps, momentum=0.25, **settings)
            for _, o in pairs[:-1]
        ]
        self.last = torch.nn.Linear(*pairs[-1], **settings)

    def load(self, network: Network) -> None:
        """Take the reference's numbers."""
        with torch.no_grad():
            for l, (linear, norm) in enumerate(zip(self.linear, self.norm, strict=True), 1):
                layer = network.layer(l)
                linear.weight.copy_(torch.tensor(layer["W"]))
                norm.weight.copy_(torch.tensor(layer["gamma"][:, 0]))
                norm.bias.copy_(torch.tensor(layer["beta"][:, 0]))
                for name in ("running_mean", "running_var"):
                    getattr(norm, name).copy_(torch.tensor(network.running[f"{name}{l}"][:, 0]))
            layer = network.layer(len(self.linear) + 1)
            self.last.weight.copy_(torch.tensor(layer["W"]))
            self.last.bias.copy_(torch.tensor(layer["b"][:, 0]))

    def stages(self, X: Array, Y: Array) -> list[Stage]:
        """Its hidden layers, first to last, after one forward and backward pass."""
        values, kept = torch.tensor(X.T.copy()), []
        for linear, norm in zip(self.linear, self.norm, strict=True):
            linear.weight.grad = norm.weight.grad = norm.bias.grad = None
            A_previous, Z = values, linear(values)
            Z_tilde = norm(Z)
            Z.retain_grad()
            Z_tilde.retain_grad()
            kept.append((A_previous, Z, Z_tilde))
            values = torch.relu(Z_tilde)
        labels = torch.tensor(Y.argmax(axis=0))
        cost = torch.nn.functional.cross_entropy(self.last(values), labels)
        cost.backward()  # type: ignore[no-untyped-call]  # PyTorch's own
        return [self._stage(l, *each) for l, each in enumerate(kept)]

    def _stage(self, l: int, A_previous: Any, Z: Any, Z_tilde: Any) -> Stage:
        linear, norm = self.linear[l], self.norm[l]
        columns = (A_previous, Z, Z_tilde, Z_tilde.grad, Z.grad)
        A, Z, Z_tilde, dZ_tilde, dZ = (t.detach().numpy().T.copy() for t in columns)
        small: tuple[Any, ...] = (norm.weight, norm.bias, norm.weight.grad, norm.bias.grad)
        gamma, beta, dgamma, dbeta = (t.detach().numpy()[:, None].copy() for t in small)
        weights: tuple[Any, ...] = (linear.weight.detach(), linear.weight.grad)
        W, dW = (t.numpy().copy() for t in weights)
        return Stage(A, W, gamma, beta, Z, Z_tilde, dZ_tilde, dW, dgamma, dbeta, dZ)


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_every_stage_of_every_step(optimizer: Any) -> None:
    """Catch a mistake that shows only once gamma, beta and the running averages have moved."""
    rng = np.random.default_rng(0)
    network, memory = initialized(ARCHITECTURE, rng), Memory()
    theirs = TorchNetwork(network)
    X = rng.normal(size=(3, 24)) + 1
    Y = np.eye(2)[:, (X[0] > X[1]).astype(int)]
    for X_t, Y_t in mini_batches(X, Y, 8, rng):
        theirs.load(network)
        own = stages_of_reference(network, X_t, Y_t)
        others = theirs.stages(X_t, Y_t)
        for stage in (*own, *others):
            assert_stage(stage, ARCHITECTURE.eps)
        passed = network.forward(X_t)
        old = dict(network.running)
        network.track(passed)
        _, gradients = network.backward(Y_t, passed)
        for l, (stage, norm) in enumerate(zip(others, theirs.norm, strict=True), 1):
            moved: tuple[Any, ...] = (norm.running_mean, norm.running_var)
            assert_running(stage.Z, old, l, tuple(t.numpy() for t in moved))
            names = f"running_mean{l}", f"running_var{l}"
            own_moved = tuple(network.running[name][:, 0] for name in names)
            assert_running(passed.layers[l - 1].Z, old, l, own_moved)
        network.parameters, memory = updated(optimizer, network.parameters, gradients, memory)
    assert not np.array_equal(network.parameters["beta1"], np.zeros((5, 1)))


def assert_running(Z: Array, old: dict[str, Array], l: int, moved: tuple[Array, ...]) -> None:
    """Running statistics after a step, by the bounds."""
    ratios = certify(
        Call(
            x=Z.T,
            eps=ARCHITECTURE.eps,
            running_mean=old[f"running_mean{l}"][:, 0],
            running_var=old[f"running_var{l}"][:, 0],
            momentum=ARCHITECTURE.momentum,
            momentum_weighs="old",
            new_running_mean=moved[0],
            new_running_var=moved[1],
        )
    )
    assert max(ratios["streaming"].values()) <= 1, ratios["streaming"]
