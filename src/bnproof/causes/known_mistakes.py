"""From failing records to the mistakes that explain them, likeliest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bnproof.causes.reproduction import explanation, to_explain
from bnproof.engine.judging.record import Record
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.result import Cause, Result
from bnproof.mutants.catalogue import MUTANTS

NAMED = 3
"""At most so many causes are named."""


@dataclass(frozen=True)
class _Candidate:
    """A mistake that contradicts nothing, and what it explains: (number of the record, what)."""

    mutant: Any
    explains: frozenset[tuple[int, Explained]]
    order: int


def with_causes(
    results: Sequence[Result], evidence: Mapping[str, Sequence[Record]]
) -> list[Result]:
    """The results, each failure with the causes of what failed in its dtype.

    ``evidence`` are failing records of each dtype.  Mistakes that explain everything in one dtype
    are asked first in the next, and all others only where they do not explain everything there.
    """
    named: dict[str, tuple[Cause, ...]] = {}
    likely: tuple[str, ...] = ()
    for dtype in dict.fromkeys(result.dtype for result in results if result.violations):
        records = evidence.get(dtype, ())
        found = _that_explain_all(likely, records) or _candidates(records)
        named[dtype] = _named(found)
        likely = tuple(candidate.mutant.id for candidate in found)
    return [
        replace(result, causes=named[result.dtype]) if result.violations else result
        for result in results
    ]


def causes(records: Sequence[Record]) -> tuple[Cause, ...]:
    """The mistakes that explain the failing records; () where none explains anything.

    A mistake that explains everything comes before several that explain it together.  Mistakes
    that explain the same are named in the order of the library.
    """
    return _named(_candidates(records))


def _named(candidates: Sequence[_Candidate]) -> tuple[Cause, ...]:
    if not candidates:
        return ()
    most = max(len(c.explains) for c in candidates)
    best = [c for c in candidates if len(c.explains) == most]
    chosen = [*best[:1], *_rest(best[0], candidates), *best[1:]][:NAMED]
    return tuple(_cause(candidate) for candidate in chosen)


def _cause(candidate: _Candidate) -> Cause:
    mutant, explains = candidate.mutant, {what for _, what in candidate.explains}
    told = tuple(sorted(explains, key=str))
    return Cause(mutant.id, mutant.mistake, mutant.repair, mutant.issues, told)


def _candidates(records: Sequence[Record]) -> list[_Candidate]:
    """Those that contradict no record and explain something; graded ones where no other does."""
    graded = [mutant for mutant in MUTANTS if mutant.family == "graded"]
    others = [mutant for mutant in MUTANTS if mutant.family != "graded"]
    return _that_explain(others, records) or _that_explain(graded, records)


def _that_explain_all(ids: Sequence[str], records: Sequence[Record]) -> list[_Candidate]:
    """Those of some mistakes that contradict nothing; none unless one explains everything."""
    if not ids:
        return []
    wrong = {(number, what) for number, record in enumerate(records) for what in to_explain(record)}
    found = _that_explain([mutant for mutant in MUTANTS if mutant.id in ids], records)
    return found if any(candidate.explains >= wrong for candidate in found) else []


def _that_explain(mutants: Sequence[Any], records: Sequence[Record]) -> list[_Candidate]:
    """Of nearly equal mistakes, which count once, the first."""
    found: dict[str, _Candidate] = {}
    for order, mutant in enumerate(mutants):
        explains: set[tuple[int, Explained]] = set()
        for number, record in enumerate(records):
            told = explanation(mutant, record)
            if told.contradicted:
                break
            explains |= {(number, what) for what in told.explained}
        else:
            if explains:
                found.setdefault(mutant.counts_as, _Candidate(mutant, frozenset(explains), order))
    return list(found.values())


def _rest(first: _Candidate, candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Further mistakes that explain what the first leaves open, the most telling one first."""
    open_ = {what for c in candidates for what in c.explains} - first.explains
    rest: list[_Candidate] = []
    while open_:
        best = max(candidates, key=lambda c: (len(c.explains & open_), -c.order))
        rest.append(best)
        open_ -= best.explains
    return rest
