"""Known failures: which violations somebody has already written down, with a reason."""

from collections.abc import Iterable
from dataclasses import dataclass

from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag


@dataclass(frozen=True)
class Known:
    """One known failure, as far as verdicts depend on it.

    A violation is the same failure if it is one of the same output on the pinned case or on one
    of the named cases.  Cases that the search finds have no lasting names: there it is the same
    failure if its case is not simpler than the pinned one.

    Attributes:
        property, dtype: what is violated.
        output: the name of what is wrong, whatever the call.
        cases: names of the pinned case and of the others on which it was seen.
        size, layouts: values of x in the pinned case, and how many arguments are not C-ordered.
        reason: what a reader is told.
    """

    property: str
    dtype: str
    output: str
    cases: frozenset[str]
    size: int
    layouts: int
    reason: str

    def covers(self, output: str, case: Case) -> bool:
        """Whether a violation of the property, in this output and case, is this failure."""
        if output != self.output:
            return False
        if Tag.SEARCHED in case.tags:
            return (case.x.size, len(case.layouts)) >= (self.size, self.layouts)
        return case.name in self.cases


def of_property(known: Iterable[Known], property_: str) -> list[Known]:
    """The known failures of one property."""
    return [each for each in known if each.property == property_]


def is_unexpected(record: Record, known: Iterable[Known]) -> bool:
    """Whether a record alone shows a violation that is not known, whatever the property."""
    held = list(known)

    def expected(*outputs: str) -> bool:
        return any(k.covers(output, record.case) for k in held for output in outputs)

    seen = record.observation
    if seen.failure and not expected(seen.failure.kind):
        return True
    if any(not expected(event.argument, event.call) for event in seen.events):
        return True
    return any(j.worst > 1 and not expected(j.output) for _, j in record.all_judged())
