"""Activation functions g, forward and backward side by side: A = g(Z), and dZ from dA."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bnproof.reference.checks import Array


class Activation(NamedTuple):
    """A function of each element, and the way of a gradient through it.

    Attributes:
        forward: Z to A = g(Z), of any shape.
        backward: dA, the gradient of a loss by A, and Z to dZ = dA * g'(Z).
    """

    forward: Callable[[Array], Array]
    backward: Callable[[Array, Array], Array]


def sigmoid(Z: Array) -> Array:
    """1 / (1 + exp(-Z)), with no overflow for any Z.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(Z))
    return np.asarray(np.where(Z >= 0, 1.0, small) / (1 + small))


def sigmoid_backward(dA: Array, Z: Array) -> Array:
    """The gradient dZ = dA * a (1 - a), with a = sigmoid(Z).

    >>> sigmoid_backward(np.array([4.0]), np.array([0.0])).tolist()
    [1.0]
    """
    return np.asarray(dA * sigmoid(Z) * sigmoid(-Z))


def tanh_backward(dA: Array, Z: Array) -> Array:
    """The gradient dZ = dA * (1 - tanh(Z)^2).

    >>> tanh_backward(np.array([4.0]), np.array([0.0])).tolist()
    [4.0]
    """
    return np.asarray(dA * (1 - np.tanh(Z) ** 2))


def relu(Z: Array) -> Array:
    """max(0, Z).

    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    return np.asarray(np.maximum(Z, 0.0))


def relu_backward(dA: Array, Z: Array) -> Array:
    """The gradient dZ = dA where Z is positive, and 0 elsewhere.

    >>> relu_backward(np.array([5.0, 5.0]), np.array([-2.0, 3.0])).tolist()
    [0.0, 5.0]
    """
    return np.asarray(np.where(Z > 0, dA, 0.0))


ACTIVATIONS = {
    "relu": Activation(relu, relu_backward),
    "tanh": Activation(lambda Z: np.asarray(np.tanh(Z)), tanh_backward),
    "sigmoid": Activation(sigmoid, sigmoid_backward),
    "linear": Activation(lambda Z: Z, lambda dA, _: dA),
}
"""The activation functions that hidden layers may have, by name."""
