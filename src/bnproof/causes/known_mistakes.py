"""From failing records to the mistakes that explain them, likeliest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bnproof.causes.reproduction import Symptoms
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
        symptoms = [Symptoms(record) for record in evidence.get(dtype, ())]
        found = _that_explain_all(likely, symptoms) or _candidates(symptoms)
        named[dtype] = _named(found)
        likely = tuple(candidate.mutant.id for candidate in found) or likely
    return [
        replace(result, causes=named[result.dtype]) if result.violations else result
        for result in results
    ]


def causes(records: Sequence[Record]) -> tuple[Cause, ...]:
    """The mistakes that explain the failing records; () where none explains anything.

    A mistake that explains everything comes before several that explain it together.  Mistakes
    that explain the same are named in the order of the library.
    """
    return _named(_candidates([Symptoms(record) for record in records]))


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


def _candidates(symptoms: Sequence[Symptoms]) -> list[_Candidate]:
    """Those that contradict no record and explain something; graded ones where no other does."""
    graded = [mutant for mutant in MUTANTS if mutant.family == "graded"]
    others = [mutant for mutant in MUTANTS if mutant.family != "graded"]
    return _that_explain(others, symptoms) or _that_explain(graded, symptoms)


def _that_explain_all(ids: Sequence[str], symptoms: Sequence[Symptoms]) -> list[_Candidate]:
    """Those of some mistakes that contradict nothing; none unless one explains everything."""
    if not ids:
        return []
    every = {(number, what) for number, each in enumerate(symptoms) for what in each.to_explain}
    found = _that_explain([mutant for mutant in MUTANTS if mutant.id in ids], symptoms)
    return found if any(candidate.explains == every for candidate in found) else []


def _that_explain(mutants: Sequence[Any], symptoms: Sequence[Symptoms]) -> list[_Candidate]:
    """Of nearly equal mistakes, which count once, the first.

    Mistakes that explain nothing of the first record are run on the others only if no mistake
    explains everything: they would not be named beside it.
    """
    if not symptoms:
        return []
    every = {(number, what) for number, each in enumerate(symptoms) for what in each.to_explain}
    telling: list[_Candidate] = []
    silent: list[_Candidate] = []
    for order, mutant in enumerate(mutants):
        first = symptoms[0].explanation(mutant)
        if not first.contradicted:
            explains = frozenset((0, what) for what in first.explained)
            (telling if explains else silent).append(_Candidate(mutant, explains, order))
    found = _uncontradicted(telling, symptoms)
    if not any(candidate.explains == every for candidate in found):
        later = [candidate for candidate in silent if _tells(candidate.mutant, symptoms[1:])]
        found += _uncontradicted(later, symptoms)
    distinct: dict[str, _Candidate] = {}
    for candidate in sorted(found, key=lambda c: c.order):
        distinct.setdefault(candidate.mutant.counts_as, candidate)
    return list(distinct.values())


def _tells(mutant: Any, symptoms: Iterable[Symptoms]) -> bool:
    """Whether a mistake explains something, as far as a run up to there shows no contradiction."""
    for each in symptoms:
        told = each.explanation(mutant, if_it_tells=True)
        if told.contradicted or told.explained:
            return not told.contradicted
    return False


def _uncontradicted(
    candidates: Sequence[_Candidate], symptoms: Sequence[Symptoms]
) -> list[_Candidate]:
    """Those that contradict no later record either, with what they explain of all records."""
    found = []
    for candidate in candidates:
        explains = set(candidate.explains)
        for number, each in enumerate(symptoms[1:], start=1):
            told = each.explanation(candidate.mutant)
            if told.contradicted:
                break
            explains |= {(number, what) for what in told.explained}
        else:
            if explains:
                found.append(replace(candidate, explains=frozenset(explains)))
    return found


def _rest(first: _Candidate, candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Further mistakes that explain what the first leaves open, the most telling one first."""
    open_ = {what for c in candidates for what in c.explains} - first.explains
    rest: list[_Candidate] = []
    while open_:
        best = max(candidates, key=lambda c: (len(c.explains & open_), -c.order))
        rest.append(best)
        open_ -= best.explains
    return rest
