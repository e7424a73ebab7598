"""Masked batches: what the mask leaves out has no part in them."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.facts import events, raised
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag


@statement(
    "backward/masked",
    "Values that the mask leaves out get a gradient of 0, and their content does not matter.",
    theorem="dx-closed-form",
    needs=(Need.MASK, Offer.GRADIENTS),
    rests_on=(Basis.GRADIENTS,),
)
def no_gradient(records: Records) -> Iterator[Comparison]:
    """dx is 0 outside the mask."""
    for record in records.tagged(Tag.MASKED):
        yield from raised(record, "train")
        yield from events([record], EventKind.NOT_ZERO)
