"""What properties of a network are about: layers and optimizers, as a few functions each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from bnproof.engine.judging.record import Judged
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.oracle import error

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


@dataclass(frozen=True)
class Finding:
    """One comparison that a property made.

    Attributes:
        what: the output, and the circumstances.
        ratio: error/bound; above 1 is a violation.
    """

    what: str
    ratio: float

    @property
    def holds(self) -> bool:
        """Whether the property holds here."""
        return self.ratio <= 1


@dataclass(frozen=True)
class NetworkProperty:
    """A property of a network: an id, a sentence, a theorem, and one function.

    Attributes:
        id: permanent, kebab-case, never reused.
        statement: one sentence.
        theorem: id of the theorem of the specification behind it.
        check: the comparisons that it makes on a `Layer`, or on a `Trajectory`.
    """

    id: str
    statement: str
    theorem: str
    check: Callable[[Any], Iterator[Finding]] = field(repr=False)


def compared(what: str, got: Array, want: Array, bound: Array | float) -> Finding:
    """Compare two arrays within a bound; NaN in ``got`` is an infinite error.

    The difference is formed in float64, whose own rounding is added to the bound.

    >>> compared("beta", np.array([1.5]), np.array([1.0]), 0.25).ratio > 1.9
    True
    """
    exact = np.asarray(want, np.float64), np.zeros(np.shape(want))
    wide = np.asarray(bound) + 2.0**-52 * (np.abs(got) + np.abs(want))
    wide = np.broadcast_to(wide, np.shape(want))
    return Finding(what, Judged(what, got, exact, error(got, exact), wide).worst)
