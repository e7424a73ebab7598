"""Stateful layers: steps from the state that was reported, and a state that nobody shares."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, happened, nothing_happened
from bnproof.engine.judging.facts import raised, statistics_kept
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import TRAINING, Basis
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import GRADIENTS, STATISTICS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag


@statement(
    "layer/training",
    "A layer's training step is a step from the state it reported, whatever went before.",
    theorem="running-one-step",
    needs=(Need.LAYER, Need.ANY_SIZE),
    rests_on=TRAINING,
)
def training(records: Records) -> Iterator[Comparison]:
    """Every training step of a layer's life, from the state before it."""
    for record in records.tagged(Tag.LAYER):
        yield from raised(record, "layer", "train", "state", "load")
        for event in record.observation.of(EventKind.MALFORMED):
            yield happened(record, event)
        yield from agreement_of(record, "y", *GRADIENTS, *STATISTICS)


@statement(
    "layer/evaluation",
    "Evaluation uses the state that was reported and leaves it as it is.",
    theorem="inference-affine",
    needs=(Need.LAYER, Need.ANY_SIZE, Offer.STATISTICS),
    rests_on=(Basis.Y_OF_INFER,),
)
def evaluation(records: Records) -> Iterator[Comparison]:
    """Every evaluation of a layer's life, with the state before it, which stays."""
    for record in records.tagged(Tag.LAYER):
        yield from agreement_of(record, "y", *GRADIENTS, call="infer")
        yield from statistics_kept(record, "infer", "layer infer")


@statement(
    "layer/state",
    "state() and load() copy, and layers do not share what they hold.",
    theorem="running-one-step",
    needs=(Need.LAYER, Need.ANY_SIZE),
    rests_on=(),
)
def state(records: Records) -> Iterator[Comparison]:
    """Copies are given and taken, and an error comes before the state changes."""
    for record in records.tagged(Tag.LAYER):
        kinds = (
            EventKind.CHANGED_STATE,
            EventKind.CHANGED_RESULT,
            EventKind.CHANGED_INPUT,
            EventKind.NO_ERROR,
        )
        seen = record.observation.of(*kinds)
        yield from (happened(record, event) for event in seen)
        if not seen:
            yield nothing_happened(record)
