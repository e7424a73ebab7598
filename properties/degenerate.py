"""Inputs at the edge of the definition: non-finite values, one value per channel, no value."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, found, happened, like_first, of_judged
from bnproof.engine.judging.facts import events, raised
from bnproof.engine.judging.outputs import agreement_of, outputs
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.spoiled_results import kinds_of_results
from bnproof.engine.model.basis import TRAINING
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import STATISTICS, STATISTICS_TOGETHER
from bnproof.engine.model.tag import Tag


@statement(
    "forward/nonfinite-confinement",
    "NaN or infinity in x stays in its channel, whose y and statistics are then not finite.",
    theorem="channel-independence",
    needs=(Need.TRAIN, Need.CHANNELS, Need.PLAIN),
    rests_on=TRAINING,
)
def confinement(records: Records) -> Iterator[Comparison]:
    """A channel with NaN or infinity is not finite, and all other channels agree with the truth."""
    for record in records.tagged(Tag.NONFINITE_X):
        yield from raised(record, "train")
        for judged in outputs(record, "y", *STATISTICS):
            finite = np.isfinite(np.asarray(judged.got, np.float64)[..., 1])
            event = Event(EventKind.FINITE, "train", judged.output, origin="x")
            if judged.output == "y" or not _unweighted(record):
                yield found(record, event, holds=not finite.all())
        for call, judged in record.all_judged("train"):
            yield like_first(record, call, judged, records.plain_of(record))


@statement(
    "forward/nonfinite-values",
    "Where arguments are NaN or infinite, each y is of the kind that arithmetic makes it.",
    theorem="channel-independence",
    needs=(Need.TRAIN,),
    rests_on=TRAINING,
)
def nonfinite_values(records: Records) -> Iterator[Comparison]:
    """y of training: NaN, infinite or a number, element by element."""
    for record in records.tagged(Tag.NONFINITE):
        yield from raised(record, "train")
        yield from kinds_of_results(records, record, "train", "y")


def _unweighted(record: Record) -> bool:
    momentum = record.case.momentum
    return momentum is not None and record.declaration.weight(momentum) == 0


@statement(
    "forward/single-value",
    "One value per channel in training does what is declared, and inference works.",
    theorem="single-value",
    needs=(Need.SINGLE_VALUE, Need.ANY_SIZE),
    rests_on=TRAINING,
)
def single_value(records: Records) -> Iterator[Comparison]:
    """One value per channel: an error, or y = beta and dx = 0, as declared."""
    for record in records.tagged(Tag.SINGLE):
        yield from events([record], EventKind.NO_ERROR, EventKind.CHANGED_INPUT)
        yield from raised(record, "train", "infer")
        yield from agreement_of(record, "y", "running_mean", "dx", "dgamma", "dbeta")
        for judged in outputs(record, "running_var"):
            finite = np.isfinite(np.asarray(judged.got, np.float64)).all()
            not_finite = Event(EventKind.NOT_FINITE, "train", "running_var")
            yield found(record, not_finite, holds=finite)
            if not records.declaration.unbiased(record.case.x.ndim):
                yield of_judged(record, "train", judged)
        yield from agreement_of(record, "y", call="infer")


@statement(
    "forward/empty-batch",
    "An empty batch does what is declared and leaves the statistics as they are.",
    theorem="single-value",
    needs=(Need.EMPTY, Need.ANY_SIZE),
    rests_on=(),
)
def empty_batch(records: Records) -> Iterator[Comparison]:
    """An empty batch: an error, or an empty y, as declared; the statistics stay either way."""
    for record in records.tagged(Tag.EMPTY):
        yield from events([record], EventKind.NO_ERROR, EventKind.MALFORMED)
        yield from raised(record, "train")
        for event in record.observation.of(EventKind.CHANGED_INPUT):
            if event.argument == STATISTICS_TOGETHER:
                yield happened(record, event, seen=False)
        for call, results in record.observation.results.items():
            for name in STATISTICS:
                before = getattr(record.case, name)
                if name in results:
                    kept = results[name].tobytes() == before.tobytes()
                    counted = Event(EventKind.EMPTY_BATCH_COUNTED, call, name)
                    yield found(record, counted, holds=kept)
