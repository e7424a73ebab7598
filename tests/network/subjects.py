"""Layers and optimizers to be judged: the reference, PyTorch, and wrong ones."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from bnproof.engine.network.interfaces import Backward
from bnproof.reference.checks import Array
from bnproof.reference.columns import averaged_statistics
from bnproof.reference.hidden_layer import hidden_backward, hidden_forward, hidden_infer
from bnproof.reference.optimizers import (
    Adam,
    GradientDescent,
    Memory,
    Momentum,
    Optimizer,
    RMSprop,
    updated,
)

Trained = tuple[Array, Array, Array, Backward]


class ReferenceLayer:
    """A hidden layer of the reference, without an activation function."""

    def train(
        self,
        A: Array,
        W: Array,
        b: Array | None,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float,
        eps: float,
    ) -> Trained:
        """As the protocol has it."""
        layer = {"W": W, "gamma": gamma, "beta": beta} | ({} if b is None else {"b": b})
        Z_tilde, passed = hidden_forward(A, layer, "linear", eps=eps)
        assert passed.normalized is not None
        statistics = averaged_statistics(
            running_mean, running_var, passed.normalized, momentum=momentum
        )

        def backward(dZ_tilde: Array) -> tuple[Array, Array, Array, Array, Array]:
            dA, g = hidden_backward(dZ_tilde, layer, "linear", passed)
            return dA, g["W"], g.get("b", np.zeros_like(beta)), g["gamma"], g["beta"]

        return Z_tilde, *statistics, backward

    def infer(
        self,
        A: Array,
        W: Array,
        b: Array | None,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> Array:
        """As the protocol has it."""
        layer = {"W": W, "gamma": gamma, "beta": beta} | ({} if b is None else {"b": b})
        return hidden_infer(A, layer, "linear", (running_mean, running_var), eps=eps)


class TorchLayer:
    """torch.nn.Linear and torch.nn.BatchNorm1d in float64."""

    def modules(
        self,
        W: Array,
        b: Array | None,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
        momentum: float = 0.0,
    ) -> tuple[torch.nn.Linear, torch.nn.BatchNorm1d]:
        """The two modules, with the given numbers; PyTorch's momentum weighs the new value."""
        n, n_in = W.shape
        linear = torch.nn.Linear(n_in, n, bias=b is not None, dtype=torch.float64)
        norm = torch.nn.BatchNorm1d(n, eps=eps, momentum=1 - momentum, dtype=torch.float64)
        linear.load_state_dict(
            {"weight": torch.tensor(W)} | ({} if b is None else {"bias": torch.tensor(b[:, 0])})
        )
        given = {"weight": gamma, "bias": beta}
        given |= {"running_mean": running_mean, "running_var": running_var}
        tensors = {name: torch.tensor(value[:, 0]) for name, value in given.items()}
        norm.load_state_dict({**tensors, "num_batches_tracked": torch.tensor(0)})
        return linear, norm

    def train(
        self,
        A: Array,
        W: Array,
        b: Array | None,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float,
        eps: float,
    ) -> Trained:
        """As the protocol has it; the running variance is made a biased one, as it is due."""
        numbers = W, b, gamma, beta, running_mean, running_var
        linear, norm = self.modules(*numbers, eps=eps, momentum=momentum)
        inputs = torch.tensor(A.T, requires_grad=True)
        outputs = norm(linear(inputs))

        def backward(dZ_tilde: Array) -> tuple[Array, Array, Array, Array, Array]:
            leaves = [inputs, linear.weight, norm.weight, norm.bias]
            leaves += [] if b is None else [linear.bias]
            found = torch.autograd.grad(
                outputs, leaves, torch.tensor(dZ_tilde.T.copy()), retain_graph=True
            )
            dA, dW, dgamma, dbeta, *db = (gradient.numpy() for gradient in found)
            columns = [d[:, np.newaxis] for d in (*db, np.zeros(len(W)))][:1]
            return dA.T, dW, columns[0], dgamma[:, np.newaxis], dbeta[:, np.newaxis]

        mean, var = (
            getattr(norm, name).numpy()[:, None] for name in ("running_mean", "running_var")
        )
        m = A.shape[1]
        biased = momentum * running_var + (var - momentum * running_var) * ((m - 1) / m)
        return outputs.detach().numpy().T, mean, biased, backward

    def infer(
        self,
        A: Array,
        W: Array,
        b: Array | None,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> Array:
        """As the protocol has it."""
        linear, norm = self.modules(W, b, gamma, beta, running_mean, running_var, eps=eps)
        norm.eval()
        with torch.no_grad():
            found: Array = norm(linear(torch.tensor(A.T.copy()))).numpy()
        return found.T


RULES: dict[str, Callable[..., Optimizer]] = {
    "gradient-descent": GradientDescent,
    "momentum": Momentum,
    "rmsprop": RMSprop,
    "adam": Adam,
}


def by_reference(rule: str, settings: Mapping[str, float], start: float, gradients: Array) -> Array:
    """The trajectory of one number by the reference's optimizers."""
    return trajectory_of(RULES[rule](**settings), start, gradients)


def trajectory_of(optimizer: Optimizer, start: float, gradients: Array) -> Array:
    """The trajectory of one number by an optimizer of the reference's form."""
    parameters, memory, found = {"w": np.array([start])}, Memory(), []
    for gradient in gradients:
        parameters, memory = updated(optimizer, parameters, {"w": np.array([gradient])}, memory)
        found.append(parameters["w"][0])
    return np.array(found)


def by_torch(rule: str, settings: Mapping[str, float], start: float, gradients: Array) -> Array:
    """The trajectory of one number by torch.optim, its settings those of the lectures.

    PyTorch's Momentum leaves 1 - beta1 out, so its learning rate takes that factor (theorem
    "momentum-optimizer"); dampening is not the same, since the first step has none.
    """
    w = torch.tensor([start], dtype=torch.float64, requires_grad=True)
    alpha = settings["learning_rate"]
    eps, beta1, beta2 = (settings.get(name, 0.0) for name in ("eps", "beta1", "beta2"))
    makers: dict[str, Callable[[], Any]] = {
        "gradient-descent": lambda: torch.optim.SGD([w], alpha),
        "momentum": lambda: torch.optim.SGD([w], alpha * (1 - beta1), momentum=beta1),
        "rmsprop": lambda: torch.optim.RMSprop([w], alpha, alpha=beta2, eps=eps),
        "adam": lambda: torch.optim.Adam([w], alpha, betas=(beta1, beta2), eps=eps),
    }
    optimizer, found = makers[rule](), []
    for gradient in gradients:
        w.grad = torch.tensor([gradient], dtype=torch.float64)
        optimizer.step()
        found.append(w.item())
    return np.array(found)
