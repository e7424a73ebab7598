"""A counterexample: the cases that show a violation, few enough to be kept and run again."""

from collections.abc import Iterator
from dataclasses import dataclass

from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.case import Case
from bnproof.engine.portfolio import finite_differences


@dataclass(frozen=True, eq=False)
class Counterexample:
    """A case that violates a property, with the other cases that the property looks at.

    Attributes:
        name: of the case that is judged: that of ``case``, or of a step in a layer's life.
        case: as it is run.
        related: run before it: the cases that it is a twin of, or is compared with.
    """

    name: str
    case: Case
    related: tuple[Case, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases, in the order in which they are run."""
        return (*self.related, self.case)

    def judged(self, property_: Property, records: Records) -> list[Comparison]:
        """The comparisons that a property makes on the case, given the records of all cases."""
        return [c for c in property_.compare(records) if c.record.case.name == self.name]


@dataclass(frozen=True, eq=False)
class Failing:
    """One output in which a property is violated, on whichever cases.

    Attributes:
        property, dtype: what is violated.
        output: the name of what is wrong, whatever the call.
        kind: "fail", "crashed" or "timed-out".
        counterexample: the simplest of the cases.
        cases: names of all of them.
    """

    property: str
    dtype: str
    output: str
    kind: str
    counterexample: Counterexample
    cases: tuple[str, ...]


def counterexample(records: Records, record: Record) -> Counterexample:
    """The counterexample of a record, with what relations need beside it."""
    case = as_run(record)
    names = dict.fromkeys(other.case.name for other in _related(records, record))
    related = [as_run(records.by_name[name]) for name in names]
    others = {other.name: other for other in related if other.name != case.name}
    return Counterexample(record.case.name, case, tuple(others.values()))


def as_run(record: Record) -> Case:
    """The case as it was run: with all its channels, or the life that a step belongs to."""
    return record.ran or record.case


def _related(records: Records, record: Record) -> Iterator[Record]:
    """Records that some property compares this one with, in the order in which they ran."""
    wanted = set(_names(records, record))
    return (other for other in records if other.case.name in wanted)


def _names(records: Records, record: Record) -> Iterator[str]:
    case = record.case
    base = case.name if case.twin is None else case.twin.of
    yield base
    for other in records:
        twin = other.case.twin
        if twin is not None and twin.of == base and _same_relation(case, other.case):
            yield other.case.name
    if case.twin is not None and "with" in case.twin.how:  # the sum's other summand
        yield case.twin.how["with"]
    if plain := records.plain_of(record):
        yield plain.case.name
    if first := records.first_of(record):
        yield first.case.name


def _same_relation(case: Case, other: Case) -> bool:
    """Whether another twin takes part in the relation; a base has finite differences alone."""
    relation = finite_differences.RELATION if case.twin is None else case.twin.relation
    return other.twin is not None and other.twin.relation == relation
