"""Batch normalization with an activation: what any implementation becomes with one behind it."""

from typing import Any

import numpy as np

from bnproof.engine.contract.choices import ActivationName
from bnproof.engine.truth.activations import activation
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.reference.checks import Array


class Activated(Parts):
    """Parts with an activation applied to y, in the dtype of y."""

    activation: ActivationName = "relu"
    activation_slope = 0.01

    def train(self, *arguments: Any, **settings: Any) -> Results:
        """Return y, the next running mean and variance, and backward."""
        return self.activated(*super().train(*arguments, **settings))

    def infer(self, *arguments: Any, **settings: Any) -> Results:
        """Return y, the running mean and variance as they were, and backward."""
        return self.activated(*super().infer(*arguments, **settings))

    def activated(self, z: Array, mean: Array, var: Array, inner: Any) -> Results:
        """Results with the activation behind y and in front of the gradients."""

        def backward(dy: Array) -> Gradients:
            gradients: Gradients = inner(self.upstream(z, dy))
            return gradients

        return self.value(z), mean, var, backward

    def value(self, z: Array) -> Array:
        """The activation."""
        made = activation(self.activation, self.activation_slope)
        with np.errstate(all="ignore"):
            return np.asarray(made.value(z.astype(np.float64)).astype(z.dtype))

    def slope(self, z: Array) -> Array:
        """Its slope."""
        made = activation(self.activation, self.activation_slope)
        with np.errstate(all="ignore"):
            return np.asarray(made.slope(z.astype(np.float64)).astype(z.dtype))

    def upstream(self, z: Array, dy: Array) -> Array:
        """The gradient that goes on behind the activation."""
        return np.asarray((self.slope(z) * dy).astype(dy.dtype))
