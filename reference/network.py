"""A network of fully connected layers with batch normalization of the hidden Z, as in the lectures.

X -> Z[1] -> Z~[1] -> A[1] = g(Z~[1]) -> Z[2] -> ... -> Z[L] -> Y hat.  Hidden layers have W[l],
gamma[l] and beta[l], which takes the place of b[l]; the last one has W[L] and b[L] and is not
normalized, since its mean and variance are the answer.  All arrays are float64.
"""

import numbers
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bnproof.reference.architecture import Architecture
from bnproof.reference.checks import Array, check_array, refuse
from bnproof.reference.columns import averaged_statistics
from bnproof.reference.hidden_layer import (
    Arrays,
    LayerPass,
    hidden_backward,
    hidden_forward,
    hidden_infer,
    linear,
    linear_backward,
)
from bnproof.reference.losses import LOSSES


class Pass(NamedTuple):
    """What a forward pass leaves for the backward pass.

    Attributes:
        Z: of the last layer, (n[L], m).
        A: its input, (n[L-1], m).
        layers: of the hidden layers, first to last.
    """

    Z: Array
    A: Array
    layers: tuple[LayerPass, ...]


@dataclass
class Network:
    """An architecture, its parameters, and the running statistics that it is used with.

    Attributes:
        architecture: sizes and settings.
        parameters: by name, "W1", "gamma1", "beta1", ..., "b3"; shapes as in `Architecture.shapes`.
        running: "running_mean1", "running_var1", ..., (n[l], 1); 0 and 1 before training.

    Raises ValueError for a parameter that is missing, not known, or has the wrong shape.

    >>> rng = np.random.default_rng(0)
    >>> network = initialized(Architecture((2, 4, 1), loss="logistic"), rng)
    >>> X, Y = rng.normal(size=(2, 8)), np.ones((1, 8))
    >>> cost, gradients = network.backward(Y, network.forward(X))
    >>> gradients["gamma1"].shape, network.infer(X[:, :1]).shape
    ((4, 1), (1, 1))
    """

    architecture: Architecture
    parameters: Arrays
    running: Arrays = field(default_factory=dict)

    def __post_init__(self) -> None:
        shapes = self.architecture.running_shapes()
        self.running = self.running or {
            name: np.full(shape, float(name.startswith("running_var")))
            for name, shape in shapes.items()
        }
        check_arrays("parameters", self.parameters, self.architecture.shapes())
        check_arrays("running", self.running, shapes)

    def layer(self, l: int) -> Arrays:
        """The parameters of layer l, 1 to L, without its number: W, gamma, beta, b."""
        names = ("W", "gamma", "beta", "b")
        return {n: self.parameters[f"{n}{l}"] for n in names if f"{n}{l}" in self.parameters}

    def forward(self, X: Array) -> Pass:
        """Pass a mini-batch X (n[0], m) through, as in training.

        Each hidden Z is normalized by the batch's own mean and variance, for which at least two
        examples are due.  The running statistics stay; `track` moves them.
        """
        check_examples("X", X, self.architecture.sizes[0])
        A, passes = X, []
        for l in range(1, self.architecture.depth):
            A, passed = hidden_forward(
                A, self.layer(l), self.architecture.activation, eps=self.architecture.eps
            )
            passes.append(passed)
        return Pass(linear(A, self.layer(self.architecture.depth)), A, tuple(passes))

    def backward(self, Y: Array, passed: Pass) -> tuple[float, Arrays]:
        """Return the cost J for Y (n[L], m), and its gradient by every parameter, by name."""
        check_labels(Y, passed.Z)
        loss, last = LOSSES[self.architecture.loss], self.architecture.depth
        dZ = loss.backward(passed.Z, Y)
        dA, of_layer = linear_backward(dZ, self.layer(last), passed.A, {})
        gradients = {f"{name}{last}": value for name, value in of_layer.items()}
        for l in range(last - 1, 0, -1):
            dA, of_layer = hidden_backward(
                dA, self.layer(l), self.architecture.activation, passed.layers[l - 1]
            )
            gradients |= {f"{name}{l}": value for name, value in of_layer.items()}
        return loss.cost(passed.Z, Y), gradients

    def track(self, passed: Pass) -> None:
        """Move the running statistics towards those of the batch that was passed forward."""
        settings = self.architecture
        for l, layer in enumerate(passed.layers, 1):
            if layer.normalized is not None:
                mean, var = averaged_statistics(
                    self.running[f"running_mean{l}"],
                    self.running[f"running_var{l}"],
                    layer.normalized,
                    momentum=settings.momentum,
                    running_variance=settings.running_variance,
                )
                self.running |= {f"running_mean{l}": mean, f"running_var{l}": var}

    def infer(self, X: Array) -> Array:
        """Return Y hat (n[L], m) as at test time, with the running statistics; m = 1 will do."""
        check_examples("X", X, self.architecture.sizes[0])
        A = X
        for l in range(1, self.architecture.depth):
            running = None
            if self.architecture.normalize:
                running = self.running[f"running_mean{l}"], self.running[f"running_var{l}"]
            A = hidden_infer(
                A, self.layer(l), self.architecture.activation, running, eps=self.architecture.eps
            )
        last = linear(A, self.layer(self.architecture.depth))
        return LOSSES[self.architecture.loss].predict(last)


def initialized(
    architecture: Architecture, rng: np.random.Generator, *, scale: float = 1.0
) -> Network:
    """Return a network whose W[l] is normal with standard deviation scale * sqrt(2 / n[l-1]).

    gamma is 1, beta and b are 0.  Raises ValueError for a scale that is not a positive number.

    Source: He, Zhang, Ren and Sun (2015), for ReLU.

    >>> network = initialized(Architecture((2, 3, 1), loss="logistic"), np.random.default_rng(0))
    >>> network.parameters["gamma1"].ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    if not isinstance(scale, numbers.Real) or not 0 < scale < float("inf"):
        refuse(f"scale = {scale!r}; due is a finite number above 0")
    parameters: Arrays = {}
    for name, shape in architecture.shapes().items():
        if name.startswith("W"):
            parameters[name] = rng.normal(size=shape) * (scale * np.sqrt(2 / shape[1]))
        else:
            parameters[name] = np.full(shape, float(name.startswith("gamma")))
    return Network(architecture, parameters)


def check_arrays(what: str, arrays: Arrays, shapes: dict[str, tuple[int, int]]) -> None:
    """Refuse arrays that are not those that are due, by name and shape, in float64."""
    if set(arrays) != set(shapes):
        refuse(f"{what} has {sorted(arrays)}; due are {sorted(shapes)}")
    for name, shape in shapes.items():
        check_float64(name, arrays[name])
        check_array(name, arrays[name], shape)


def check_examples(name: str, values: Array, rows: int) -> None:
    """Refuse what is not float64 (rows, m).

    >>> check_examples("X", np.ones((8, 2)), rows=2)
    Traceback (most recent call last):
    ValueError: X has shape (8, 2); due is (2, m): examples are columns
    """
    check_float64(name, values)
    if values.ndim != 2 or values.shape[0] != rows:
        refuse(f"{name} has shape {values.shape}; due is ({rows}, m): examples are columns")


def check_labels(Y: Array, Z: Array) -> None:
    """Refuse labels that are not float64 of the shape of the last layer's Z."""
    check_float64("Y", Y)
    check_array("Y", Y, Z.shape)


def check_float64(name: str, values: object) -> None:
    """Refuse what is not an array of float64."""
    got = getattr(values, "dtype", None) or type(values).__name__
    if not isinstance(values, np.ndarray) or values.dtype != np.float64:
        refuse(f"{name} is {got}; due is an array of float64")
