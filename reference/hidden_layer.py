"""One hidden layer, A = g(BN(W A_previous)), forward and backward side by side."""

from typing import NamedTuple

from bnproof.reference.activations import ACTIVATIONS
from bnproof.reference.batch_norm import Cache
from bnproof.reference.checks import Array
from bnproof.reference.columns import (
    frozen_forward,
    normalize_backward,
    normalize_forward,
)

Arrays = dict[str, Array]


class LayerPass(NamedTuple):
    """What a layer's forward pass leaves for its backward pass, and for whoever looks on.

    Attributes:
        A_previous: the layer's input, (n[l-1], m).
        Z: W A_previous, and b where there is one, (n[l], m).
        Z_tilde: what the activation function is given: Z normalized, or Z itself, (n[l], m).
        normalized: the cache of the normalization, None without one.
    """

    A_previous: Array
    Z: Array
    Z_tilde: Array
    normalized: Cache | None


def hidden_forward(
    A_previous: Array, layer: Arrays, activation: str, *, eps: float = 1e-5
) -> tuple[Array, LayerPass]:
    """Return A (n[l], m) and what `hidden_backward` needs, in training.

    A_previous is (n[l-1], m); the layer has W (n[l], n[l-1]), and gamma and beta (n[l], 1) if it is
    normalized, or b (n[l], 1) if it is not.  With all of them b is added before the normalization,
    to no effect (theorem "bias-invariance").

    >>> import numpy as np
    >>> layer = {"W": np.eye(1), "gamma": np.ones((1, 1)), "beta": np.zeros((1, 1))}
    >>> hidden_forward(np.array([[1.0, 3.0]]), layer, "relu", eps=0.0)[0].tolist()
    [[0.0, 1.0]]
    """
    Z = linear(A_previous, layer)
    Z_tilde, cache = Z, None
    if "gamma" in layer:
        Z_tilde, cache = normalize_forward(Z, layer["gamma"], layer["beta"], eps=eps)
    return ACTIVATIONS[activation].forward(Z_tilde), LayerPass(A_previous, Z, Z_tilde, cache)


def hidden_backward(
    dA: Array, layer: Arrays, activation: str, passed: LayerPass
) -> tuple[Array, Arrays]:
    """Return dA_previous (n[l-1], m), and the gradients of what the layer has, by name.

    Theorem "layer-in-front": dW = dZ A_previous^T, and db, the sum of dZ, is 0 if normalized.

    >>> import numpy as np
    >>> layer = {"W": 2 * np.eye(1), "b": np.zeros((1, 1))}
    >>> _, passed = hidden_forward(np.array([[3.0]]), layer, "linear")
    >>> dA_previous, gradients = hidden_backward(np.array([[5.0]]), layer, "linear", passed)
    >>> dA_previous.tolist(), gradients["W"].tolist(), gradients["b"].tolist()
    ([[10.0]], [[15.0]], [[5.0]])
    """
    gradients: Arrays = {}
    dZ = ACTIVATIONS[activation].backward(dA, passed.Z_tilde)
    if passed.normalized is not None:
        dZ, gradients["gamma"], gradients["beta"] = normalize_backward(dZ, passed.normalized)
    return linear_backward(dZ, layer, passed.A_previous, gradients)


def hidden_infer(
    A_previous: Array,
    layer: Arrays,
    activation: str,
    running: tuple[Array, Array] | None,
    *,
    eps: float = 1e-5,
) -> Array:
    """Return A as at test time: with the running mean and variance, each (n[l], 1), or None.

    >>> import numpy as np
    >>> layer = {"W": np.eye(1), "gamma": np.ones((1, 1)), "beta": np.zeros((1, 1))}
    >>> running = np.ones((1, 1)), 4 * np.ones((1, 1))
    >>> hidden_infer(np.array([[5.0]]), layer, "relu", running, eps=0.0).tolist()
    [[2.0]]
    """
    Z = linear(A_previous, layer)
    if running is not None:
        Z, _ = frozen_forward(Z, layer["gamma"], layer["beta"], *running, eps=eps)
    return ACTIVATIONS[activation].forward(Z)


def linear(A_previous: Array, layer: Arrays) -> Array:
    """Return Z = W A_previous, plus b where the layer has one."""
    Z: Array = layer["W"] @ A_previous
    return Z + layer["b"] if "b" in layer else Z


def linear_backward(
    dZ: Array, layer: Arrays, A_previous: Array, gradients: Arrays
) -> tuple[Array, Arrays]:
    """Return dA_previous, and the gradients with those of W and b added."""
    gradients["W"] = dZ @ A_previous.T
    if "b" in layer:
        gradients["b"] = dZ.sum(axis=1, keepdims=True)
    return layer["W"].T @ dZ, gradients
