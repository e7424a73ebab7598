"""Losses at the end of a network: their value, and dZ[L], the gradient by the last layer's Z.

A cost is the mean over the m examples of a batch, J = 1/m sum L, and so dZ[L] holds the factor
1/m that the lectures write in front of dW and db; every gradient behind it is then a plain sum, as
dgamma and dbeta of batch normalization are.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from bnproof.reference.activations import sigmoid
from bnproof.reference.checks import Array, refuse


class Loss(NamedTuple):
    """A loss of the last layer's Z (n[L], m), given Y (n[L], m).

    Attributes:
        predict: Z to probabilities, Y hat.
        cost: Z and Y to J, the mean over the examples.
        backward: Z and Y to dZ, the gradient of J.
    """

    predict: Callable[[Array], Array]
    cost: Callable[[Array, Array], float]
    backward: Callable[[Array, Array], Array]


def logistic_cost(Z: Array, Y: Array) -> float:
    """Cross-entropy of sigmoid(Z) and Y of 0 and 1: log(1 + exp(Z)) - Y Z, with no overflow.

    With several rows, each is a question of its own, and their losses are added.

    >>> logistic_cost(np.array([[-1000.0, 1000.0]]), np.array([[1.0, 1.0]]))
    500.0
    """
    each = np.maximum(Z, 0.0) - Y * Z + np.log1p(np.exp(-np.abs(Z)))
    return float(each.sum() / Z.shape[1])


def logistic_backward(Z: Array, Y: Array) -> Array:
    """The gradient dZ = (sigmoid(Z) - Y) / m.

    >>> logistic_backward(np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])).tolist()
    [[-0.25, 0.25]]
    """
    return np.asarray((sigmoid(Z) - Y) / Z.shape[1])


def softmax(Z: Array) -> Array:
    """exp(Z) divided by its sum over the rows of each column, with no overflow.

    >>> softmax(np.array([[1000.0], [1000.0]])).tolist()
    [[0.5], [0.5]]
    """
    powers = np.exp(Z - Z.max(axis=0, keepdims=True))
    return np.asarray(powers / powers.sum(axis=0, keepdims=True))


def softmax_cost(Z: Array, Y: Array) -> float:
    """Cross-entropy of softmax(Z) and Y, whose columns are 1 at the right class and 0 elsewhere.

    >>> softmax_cost(np.array([[0.0], [1000.0]]), np.array([[1.0], [0.0]]))
    1000.0
    """
    shifted = Z - Z.max(axis=0, keepdims=True)
    logarithms = shifted - np.log(np.exp(shifted).sum(axis=0, keepdims=True))
    return float(-(Y * logarithms).sum() / Z.shape[1])


def softmax_backward(Z: Array, Y: Array) -> Array:
    """The gradient dZ = (softmax(Z) - Y) / m, for Y whose columns add up to 1.

    >>> softmax_backward(np.zeros((2, 1)), np.array([[1.0], [0.0]])).tolist()
    [[-0.5], [0.5]]
    """
    return np.asarray((softmax(Z) - Y) / Z.shape[1])


LOSSES = {
    "logistic": Loss(sigmoid, logistic_cost, logistic_backward),
    "softmax": Loss(softmax, softmax_cost, softmax_backward),
}
"""The losses that a network may have, by name."""


def one_hot(labels: Array, classes: int) -> Array:
    """Make whole-number labels (m,) the columns of Y (classes, m), 1 at the label.

    Raises ValueError for labels that are not whole numbers from 0 to classes - 1.

    >>> one_hot(np.array([2, 0]), classes=3).tolist()
    [[0.0, 1.0], [0.0, 0.0], [1.0, 0.0]]
    """
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        refuse(f"labels are {labels.dtype} of shape {labels.shape}; due are whole numbers (m,)")
    if labels.size and not 0 <= labels.min() <= labels.max() < classes:
        got = f"{labels.min()} to {labels.max()}"
        refuse(f"labels are from {got}; due are 0 to {classes - 1}")
    return np.asarray(labels == np.arange(classes)[:, np.newaxis], np.float64)
