"""What happened in a case beside its numbers, as comparisons that hold or fail."""

from collections.abc import Callable, Iterator

from bnproof.engine.judging.comparison import Comparison, ended, happened, nothing_happened
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.calls import Call
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import Output


def outputs(record: Record, *names: Output, call: Call = "train") -> Iterator[Judged]:
    """The judged outputs of a call, in the order asked for."""
    for name in names:
        judged = record.of(call, name)
        if judged is not None:
            yield judged


def raised(record: Record, *calls: str) -> Iterator[Comparison]:
    """A failure for each exception, or result of another form, in some calls."""
    if record.observation.failure:
        yield ended(record, record.observation.failure)
    for event in record.observation.of(EventKind.RAISED):
        if event.call.split()[0] in calls:
            yield happened(record, event, seen=False)


def events(
    *kinds: EventKind, calls: tuple[str, ...] = ()
) -> Callable[[Records], Iterator[Comparison]]:
    """A function over records: a failure for each event of some kinds, in some calls or in all."""

    def check(records: Records) -> Iterator[Comparison]:
        for record in records:
            if record.observation.failure:
                continue
            seen = record.observation.of(*kinds)
            seen = [e for e in seen if not calls or e.call in calls]
            yield from (happened(record, event) for event in seen)
            if not seen:
                yield nothing_happened(record)

    return check


def single(record: Record, records: Records) -> Records:
    """One record alone, for functions over records."""
    return Records(records.declaration, (record,))
