"""What happened in a case beside its numbers, as comparisons that hold or fail."""

from collections.abc import Callable, Iterator

from bnproof.engine.judging.comparison import Comparison, fact
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records


def outputs(record: Record, *names: str, call: str = "train") -> Iterator[Judged]:
    """The judged outputs of a call, in the order asked for."""
    for name in names:
        judged = record.of(call, name)
        if judged is not None:
            yield judged


def raised(record: Record, *calls: str) -> Iterator[Comparison]:
    """A failure for each exception, or result of another form, in some calls."""
    if record.observation.failure:
        kind, detail = record.observation.failure, record.observation.failure_detail
        yield fact(record, kind, holds=False, detail=detail, kind=kind)
    for event in record.observation.of("raised"):
        if event.call.split()[0] in calls:
            yield fact(
                record, event.call, holds=False, detail=f"{event.call} raised {event.detail}"
            )


def events(*kinds: str, calls: tuple[str, ...] = ()) -> Callable[[Records], Iterator[Comparison]]:
    """A function over records: a failure for each event of some kinds, in some calls or in all."""

    def check(records: Records) -> Iterator[Comparison]:
        for record in records:
            if record.observation.failure:
                continue
            found = record.observation.of(*kinds)
            found = [e for e in found if not calls or e.call in calls]
            for event in found:
                yield fact(record, event.what, holds=False, detail=event.detail, event=event.kind)
            if not found:
                yield fact(record, "", holds=True, detail="")

    return check


def single(record: Record, records: Records) -> Records:
    """One record alone, for functions over records."""
    return Records(records.declaration, (record,))
