"""All bounds of one class on one case, with the domain in which they hold."""

from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.backward import dbeta_error, dgamma_error, dx_error
from bnproof.engine.truth.bounds.domain import domain
from bnproof.engine.truth.bounds.double_backward import double_errors
from bnproof.engine.truth.bounds.forward import running_error, stored, xhat_error, y_error
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.bounds.statistics import statistics_error

EVALUATION = 1e-9  # the bounds themselves are evaluated in float64; far more than that rounds

TERMS = ("mean", "variance", "inv_std", "fold", "storage")
"""What a bound is made of; whatever is left when all five are left out is plain rounding."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """Absolute error bounds by output, infinite where nothing is judged.

    Attributes:
        arithmetic: the class.
        values: (N, C) for xhat and for what has x's shape, (C,) for the rest.
    """

    arithmetic: Arithmetic
    values: dict[str, Array]


def bounds(arithmetic: Arithmetic, q: Quantities) -> Bounds:
    """The bounds of a class for every output that the quantities allow to be bounded."""
    with np.errstate(all="ignore"):
        values = _values(arithmetic, q)
        judged = domain(arithmetic, q)
        for name, bound in values.items():
            held = ~np.isnan(bound) & judged.get(name, True)
            if name in q.truth.values:
                held = held & np.isfinite(q.truth.values[name][0])
            values[name] = np.where(held, bound * (1 + EVALUATION), np.inf)
    return Bounds(arithmetic, values)


def _values(arithmetic: Arithmetic, q: Quantities) -> dict[str, Array]:
    e = statistics_error(arithmetic, q)
    e_x = xhat_error(arithmetic, q, e)
    values = {"xhat": e_x, "y": y_error(arithmetic, q, e_x)}
    u, underflow = arithmetic.compute.u, arithmetic.underflow(arithmetic.compute)
    values["mean"] = e.delta
    values["var"] = e.Delta + accumulated(2, u) * (q.var + e.Delta)
    values["inv_std"] = q.inv_std * e.alpha + underflow
    if q.running_mean is not None and not q.inference:
        values["running_mean"], values["running_var"] = running_error(arithmetic, q, e)
    if q.dy is not None:
        values["dbeta"] = dbeta_error(arithmetic, q)
        values["dgamma"] = dgamma_error(arithmetic, q, e)
        values["dx"] = dx_error(arithmetic, q, e, e_x, values["dgamma"])
    if q.at_ddx is not None:
        values |= double_errors(arithmetic, q, e, e_x)
    return {name: _stored(arithmetic, q, name, bound) for name, bound in values.items()}


def _stored(arithmetic: Arithmetic, q: Quantities, name: str, bound: Array) -> Array:
    if name == "xhat" or name not in q.truth.values:
        return bound
    into = arithmetic.storage if name in WHOLE else arithmetic.parameters
    return stored(arithmetic, bound, q.exact(name), into)


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
