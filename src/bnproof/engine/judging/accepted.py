"""Violations that are accepted: what the engine asks of an entry about a known failure.

The entries themselves are of `bnproof.known_failures`, which the engine does not know.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case


class Accepted(Protocol):
    """A failure that is accepted, with the reason."""

    @property
    def dtype(self) -> str:
        """The dtype of x in which it is violated."""
        ...

    @property
    def explanation(self) -> str:
        """The reason, as reports give it."""
        ...

    @property
    def property(self) -> str:
        """The id of the property that is violated."""
        ...

    def covers(self, output: str, case: Case) -> bool:
        """Whether a violation of the property, in this output and case, is this failure."""
        ...


AnyAccepted = TypeVar("AnyAccepted", bound=Accepted)


def of_property(accepted: Iterable[AnyAccepted], property_: str) -> list[AnyAccepted]:
    """The accepted failures of one property."""
    return [each for each in accepted if each.property == property_]


def is_unexpected(record: Record, accepted: Sequence[Accepted]) -> bool:
    """Whether a record alone shows a violation that is not accepted, whatever the property."""

    def expected(*outputs: str) -> bool:
        return any(each.covers(output, record.case) for each in accepted for output in outputs)

    seen = record.observation
    if seen.failure and not expected(seen.failure.kind):
        return True
    if any(not expected(event.argument, event.called) for event in seen.events):
        return True
    return any(not expected(judged.output) for _, judged in record.all_wrong())
