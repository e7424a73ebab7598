"""What probes say of a recognised function: one mechanism with ``bnproof identify``."""

from dataclasses import dataclass
from typing import Any

from bnproof.conventions.identify.averages import Average, averages
from bnproof.conventions.identify.finding import Finding
from bnproof.conventions.identify.normalisation import explanations
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Mode
from bnproof.recognition.prober import constant_eps


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
    probes = Probes(InProcess(implementation))
    found: list[Average] | Finding = []
    if implementation.train is not None:
        found = averages(probes, rank)
    known = () if isinstance(found, Finding) else tuple(found)
    return Explained(
        _is_explained(probes, rank, "train"), _is_explained(probes, rank, "infer"), known
    )


def _is_explained(probes: Probes, rank: int, call: Mode) -> bool:
    found = explanations(probes, rank, call)
    return not isinstance(found, Finding) and bool(found)


def own_eps(implementation: Any, rank: int) -> float | None:
    """The constant that is added to the variance, for functions that take no eps."""
    probes = Probes(InProcess(implementation))
    tried: tuple[tuple[Mode, str], ...] = (("train", "batch"), ("infer", "running"))
    for call, statistics in tried:
        if getattr(implementation, call) is None:
            continue
        case = probes.case(rank, "constant eps", calls=call)

        def y_of(case: Case, call: Mode = call) -> Array | None:
            return probes.run(case).result(call, "y")

        found = constant_eps(y_of, case, statistics, probes.weakest, (1, -1))
        if found is not None:
            return found
    return None
