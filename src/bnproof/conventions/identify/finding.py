"""What was found about one convention, or why nothing was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

FOUND, AMBIGUOUS, UNEXPLAINED = "found", "ambiguous", "unexplained"
NOT_OFFERED, NOT_PROBED, FAILED = "not offered", "not probed", "failed"
VERDICTS = (FOUND, AMBIGUOUS, UNEXPLAINED, NOT_OFFERED, NOT_PROBED, FAILED)
"""found; several candidates explain the results, or none does; the target does not offer what shows
it; it cannot be probed within what is declared; an exception, a crash or a hang came instead."""


@dataclass(frozen=True)
class Finding:
    """One convention.

    Attributes:
        convention: its id, which is the contract's attribute where there is one.
        verdict: one of `VERDICTS`.
        value: what was found, None otherwise.
        because: what showed it, or why nothing did, in words.
        remark: what a user has to know about the value, "" if nothing.
        declared: what the target declares, or tells of itself; None where that does not exist.
        explicit: whether it says so itself, and not by a default of the contract.
    """

    convention: str
    verdict: str
    value: Any = None
    because: str = ""
    remark: str = ""
    declared: Any = field(default=None)
    explicit: bool = False

    @property
    def differs(self) -> bool:
        """Whether what was found is not what is declared, by the target or by default."""
        known = self.verdict == FOUND and self.declared is not None
        return known and not same(self.value, self.declared)

    @property
    def contradicts(self) -> bool:
        """Whether what was found is not what the target itself declares."""
        return self.differs and self.explicit


def same(found: Any, declared: Any) -> bool:
    """Whether a value and a declared one mean the same; of a dict by rank, what was found counts.

    >>> same("biased", {2: "biased", 4: "biased"}), same((2, 4), [2, 4]), same({4: "biased"}, "new")
    (True, True, False)
    """
    if isinstance(declared, dict) and isinstance(found, str):
        return all(value == found for value in declared.values())
    if isinstance(found, dict) and isinstance(declared, dict):
        return all(declared.get(key) == value for key, value in found.items())
    if isinstance(found, dict):
        return all(value == declared for value in found.values())
    if isinstance(found, (tuple, list)) and isinstance(declared, (tuple, list)):
        return set(found) == set(declared)
    return bool(found == declared)


def of_candidates(convention: str, names: Sequence[str], because: str, none: str) -> Finding:
    """found if one candidate explains the results, ambiguous if several do, else unexplained.

    >>> of_candidates("momentum_weighs", ["new"], "the running mean shows it", "").value
    'new'
    >>> of_candidates("momentum_weighs", ["new", "old"], "", "").because
    'new or old: they cannot be told apart'
    """
    names = list(dict.fromkeys(names))
    if len(names) == 1:
        return Finding(convention, FOUND, names[0], because)
    if names:
        told = " or ".join(names)
        return Finding(convention, AMBIGUOUS, None, f"{told}: they cannot be told apart")
    return Finding(convention, UNEXPLAINED, None, none)


def by_rank(convention: str, findings: dict[int, Finding]) -> Finding:
    """One finding for all ranks: their common value, or a dict of those that differ.

    A rank that shows nothing is told in the reason of one that does.

    >>> found = {rank: Finding("running_variance", FOUND, kind) for rank, kind in
    ...     ((2, "biased"), (4, "unbiased"))}
    >>> by_rank("running_variance", found).value
    {2: 'biased', 4: 'unbiased'}
    """
    found = {rank: f for rank, f in findings.items() if f.verdict == FOUND}
    others = {rank: f for rank, f in findings.items() if f.verdict != FOUND}
    if not found:
        return next(iter(others.values()), Finding(convention, NOT_PROBED, because="no rank works"))
    values = {rank: f.value for rank, f in found.items()}
    first = next(iter(found.values()))
    distinct = list(values.values())
    equal = all(value == distinct[0] for value in distinct)
    rest = "".join(f"; rank {rank}: {f.verdict}, {f.because}" for rank, f in others.items())
    return Finding(
        convention,
        FOUND,
        distinct[0] if equal else values,
        first.because + rest,
        first.remark,
    )
