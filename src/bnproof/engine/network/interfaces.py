"""What properties of a network are about: layers and optimizers, as a few functions each."""

from collections.abc import Callable, Mapping
from typing import Protocol

from bnproof.engine.model.formats import Array

Backward = Callable[[Array], tuple[Array, Array, Array, Array, Array]]
"""dZ~ (n, m) to dA (n_in, m), dW (n, n_in), db, dgamma and dbeta (n, 1)."""


class Layer(Protocol):
    """A linear layer with batch normalization behind it, in the notation of the lectures.

    Examples are columns: A is (n_in, m), W (n, n_in), Z~ (n, m), and b, gamma, beta and the running
    statistics are (n, 1), all of them float64.  b may be None.  momentum weighs the old value of
    the running averages, and their variance is the biased one.
    """

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
    ) -> tuple[Array, Array, Array, Backward]:
        """Return Z~, the next running mean and variance, and backward."""

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
        """Return Z~ as at test time."""


class Trajectory(Protocol):
    """The optimizers, each a recurrence of single numbers."""

    def __call__(
        self, rule: str, settings: Mapping[str, float], start: float, gradients: Array
    ) -> Array:
        """Return the parameter after each step, (T,), given its gradient at each step, (T,).

        The rule is "gradient-descent", "momentum", "rmsprop" or "adam"; the settings are
        learning_rate, beta1, beta2 and eps, as far as the rule has them, in the lectures' form.
        """
