"""From failing records to the mistakes that explain them, likeliest first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bnproof.diagnosis.reproduction import reproduces
from bnproof.mutants.catalogue import MUTANTS
from bnproof.properties.record import Record
from bnproof.properties.result import Cause, Result

NAMED = 3
"""At most so many causes are named."""


def with_causes(results: Sequence[Result], evidence: Sequence[Record]) -> list[Result]:
    """The results of one dtype, each failure with the causes of what failed there."""
    named = causes(evidence)
    return [replace(result, causes=named) if result.violations else result for result in results]


def causes(records: Sequence[Record]) -> tuple[Cause, ...]:
    """The mistakes that reproduce most of the failing records; () where none reproduces any."""
    for number, record in enumerate(records):
        candidates = {m.counts_as: m for m in reversed(MUTANTS) if reproduces(m, record)}
        if candidates:
            others = [*records[:number], *records[number + 1 :]]
            return _best(list(candidates.values()), others)
    return ()


def _best(candidates: list[Any], others: Sequence[Record]) -> tuple[Cause, ...]:
    """Those that reproduce most of the other records as well, in the order of the library."""
    order = {mutant.id: number for number, mutant in enumerate(MUTANTS)}
    counts = {m.id: sum(reproduces(m, record) for record in others) for m in candidates}
    best = [m for m in candidates if counts[m.id] == max(counts.values())]
    best.sort(key=lambda m: order[m.id])
    return tuple(Cause(m.id, m.mistake, m.repair, m.issues) for m in best[:NAMED])
