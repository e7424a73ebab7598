"""Backward called again, called late, and what it leaves unchanged."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, like_first
from bnproof.engine.judging.facts import events, raised
from bnproof.engine.judging.outputs import outputs
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.calls import Call
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import ADDED, GRADIENTS
from bnproof.engine.model.offers import Offer


@statement(
    "backward/repeatable",
    "The same backward called again gives the same gradients.",
    theorem="dx-closed-form",
    needs=(Need.TRAIN, Offer.GRADIENTS),
    rests_on=(),
)
def repeatable(records: Records) -> Iterator[Comparison]:
    """The same backward again: the same again, and the same bits where that is declared."""
    yield from _calls(records, "train again")
    if records.declaration.deterministic:
        gradients = (*GRADIENTS, *ADDED, "")
        seen = events(records, EventKind.NONDETERMINISTIC)
        yield from (check for check in seen if check.output in gradients)


@statement(
    "backward/interleaved",
    "Other calls between forward and backward change nothing.",
    theorem="dx-closed-form",
    needs=(Need.TRAIN, Need.REPLAYS, Offer.GRADIENTS),
    rests_on=(),
)
def interleaved(records: Records) -> Iterator[Comparison]:
    """backward after other training calls, other shapes, inference and another instance."""
    yield from _calls(records, "train late")


def _calls(records: Records, call: Call) -> Iterator[Comparison]:
    for record in records:
        yield from raised(record, call)
        for judged in outputs(record, *GRADIENTS, *ADDED, call=call):
            yield like_first(record, call, judged)


@statement(
    "backward/inputs-unchanged",
    "dy stays as it is.",
    theorem="dx-closed-form",
    needs=(Need.TRAIN, Offer.GRADIENTS),
    rests_on=(),
)
def dy_unchanged(records: Records) -> Iterator[Comparison]:
    """dy is, byte for byte, what it was."""
    for check in events(records, EventKind.CHANGED_INPUT):
        if check.output in ("dy", ""):
            yield check
