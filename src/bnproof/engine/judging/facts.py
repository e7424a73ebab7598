"""What happened in a case beside its numbers, as comparisons that hold or fail."""

from collections.abc import Iterable, Iterator

import numpy as np

from bnproof.engine.judging.comparison import Comparison, ended, found, happened, nothing_happened
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import Label, is_part_of, trial_of
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import STATISTICS


def raised(record: Record, *calls: Label) -> Iterator[Comparison]:
    """A failure for each exception in some calls, and in what belongs to them or repeats them."""
    if record.observation.failure and not ended_beside_calls(record):
        yield ended(record, record.observation.failure)
    for event in record.observation.of(EventKind.RAISED):
        if any(is_part_of(event.call, call) for call in calls):
            yield happened(record, event, seen=False)


def ended_beside_calls(record: Record) -> bool:
    """Whether a case ended while something was tried on a whole module, after all its calls."""
    failure, demand = record.observation.failure, record.case.demand
    return failure is not None and demand is not None and failure.call == trial_of(demand)


def events(
    records: Iterable[Record], *kinds: EventKind, calls: tuple[Label, ...] = ()
) -> Iterator[Comparison]:
    """A failure for each event of some kinds, in some calls or in all."""
    for record in records:
        if record.observation.failure:
            continue
        seen = [e for e in record.observation.of(*kinds) if not calls or e.call in calls]
        yield from (happened(record, event) for event in seen)
        if not seen:
            yield nothing_happened(record)


def statistics_kept(
    record: Record, call: Label, label: Label | None = None
) -> Iterator[Comparison]:
    """Compare the statistics that a call returned, or left in the buffers, with those given."""
    results = record.observation.results.get(call, {})
    for name in STATISTICS:
        if name in results:
            got, given = (
                np.asarray(a, np.float64) for a in (results[name], getattr(record.case, name))
            )
            moved = Event(EventKind.INFERENCE_MOVED, label or call, name)
            same = np.array_equal(got, given) or np.array_equal(got, given, equal_nan=True)
            yield found(record, moved, holds=same)  # the first is faster, and nearly always enough
