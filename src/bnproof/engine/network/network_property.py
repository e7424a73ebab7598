"""What a property of a network is: an id, a sentence, a theorem and one function over a subject."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from bnproof.engine.judging.record import largest
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.oracle import error

Compare = Callable[[Any], Iterator["Finding"]]
"""The comparisons that a property makes on a `Layer`, or on a `Trajectory`."""


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
        compare: the comparisons that it makes on a `Layer`, or on a `Trajectory`.
    """

    id: str
    statement: str
    theorem: str
    compare: Compare = field(repr=False)


def network_property(
    id_: str, sentence: str, *, theorem: str
) -> Callable[[Compare], NetworkProperty]:
    """Make the function below a property: it yields the comparisons on a subject.

    The parameters are the fields of `NetworkProperty`.
    """

    def made(compare: Compare) -> NetworkProperty:
        return NetworkProperty(id_, sentence, theorem, compare)

    return made


def compared(what: str, got: Array, want: Array, bound: Array | float) -> Finding:
    """Compare two arrays within a bound; NaN in ``got`` is an infinite error.

    The difference is formed in float64, whose own rounding is added to the bound.

    >>> compared("beta", np.array([1.5]), np.array([1.0]), 0.25).ratio > 1.9
    True
    """
    exact = np.asarray(want, np.float64), np.zeros(np.shape(want))
    wide = np.asarray(bound) + 2.0**-52 * (np.abs(got) + np.abs(want))
    wide = np.broadcast_to(wide, np.shape(want))
    return Finding(what, largest(error(got, exact), wide))
