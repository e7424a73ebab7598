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

LOOKED_AT = 4
"""Failing cases on which mistakes are tried, one for each property, smallest first."""


def with_causes(results: Sequence[Result], evidence: Sequence[Record]) -> list[Result]:
    """The results of one dtype, each failure with the causes that reproduce its own case."""
    failing = {r.violations[0].case_name: r for r in results if r.violations}
    records = [record for record in evidence if record.case.name in failing][:LOOKED_AT]
    named = causes(records)
    return [replace(result, causes=named) if result.violations else result for result in results]


def causes(records: Sequence[Record]) -> tuple[Cause, ...]:
    """The mistakes that reproduce most of the failing records; () where none reproduces any."""
    explained: dict[str, tuple[int, Any]] = {}
    for mutant in MUTANTS:
        count = sum(reproduces(mutant, record) for record in records)
        known = explained.get(mutant.counts_as)
        if count and (known is None or count > known[0]):
            explained[mutant.counts_as] = (count, mutant)
    if not explained:
        return ()
    most = max(count for count, _ in explained.values())
    best = [mutant for count, mutant in explained.values() if count == most][:NAMED]
    return tuple(Cause(m.id, m.mistake, m.repair, m.issues) for m in best)
