"""All records of one dtype, found by tag, by data or by the relation between two of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.names import Output
from bnproof.engine.model.tag import Tag


@dataclass(frozen=True, eq=False)
class Records:
    """All records of one dtype, found by name where a relation needs another one."""

    declaration: Declaration
    all: tuple[Record, ...]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.all)

    @cached_property
    def by_name(self) -> dict[str, Record]:
        """Records by the name of their case."""
        return {record.case.name: record for record in self.all}

    @cached_property
    def offers(self) -> frozenset[tuple[Call, Output]]:
        """What came back in any case: each result with its call."""
        return frozenset().union(*(record.observation.offers for record in self.all))

    def tagged(self, tag: Tag) -> Iterator[Record]:
        """Records of cases with a tag."""
        return (record for record in self.all if tag in record.case.tags)

    @cached_property
    def plain(self) -> dict[str, Record]:
        """The first record of each data set, its numbers finite and its arrays plain."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            ordinary = not case.layouts and Tag.NONFINITE not in case.tags
            if ordinary and case.data_key and case.calls in ("full", "short"):
                found.setdefault(f"{case.data_key}, rank {case.x.ndim}", record)
        return found

    def plain_of(self, record: Record) -> Record | None:
        """The record of the same data in the same rank, finite and plain."""
        return self.plain.get(f"{record.case.data_key}, rank {record.case.x.ndim}")

    @cached_property
    def first(self) -> dict[str, Record]:
        """The first record of each data set, in whatever rank, its numbers finite."""
        found: dict[str, Record] = {}
        for record in self.all:
            case = record.case
            if case.data_key and Tag.NONFINITE not in case.tags:
                found.setdefault(case.data_key, record)
        return found

    def first_of(self, record: Record) -> Record | None:
        """The first record of the same data."""
        return self.first.get(record.case.data_key)

    def twins(self, relation: str) -> Iterator[tuple[Record, Record]]:
        """Pairs (base, twin) of a relation, given its name."""
        for record in self.all:
            twin = record.case.twin
            if twin is not None and twin.relation == relation and twin.of in self.by_name:
                yield self.by_name[twin.of], record
