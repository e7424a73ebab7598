"""Non-finite upstream gradients stay in their channel."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, found, like_first
from bnproof.engine.judging.facts import raised
from bnproof.engine.judging.outputs import outputs
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.spoiled_results import kinds_of_results
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import GRADIENTS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag


@statement(
    "backward/nonfinite-confinement",
    "NaN in dy stays in its channel, whose gradients are then not finite.",
    theorem="channel-independence",
    needs=(Need.TRAIN, Need.CHANNELS, Offer.GRADIENTS, Need.PLAIN),
    rests_on=(),
)
def nonfinite(records: Records) -> Iterator[Comparison]:
    """NaN in dy stays in its channel, whose three gradients are then not finite."""
    for record in records.tagged(Tag.NONFINITE_DY):
        yield from raised(record, "train")
        for judged in outputs(record, *GRADIENTS):
            finite = np.isfinite(np.asarray(judged.got, np.float64)[..., 1])
            event = Event(EventKind.FINITE, "train", judged.output, origin="dy")
            yield found(record, event, holds=not finite.all())
            yield like_first(record, "train", judged, records.plain_of(record))


@statement(
    "backward/nonfinite-values",
    "Where arguments are NaN or infinite, each gradient is of the kind that arithmetic makes it.",
    theorem="channel-independence",
    needs=(Need.TRAIN, Offer.GRADIENTS),
    rests_on=(Basis.GRADIENTS,),
)
def nonfinite_values(records: Records) -> Iterator[Comparison]:
    """The gradients of training: dbeta needs dy alone, and no gradient needs beta."""
    for record in records.tagged(Tag.NONFINITE):
        yield from kinds_of_results(records, record, "train", *GRADIENTS)
