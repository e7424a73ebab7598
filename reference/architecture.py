"""What a network is before any number is learned: sizes, functions, and settings."""

import numbers
from dataclasses import dataclass

from bnproof.reference.activations import ACTIVATIONS
from bnproof.reference.checks import check_choice, check_momentum, refuse
from bnproof.reference.losses import LOSSES


@dataclass(frozen=True)
class Architecture:
    """What a network is before any number is learned.

    Attributes:
        sizes: n[0], ..., n[L]; at least one layer.
        activation: g of the hidden layers: "relu", "tanh", "sigmoid" or "linear".
        loss: of the last layer: "softmax" or "logistic".
        normalize: whether hidden layers are normalized.
        keep_bias: whether a normalized layer keeps b[l] all the same, to see that it does nothing.
        eps: added to the variance.
        momentum: weight of the old value in the running averages.
        running_variance: "biased", as in the lectures, or "unbiased", as in most libraries.

    Raises ValueError for anything else.

    >>> Architecture((2, 4, 1), loss="hinge")
    Traceback (most recent call last):
    ValueError: loss = 'hinge'; due is 'logistic' or 'softmax'
    """

    sizes: tuple[int, ...]
    activation: str = "relu"
    loss: str = "softmax"
    normalize: bool = True
    keep_bias: bool = False
    eps: float = 1e-5
    momentum: float = 0.9
    running_variance: str = "biased"

    def __post_init__(self) -> None:
        whole = all(isinstance(n, numbers.Integral) and n > 0 for n in self.sizes)
        if len(self.sizes) < 2 or not whole:
            refuse(f"sizes = {self.sizes!r}; due are two or more whole numbers above 0")
        check_choice("activation", self.activation, tuple(ACTIVATIONS))
        check_choice("loss", self.loss, tuple(LOSSES))
        check_choice("running_variance", self.running_variance, ("unbiased", "biased"))
        check_momentum(self.momentum)
        if not isinstance(self.eps, numbers.Real) or not 0 <= self.eps < float("inf"):
            refuse(f"eps = {self.eps!r}; due is a finite number, at least 0")

    @property
    def depth(self) -> int:
        """L, the number of layers, the last one included."""
        return len(self.sizes) - 1

    def shapes(self) -> dict[str, tuple[int, int]]:
        """The shape of each parameter: W[l] (n[l], n[l-1]), the others (n[l], 1).

        >>> Architecture((2, 4, 1)).shapes()
        {'W1': (4, 2), 'gamma1': (4, 1), 'beta1': (4, 1), 'W2': (1, 4), 'b2': (1, 1)}
        """
        shapes: dict[str, tuple[int, int]] = {}
        for l in range(1, self.depth + 1):
            normalized = self.normalize and l < self.depth
            shapes[f"W{l}"] = self.sizes[l], self.sizes[l - 1]
            names = ("gamma", "beta") if normalized else ()
            for name in names if normalized and not self.keep_bias else (*names, "b"):
                shapes[f"{name}{l}"] = self.sizes[l], 1
        return shapes

    def running_shapes(self) -> dict[str, tuple[int, int]]:
        """The shape of each running statistic, (n[l], 1)."""
        hidden = range(1, self.depth) if self.normalize else ()
        names = ("running_mean", "running_var")
        return {f"{name}{l}": (self.sizes[l], 1) for l in hidden for name in names}
