"""The property of double backward, in training and inference, where it is offered."""

from collections.abc import Iterator

from bnproof.engine.judging.property import Check, Property, Records, fact, like_first, of_judged
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import DOUBLE_ARGUMENTS
from bnproof.engine.model.names import DOUBLE
from bnproof.properties.forward import outputs

OFFER = "double backward"
CALLS = {"double": "train", "double-infer": "infer"}
"""Its calls, and the call that its results are named after."""

EVENTS = ("raised", "malformed", "changed-input", "nondeterministic")


def agreement(records: Records) -> Iterator[Check]:
    """ddy, dx and dgamma agree with exact arithmetic; called again, it gives the same again."""
    offered = any(OFFER in record.observation.offers for record in records)
    for record in records:
        if record.case.ddx is None:
            continue
        if record.observation.failure and (offered or "'double" in _failure(record)):
            kind = record.observation.failure
            yield fact(record, kind, holds=False, detail=_failure(record), kind=kind)
        yield from _events(record)
        for call, name in CALLS.items():
            for judged in outputs(record, *DOUBLE, call=call):
                yield of_judged(record, name, judged)
        for judged in outputs(record, *DOUBLE, call="double late"):
            yield like_first(record, "double late", judged)


def _failure(record: Record) -> str:
    return record.observation.failure_detail


def _events(record: Record) -> Iterator[Check]:
    for event in record.observation.of(*EVENTS):
        of_inputs = event.kind == "changed-input" and event.what in DOUBLE_ARGUMENTS
        if of_inputs or event.call.startswith("double"):
            said = f"{event.what} raised " if event.kind == "raised" else ""
            yield fact(record, event.what, holds=False, detail=f"{said}{event.detail}")


PROPERTIES = (
    Property(
        "backward/double-backward",
        "The gradients of <ddx, dx> + <ddgamma, dgamma> + <ddbeta, dbeta> agree with exact "
        "arithmetic.",
        "double-backward",
        (),
        agreement,
        part=OFFER,
    ),
)
