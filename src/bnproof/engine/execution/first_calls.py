"""The first calls of a target, which show whether it can be used at all."""

from typing import Any

from bnproof.engine.contract.declaration import ContractError, Declaration
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.executor import Executor
from bnproof.engine.execution.stopwatch import timed
from bnproof.engine.model.calls import DOUBLE_CALLS, Label
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio import ordinary_case
from bnproof.engine.wording.events import raised, sentence

CALLED: dict[Label, str] = {
    "train": "train(x, gamma, beta, running_mean, running_var, *, momentum, eps)",
    "infer": "infer(x, gamma, beta, running_mean, running_var, *, eps)",
}


class FirstCallError(ContractError):
    """The first calls of a target show that it cannot be used; ``event`` says what happened."""

    def __init__(self, event: Event, message: str) -> None:
        super().__init__(message)
        self.event = event


def try_out(
    implementation: Any,
    declaration: Declaration,
    announce: Announce = lambda _: None,
    returned: Returned = lambda: None,
) -> tuple[Case, Observation]:
    """The first calls, on ordinary data, and what came back, to be judged like any other case.

    Raises FirstCallError if the target cannot be used.
    """
    case = ordinary_case(declaration)
    observation = timed(Executor(implementation, declaration), case, announce, returned)
    for event in observation.of(EventKind.RAISED, EventKind.MALFORMED):
        if event.call in DOUBLE_CALLS:
            continue  # an optional part: a verdict like any other
        if event.kind is EventKind.RAISED:
            usage = _called(implementation, event)
            raise FirstCallError(event, f"{event.called}: {raised(event)}{usage}")
        if event.aspect is Aspect.RESULTS:
            raise FirstCallError(event, f"{event.called}: {sentence(event)}")
    return case, observation


def _called(implementation: Any, event: Event) -> str:
    """How it was called, which an adapter may tell in words of its own."""
    usage = getattr(implementation, "usage", _usage(event))
    called = f"; it is called as {usage}" if usage else ""
    evaluates = event.call == "infer" and not event.backward
    absent = evaluates and callable(getattr(implementation, "train", None))
    hint = "; if the target has no evaluation, add --without evaluation" if absent else ""
    return called + hint


def _usage(event: Event) -> str:
    usage = CALLED.get(event.call, "")
    return "backward(dy)" if usage and event.backward else usage
