"""What probes say of a recognised function: one mechanism with ``bnproof identify``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bnproof.conventions.averaging import Average, averages
from bnproof.conventions.finding import Finding
from bnproof.conventions.formulas import STANDARD, Formula, Problem
from bnproof.conventions.normalising import explanations
from bnproof.conventions.probes import Probes
from bnproof.properties.cases import Case
from bnproof.properties.contract import Declaration, declaration_of
from bnproof.properties.execution import Executor
from bnproof.properties.formats import Array
from bnproof.properties.lifetime import Lifetime, lifetime
from bnproof.properties.observation import Observation

SMALL = 2.0**-8
"""Factor of x in the probe for a constant eps: the variance is then of the order of 1e-5."""


class LocalProber:
    """A prober in this process, for an implementation that is not checked yet."""

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation
        self.declaration: Declaration = declaration_of(implementation)

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return Executor(self._implementation, declaration).run(case, lambda _: None)

    def lifetime(self, batches: Sequence[Array], channels: int) -> Lifetime:
        """What a layer made without settings does with some batches."""
        return lifetime(self._implementation, batches, channels, lambda _: None)


@dataclass(frozen=True)
class Explained:
    """What of an implementation is explained by a known formula.

    Attributes:
        training, evaluation: whether y is.
        averages: what explains the running mean, [] if nothing does or there is none.
    """

    training: bool
    evaluation: bool
    averages: tuple[Average, ...]

    @property
    def count(self) -> int:
        """How much is explained, to compare ways of calling."""
        return 4 * self.training + 2 * self.evaluation + bool(self.averages)


def explained(implementation: Any, rank: int) -> Explained:
    """What is explained of an implementation in one rank."""
    probes = Probes(LocalProber(implementation))
    found: list[Average] | Finding = []
    if implementation.train is not None:
        found = averages(probes, rank)
    known = () if isinstance(found, Finding) else tuple(found)
    return Explained(
        _is_explained(probes, rank, "train"), _is_explained(probes, rank, "infer"), known
    )


def _is_explained(probes: Probes, rank: int, call: str) -> bool:
    found = explanations(probes, rank, call)
    return not isinstance(found, Finding) and bool(found)


def constant_eps(implementation: Any, rank: int) -> float | None:
    """The constant that is added to the variance, for functions that take no eps."""
    probes = Probes(LocalProber(implementation))
    call = "train" if implementation.train is not None else "infer"
    case = probes.case(rank, "constant eps", calls=call)
    if call == "train":
        case = case.with_(x=case.x * case.x.dtype.type(SMALL))
    else:
        small = case.running_var.dtype.type(SMALL * SMALL)
        case = case.with_(running_var=case.running_var * small)
    y = probes.run(case).result(call, "y")
    if y is None:
        return None
    statistics = "batch" if call == "train" else "running"
    problem = Problem(case, y, probes.weakest)
    for axis in (1, -1):
        found = problem.constant(Formula(axis, statistics, "biased", STANDARD))
        if found is not None:
            return found[0]
    return None
