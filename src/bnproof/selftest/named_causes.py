"""How well causes are named: on mistakes written without the library, alone and in pairs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bnproof.causes.evidence import evidence
from bnproof.causes.known_mistakes import causes
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.verdicts import evaluate
from bnproof.mutants.catalogue import mutant_of
from bnproof.mutants.variants.catalogue import COMBINED, SINGLE, UNKNOWN, VARIANTS
from bnproof.mutants.variants.variant import Variant
from bnproof.properties.catalogue import PROPERTIES
from bnproof.selftest.rejection import growing_records

DUE = 0.9
"""Share of single mistakes of the library whose cause has to be named."""


@dataclass(frozen=True)
class Naming:
    """What was named for one variant.

    Attributes:
        id: of the variant.
        true: its causes; a group of ids for each of its mistakes, any of which may be named.
        named: ids that were named, at most three.
    """

    id: str
    true: tuple[tuple[str, ...], ...]
    named: tuple[str, ...]

    @property
    def right(self) -> bool:
        """Whether a true cause is among those named; for an unknown mistake, that none is."""
        return bool(self.found) if self.true else not self.named

    @property
    def found(self) -> int:
        """How many of its mistakes are named."""
        return sum(bool(set(group) & set(self.named)) for group in self.true)


@dataclass(frozen=True)
class NamingTable:
    """What was named for all variants."""

    rows: tuple[Naming, ...] = ()

    def of(self, variants: Sequence[Variant]) -> list[Naming]:
        """The rows of some variants."""
        ids = {variant.id for variant in variants}
        return [row for row in self.rows if row.id in ids]

    @property
    def single(self) -> float:
        """Share of single mistakes whose cause is named."""
        return _share(self.of(SINGLE))

    @property
    def combined(self) -> float:
        """Share of pairs of which a cause is named."""
        return _share(self.of(COMBINED))

    @property
    def both(self) -> float:
        """Share of pairs of which both causes are named."""
        rows = self.of(COMBINED)
        return sum(row.found == 2 for row in rows) / max(1, len(rows))

    @property
    def misnamed(self) -> float:
        """Share of unknown mistakes for which something is named."""
        return 1 - _share(self.of(UNKNOWN))

    @property
    def wrong(self) -> tuple[str, ...]:
        """Variants for which no true cause, or for an unknown mistake some cause, is named."""
        return tuple(row.id for row in self.rows if not row.right)

    @property
    def mean_named(self) -> float:
        """Mean number of causes named for a mistake of the library."""
        rows = self.of(SINGLE)
        return sum(len(row.named) for row in rows) / max(1, len(rows))


def _share(rows: Sequence[Naming]) -> float:
    return sum(row.right for row in rows) / max(1, len(rows))


def named(id_: str) -> Naming:
    """What is named for the variant of an id, on what the quick portfolio shows first.

    >>> named("beta-forgotten").named
    ('formula/no-beta',)
    """
    variant = next(variant for variant in VARIANTS if variant.id == id_)
    implementation = variant.make()
    (dtype,) = implementation.dtypes
    with np.errstate(all="ignore"):
        found = causes(_evidence(implementation, dtype))
    groups = {mutant_of(cause.id).counts_as: cause.id for cause in found}
    return Naming(id_, variant.causes, tuple(groups.values()))


def _evidence(implementation: object, dtype: str) -> list[Record]:
    """The failing records of the first part of the portfolio in which something fails."""
    for records in growing_records(implementation, dtype):
        results = [evaluate(p, records, dtype) for p in PROPERTIES]
        shown = dict.fromkeys(r.violations[0].case_name for r in results if r.violations)
        if shown:
            return evidence([records.by_name[name] for name in shown], records.all)
    return []
