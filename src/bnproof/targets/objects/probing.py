"""The settled parts of an implementation, found by running it: dtypes, settings, averages.

The probes are those of ``bnproof identify``: one mechanism finds conventions, whoever asks.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bnproof.conventions import averaging
from bnproof.conventions.finding import FOUND, Finding
from bnproof.conventions.formulas import STANDARD, Formula, Problem
from bnproof.conventions.probes import Probes
from bnproof.properties.bounds import ladder
from bnproof.properties.cases import Case
from bnproof.properties.contract import Declaration, declaration_of
from bnproof.properties.execution import Executor
from bnproof.properties.formats import FORMATS, Array
from bnproof.properties.lifetime import Lifetime, lifetime
from bnproof.properties.observation import Observation
from bnproof.targets.objects.data import shape_of

OLD = 0.5
"""A default momentum of so much or more weighs the old value, a smaller one the new value."""


class LocalProber:
    """Runs the probes of ``identify`` on an implementation in this process."""

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation
        self.declaration = declaration_of(implementation)

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return Executor(self._implementation, declaration).run(case, lambda _: None)

    def lifetime(self, batches: Sequence[Array], channels: int) -> Lifetime:
        """What a layer made without settings does with some batches."""
        return lifetime(self._implementation, batches, channels, lambda _: None)


def weight_of_momentum(implementation: Any) -> tuple[str, float | None, str]:
    """The term that momentum weighs by behaviour, the batch's weight if constant, and the reason.

    The term is "" where no weight of the batch explains the running mean.
    """
    probes = Probes(LocalProber(implementation))
    for rank in probes.declared.ranks:
        found = averaging.averages(probes, rank)
        if isinstance(found, Finding):
            return "", None, found.because
        terms = list(dict.fromkeys(average.term for average in found))
        if terms in (["new"], ["old"]):
            return terms[0], None, f"the running mean of rank {rank} shows it"
        if terms:
            weight = float(found[0].settings.weight)
            return "", weight, f"the batch weighs {weight:g} whatever momentum is"
    return "", None, "no weight of the batch explains the running mean"


def is_cumulative(implementation: Any) -> bool:
    """Whether momentum=None gives the average over all batches."""
    found = averaging.cumulative(Probes(LocalProber(implementation)))
    return found.verdict == FOUND and bool(found.value)


def meant(default: Any) -> str:
    """The term that the author means momentum to weigh, by its default; "" where none is told.

    >>> meant(0.1), meant(0.99), meant(None)
    ('new', 'old', '')
    """
    if not isinstance(default, (int, float)) or isinstance(default, bool) or not 0 < default < 1:
        return ""
    return "old" if default >= OLD else "new"


def explains(
    train: Callable[[Array], Array], eps: float, dtype: str, rank: int, channels: int, scale: float
) -> bool:
    """Whether batch normalization with this eps explains y of data of a standard deviation."""
    problem = _problem(train, eps, dtype, rank, channels, scale)
    return problem.explained(_FORMULA, lambda _var, given, _n: given)


def constant_eps(
    train: Callable[[Array], Array], dtype: str, rank: int, channels: int
) -> float | None:
    """The eps that an implementation has of its own, None where none is found.

    The standard deviation of the data is made small until eps is of the order of the variance.
    """
    for exponent in (0, -4, -8, -12, -16):
        problem = _problem(train, 0.0, dtype, rank, channels, 2.0**exponent)
        found = problem.constant(_FORMULA)
        if found is not None and found[1]:
            return found[0]
    return None


_FORMULA = Formula(1, "batch", "biased", STANDARD)


def _problem(
    train: Callable[[Array], Array], eps: float, dtype: str, rank: int, channels: int, scale: float
) -> Problem:
    form = FORMATS[dtype]
    x = form.round(np.random.default_rng(1).normal(size=shape_of(rank, channels)) * scale)
    ones, zeros = form.round(np.ones(channels)), form.round(np.zeros(channels))
    case = Case("eps", x, x, ones, zeros, zeros, ones, eps, 0.5)
    arithmetic = list(ladder(form, form).values())[-1]
    return Problem(case, train(x), arithmetic)


def with_declaration(implementation: Any, **changes: Any) -> Declaration:
    """What an implementation declares, with changes."""
    return replace(declaration_of(implementation), **changes)
