"""All bounds of one class on one case, with the domain in which they hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.backward import dbeta_error, dgamma_error, dx_error
from bnproof.engine.truth.bounds.domain import Domain
from bnproof.engine.truth.bounds.double_backward import double_errors
from bnproof.engine.truth.bounds.forward import (
    running_mean_error,
    running_var_error,
    stored,
    xhat_error,
    y_error,
)
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import EVALUATION, accumulated
from bnproof.engine.truth.bounds.statistics import StatisticsError, statistics_error
from bnproof.engine.truth.lazily import Lazily
from bnproof.engine.truth.once import once

TERMS = ("mean", "variance", "inv_std", "fold", "storage")
"""What a bound is made of; whatever is left when all five are left out is plain rounding."""

PER_ELEMENT = ("xhat", *WHOLE)
"""What is bounded element by element; everything else has one bound a channel."""


@dataclass(eq=False)
class Bounds:
    """Absolute error bounds by output, infinite where nothing is judged.

    Each is formed when it is first asked for, of errors that are formed once.

    Attributes:
        arithmetic: the class.
        q: what the bounds are made of.
        whole: those of all rows, where q is some of their rows.
    """

    arithmetic: Arithmetic
    q: Quantities
    whole: "Bounds | None" = None

    @once
    def values(self) -> Mapping[str, Array]:
        """The bounds: (N, C) for xhat and for what has x's shape, (C,) for the rest."""
        return Lazily({name: partial(self._bound, name) for name in self._forms})

    def within(self, block: Quantities) -> "Bounds":
        """The bounds of some rows of q; what belongs to a channel is formed once for all rows."""
        return self if block is self.q else Bounds(self.arithmetic, block, self)

    def _bound(self, output: str) -> Array:
        if self.whole is not None and output not in PER_ELEMENT:
            return self.whole.values[output]
        with np.errstate(all="ignore"):
            bound, judged = self._forms[output](), self.domain.judged(output)
            if output in self.q.truth.values:
                bound = self._as_stored(output, bound)
                if not (finite := np.isfinite(self.q.truth.values[output][0])).all():
                    judged = judged & finite
            wide = np.asarray(bound * (1 + EVALUATION))
            if judged.all() and wide.max(initial=0.0) < np.inf:
                return wide
            return np.where(judged & ~np.isnan(bound), wide, np.inf)

    def _as_stored(self, output: str, bound: Array) -> Array:
        into = self.arithmetic.storage if output in WHOLE else self.arithmetic.parameters
        return stored(self.arithmetic, bound, lambda: self.q.exact(output), into)

    @once
    def _forms(self) -> Mapping[str, Callable[[], Array]]:
        """How the error of each output is formed, without storage, where q allows it."""
        a, q = self.arithmetic, self.q
        forms: dict[str, Callable[[], Array]] = {
            "xhat": lambda: self.e_x,
            "y": lambda: y_error(a, q, self.e_x),
            "mean": lambda: self.e.delta,
            "var": self._var,
            "inv_std": lambda: q.inv_std * self.e.alpha + a.underflow(a.compute),
        }
        if q.running_mean is not None and not q.inference:
            forms["running_mean"] = lambda: running_mean_error(a, q, self.e)
            forms["running_var"] = lambda: running_var_error(a, q, self.e)
        if q.dy is not None:
            forms["dbeta"] = lambda: dbeta_error(a, q)
            forms["dgamma"] = lambda: self.e_dgamma
            forms["dx"] = lambda: dx_error(a, q, self.e, self.e_x, self.e_dgamma)
        if q.at_ddx is not None:
            forms |= {name: partial(self._of_double, name) for name in DOUBLE}
        return forms

    def _var(self) -> Array:
        e, u = self.e, self.arithmetic.compute.u
        return np.asarray(e.Delta + accumulated(2, u) * (self.q.var + e.Delta))

    def _of_all_rows(self, name: str, form: Callable[..., Any], *more: Any) -> Any:
        """Something that belongs to a channel, formed once."""
        if self.whole is not None:
            return getattr(self.whole, name)
        return form(self.arithmetic, self.q, *more)

    @once
    def e(self) -> StatisticsError:
        """The errors of the statistics."""
        found: StatisticsError = self._of_all_rows("e", statistics_error)
        return found

    @once
    def e_dgamma(self) -> Array:
        """The error of dgamma, without storage."""
        return np.asarray(self._of_all_rows("e_dgamma", dgamma_error, self.e))

    @once
    def domain(self) -> Domain:
        """Where the bounds hold."""
        found: Domain = self._of_all_rows("domain", Domain)
        return found

    @once
    def e_x(self) -> Array:
        """The error of xhat."""
        return xhat_error(self.arithmetic, self.q, self.e)

    @once
    def _double(self) -> Mapping[str, Array]:
        return double_errors(self.arithmetic, self.q, self.e, self.e_x)

    def _of_double(self, output: str) -> Array:
        return self._double[output]


def bounds(arithmetic: Arithmetic, q: Quantities) -> Bounds:
    """The bounds of a class for every output that the quantities allow to be bounded."""
    return Bounds(arithmetic, q)


def largest_term(arithmetic: Arithmetic, q: Quantities, output: str, index: tuple[int, ...]) -> str:
    """Which term of a bound is largest at one element: what leaving it out takes away most.

    >>> TERMS
    ('mean', 'variance', 'inv_std', 'fold', 'storage')
    """
    whole = float(bounds(arithmetic, q).values[output][index])
    if not np.isfinite(whole):
        return ""
    lost = {
        term: whole - float(bounds(arithmetic.without(term), q).values[output][index])
        for term in TERMS
    }
    lost["rounding"] = whole - sum(lost.values())
    return max(lost, key=lambda term: lost[term])
