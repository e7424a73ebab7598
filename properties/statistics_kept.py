"""Where the running statistics may change, and in which arrays and dtype."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, found, happened, nothing_happened
from bnproof.engine.judging.facts import statistics_kept
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.spoiled_results import kinds_of_results
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.calls import Call, Label
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag

INFERENCE: tuple[Label, ...] = ("infer", "infer buffers")
"""Results of inference, and the buffers that it was given."""


@statement(
    "running/untouched-by-inference",
    "Inference leaves the statistics as they are.",
    theorem="inference-affine",
    needs=(Need.INFER, Offer.STATISTICS_OF_INFER),
    rests_on=(),
)
def untouched_by_inference(records: Records) -> Iterator[Comparison]:
    """Inference returns, and leaves in the buffers, the statistics that it was given."""
    for record in records:
        for call in INFERENCE:
            yield from statistics_kept(record, call)


@statement(
    "running/untouched-by-backward",
    "The statistics do not change in backward or in later calls.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Offer.STATISTICS, Offer.GRADIENTS),
    rests_on=(),
)
def untouched_by_backward(records: Records) -> Iterator[Comparison]:
    """The statistics after training stay as they are through backward and later calls."""
    for record in records:
        changed = record.observation.of(EventKind.CHANGED_RESULT)
        seen = [e for e in changed if {e.argument, e.origin} & {*STATISTICS}]
        yield from (happened(record, event) for event in seen)
        if not seen and record.of("train", "running_mean") is not None:
            yield nothing_happened(record)


@statement(
    "running/buffers",
    "Updates are seen whatever the layout of the statistics, and in the buffers if in place.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def buffers(records: Records) -> Iterator[Comparison]:
    """Updates show where the caller looks: in the given buffers, or in the results."""
    call: Call = "train buffers" if records.declaration.in_place else "train"
    for record in records:
        looked_at = records.declaration.in_place or Tag.LAYOUT in record.case.tags
        if looked_at:
            yield from agreement_of(record, *STATISTICS, call=call)


@statement(
    "running/dtype",
    "The statistics keep the declared dtype.",
    theorem="running-one-step",
    needs=(Offer.ANY_STATISTICS,),
    rests_on=(),
)
def dtype(records: Records) -> Iterator[Comparison]:
    """The statistics come back in the declared dtype."""
    for record in records:
        for call in ("train", "infer"):
            results = record.observation.results.get(call, {})
            for name in STATISTICS:
                if name in results:
                    expected, actual = record.case.parameter_dtype, results[name].dtype.name
                    other = Event(
                        EventKind.OTHER_DTYPE, call, name, expected=expected, actual=actual
                    )
                    yield found(record, other, holds=actual == expected)


@statement(
    "running/nonfinite",
    "NaN or infinity in a running statistic, or in x, reaches its own channel and no other.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def nonfinite(records: Records) -> Iterator[Comparison]:
    """The statistics after training, where one of them, or x, was NaN or infinite before."""
    for record in records.tagged(Tag.NONFINITE):
        yield from kinds_of_results(records, record, "train", *STATISTICS)
