"""The property of double backward, in training and inference, where it is offered."""

from collections.abc import Iterator, Mapping

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, ended, happened, like_first, of_judged
from bnproof.engine.judging.outputs import outputs
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.calls import DOUBLE_CALLS, Call, is_double
from bnproof.engine.model.case import DOUBLE_ARGUMENTS
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.model.offers import OFFERS, Offer

CALLS: Mapping[Call, Call] = {"double": "train", "double-infer": "infer"}
"""Its calls, and the call that its results are named after."""

EVENTS = (
    EventKind.RAISED,
    EventKind.MALFORMED,
    EventKind.CHANGED_INPUT,
    EventKind.NONDETERMINISTIC,
)


@statement(
    "backward/double-backward",
    "The gradients of <ddx, dx> + <ddgamma, dgamma> + <ddbeta, dbeta> agree with exact arithmetic.",
    theorem="double-backward",
    needs=(Offer.DOUBLE_BACKWARD, Need.PLAIN),
    rests_on=(Basis.GRADIENTS, Basis.GRADIENTS_OF_INFER, Basis.Y_OF_INFER),
)
def agreement(records: Records) -> Iterator[Comparison]:
    """ddy, dx and dgamma agree with exact arithmetic; called again, it gives the same again."""
    offered = any(OFFERS[Offer.DOUBLE_BACKWARD] & record.observation.offers for record in records)
    for record in records:
        if record.case.ddx is None:
            continue
        failure = record.observation.failure
        if failure is not None and (offered or is_double(failure.call)):
            yield ended(record, failure)
        yield from _events(record)
        for call, name in CALLS.items():
            for judged in outputs(record, *DOUBLE, call=call):
                yield of_judged(record, name, judged)
        for judged in outputs(record, *DOUBLE, call="double late"):
            yield like_first(record, "double late", judged)


def _events(record: Record) -> Iterator[Comparison]:
    for event in record.observation.of(*EVENTS):
        is_input = event.argument in DOUBLE_ARGUMENTS
        of_inputs = event.kind is EventKind.CHANGED_INPUT and is_input
        if of_inputs or event.call in DOUBLE_CALLS:
            yield happened(record, event, seen=False)
