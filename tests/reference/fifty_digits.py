"""The network of the lectures to 60 digits, written from its definition and from nothing else.

Gradients are central differences with steps of 1e-15, whose error is of order 1e-30: no formula of
a backward pass is used.  Matrices are NumPy arrays of mpmath numbers.
"""

from typing import Any

import mpmath
import numpy as np

from bnproof.reference import Architecture
from bnproof.reference.checks import Array

DIGITS = 60
STEP = "1e-15"
Numbers = dict[str, Array]

FUNCTIONS: dict[str, Any] = {
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "relu": lambda z: max(z, mpmath.mpf(0)),
    "linear": lambda z: z,
}


def exactly(values: Array) -> Array:
    """Float64 numbers as mpmath numbers."""
    wide: Array = np.vectorize(mpmath.mpf, otypes=[object])(values)
    return wide


def rounded(values: Array) -> Array:
    """Back in float64."""
    return np.asarray(np.vectorize(float)(values), np.float64)


def normalized(Z: Array, gamma: Array, beta: Array, eps: Any) -> Array:
    """Z~ of each unit, a row, by Ioffe and Szegedy's Algorithm 1."""
    m = Z.shape[1]
    mean = Z.sum(axis=1, keepdims=True) / m
    var = ((Z - mean) ** 2).sum(axis=1, keepdims=True) / m
    root = np.vectorize(mpmath.sqrt, otypes=[object])(var + eps)
    return np.asarray(gamma * (Z - mean) / root + beta)


def cost(architecture: Architecture, parameters: Numbers, X: Array, Y: Array) -> Any:
    """J of a batch, in training."""
    g = np.vectorize(FUNCTIONS[architecture.activation], otypes=[object])
    A, eps = X, mpmath.mpf(architecture.eps)
    for l in range(1, architecture.depth):
        Z = parameters[f"W{l}"].dot(A)
        if f"b{l}" in parameters:
            Z = Z + parameters[f"b{l}"]
        if architecture.normalize:
            Z = normalized(Z, parameters[f"gamma{l}"], parameters[f"beta{l}"], eps)
        A = g(Z)
    last = architecture.depth
    Z = parameters[f"W{last}"].dot(A) + parameters[f"b{last}"]
    return COSTS[architecture.loss](Z, Y)


def logistic(Z: Array, Y: Array) -> Any:
    """- mean(y log p + (1 - y) log(1 - p)), with p = 1 / (1 + exp(-z))."""
    total = mpmath.mpf(0)
    for z, y in zip(Z.ravel(), Y.ravel(), strict=True):
        p = 1 / (1 + mpmath.exp(-z))
        total -= y * mpmath.log(p) + (1 - y) * mpmath.log(1 - p)
    return total / Z.shape[1]


def softmax(Z: Array, Y: Array) -> Any:
    """- mean(log p of the right class), with p = exp(z) / sum exp(z)."""
    powers = np.vectorize(mpmath.exp, otypes=[object])(Z)
    p = powers / powers.sum(axis=0, keepdims=True)
    return -(Y * np.vectorize(mpmath.log, otypes=[object])(p)).sum() / Z.shape[1]


COSTS = {"logistic": logistic, "softmax": softmax}


def gradients(architecture: Architecture, parameters: Numbers, X: Array, Y: Array) -> Numbers:
    """The gradient of J by every parameter, by central differences."""
    h, found = mpmath.mpf(STEP), {}
    for name, value in parameters.items():
        slope = np.empty(value.shape, object)
        for index in np.ndindex(value.shape):
            ends = []
            for side in (h, -h):
                moved = value.copy()
                moved[index] += side
                ends.append(cost(architecture, {**parameters, name: moved}, X, Y))
            slope[index] = (ends[0] - ends[1]) / (2 * h)
        found[name] = slope
    return found


def distance(got: Numbers, exact: Numbers) -> float:
    """The largest difference of any number, of float64 or of 60 digits, from the exact one."""
    return max(float(np.max(np.abs(exactly_if_float(got[n]) - exact[n]))) for n in exact)


def exactly_if_float(values: Array) -> Array:
    """Float64 numbers made wide, wide ones as they are."""
    return values if values.dtype == object else exactly(values)
