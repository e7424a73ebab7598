"""What recognisers of functions and of objects find with the probes of ``bnproof identify``."""

from collections.abc import Callable, Sequence
from typing import Any

from bnproof.conventions.identify.formulas import STANDARD, Formula, Problem
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds import Arithmetic

HALF = 0.5
"""A default momentum from here on weighs the old value, as authors mean it, a smaller one the new
value."""

USUAL_EPS, USUAL_MOMENTUM = 1e-5, 0.1
"""Of most libraries; assumed, with a remark, where an implementation shows none of its own."""

EXPONENTS = (0, -4, -8, -12, -16)
"""Powers of two that the standard deviation of a probe for eps is multiplied by, one by one."""


def meant(default: Any) -> str:
    """The term that the author means momentum to weigh, by its default; "" where none is told.

    >>> meant(0.1), meant(0.99), meant(None)
    ('new', 'old', '')
    """
    if not isinstance(default, (int, float)) or isinstance(default, bool) or not 0 < default < 1:
        return ""
    return "old" if default >= HALF else "new"


def contradiction(default: Any, seen: str) -> str:
    """A remark where momentum weighs another term than its default says; "" where it does not.

    >>> contradiction(0.9, "old"), contradiction(0.9, "")
    ('', '')
    """
    author = meant(default)
    if not author or not seen or author == seen:
        return ""
    return (
        f"momentum defaults to {default:g}, so it is checked as the weight of the {author} "
        f"value, although the code weighs the {seen} value by it"
    )


def constant_momentum(weight: float) -> tuple[str, str]:
    """The term that a constant weight of the batch is checked as the weight of, and a remark.

    A batch that weighs more than all before it is taken for a mistake, so that it is judged.

    >>> constant_momentum(0.1)[0], constant_momentum(0.5)[0], constant_momentum(0.9)[0]
    ('new', 'new', 'old')
    """
    if weight <= HALF:
        return "new", ""
    return "old", (
        f"each batch weighs {weight:g} in the running mean; {weight:g} is checked as the weight "
        "of the old value"
    )


def constant_eps(
    y_of: Callable[[Case], Array | None],
    case: Case,
    statistics: str,
    arithmetic: Arithmetic,
    axes: Sequence[int] = (1,),
) -> float | None:
    """The eps that code has of its own, None where none is found.

    The variance is made small, until eps is of its order and pinned by y.  ``statistics`` says
    which variance that is, "batch" or "running"; ``axes`` are the channel axes that are tried.
    """
    for exponent in EXPONENTS:
        small = _scaled(case, statistics, 2.0**exponent)
        y = y_of(small)
        if y is None:
            return None
        problem = Problem(small, y, arithmetic)
        for axis in axes:
            found = problem.constant(Formula(axis, statistics, "biased", STANDARD))
            if found is not None and found[1]:
                return found[0]
    return None


def _scaled(case: Case, statistics: str, factor: float) -> Case:
    """The case with standard deviations times a factor, which is a power of two."""
    if statistics == "batch":
        return case.with_(x=case.x * case.x.dtype.type(factor))
    variance = case.running_var
    return case.with_(running_var=variance * variance.dtype.type(factor * factor))
