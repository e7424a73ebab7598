"""Every call: dtypes and shapes, arguments that stay, results that stay, bits and layouts."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, happened, like_first
from bnproof.engine.judging.facts import events, raised
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.calls import is_double
from bnproof.engine.model.case import DOUBLE_ARGUMENTS
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.model.tag import Tag


@statement(
    "forward/dtype-and-shape",
    "y and dx come back in x's dtype and shape, everything else in gamma's, each in every case.",
    theorem="forward-definition",
    rests_on=(),
)
def well_formed(records: Records) -> Iterator[Comparison]:
    """No result of a wrong dtype or shape, and none that is None in some cases only.

    A gradient that is zero is an array of zeros.  Double backward has a property of its own.
    """
    for check in events(records, EventKind.MALFORMED):
        if check.output not in (*DOUBLE, "double"):
            yield check
    for record in records:
        for call, name in sorted(record.observation.absent & records.offers):
            if name in DOUBLE:
                continue
            event = Event(EventKind.MALFORMED, call, name, aspect=Aspect.ABSENT)
            yield happened(record, event, seen=False)


@statement(
    "forward/inputs-unchanged",
    "x, gamma, beta and, unless in_place is declared, the statistics stay as they are.",
    theorem="forward-definition",
    rests_on=(),
)
def inputs_unchanged(records: Records) -> Iterator[Comparison]:
    """x, gamma, beta and the statistics are, byte for byte, what they were."""
    for check in events(records, EventKind.CHANGED_INPUT):
        if check.output not in ("dy", *DOUBLE_ARGUMENTS):
            yield check


@statement(
    "forward/results-kept",
    "A result does not change after a later call.",
    theorem="forward-definition",
    rests_on=(),
)
def results_kept(records: Records) -> Iterator[Comparison]:
    """No result has changed when it is read again after later calls."""
    yield from events(records, EventKind.CHANGED_RESULT)


@statement(
    "forward/deterministic",
    "The same call gives the same bits.",
    theorem="forward-definition",
    needs=(Need.TRAIN, Need.DETERMINISTIC),
    rests_on=(),
)
def deterministic(records: Records) -> Iterator[Comparison]:
    """The second of two equal training calls gives the bits of the first."""
    yield from events(records, EventKind.NONDETERMINISTIC, calls=("train",))


@statement(
    "forward/strides",
    "Results do not depend on how the arguments lie in memory.",
    theorem="forward-definition",
    rests_on=(),
)
def strides(records: Records) -> Iterator[Comparison]:
    """All outputs agree with the truth, or with those of plain arrays if they are off as well.

    A target that declares to copy strided arrays may refuse them, but not misread them.
    """
    for record in records.tagged(Tag.LAYOUT):
        yield from raised(record, "train", "infer", "other")
        base = records.plain_of(record)
        for call, judged in record.all_judged():
            if not is_double(call):  # which has a property of its own
                yield like_first(record, call, judged, base)
