"""What an implementation raised, as an event; and what was no verdict on it."""

from dataclasses import replace

from bnproof.engine.contract.form_error import FormError
from bnproof.engine.execution.shortage import is_shortage
from bnproof.engine.model.calls import Label, called
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.observation import Observation

INTERRUPT = "KeyboardInterrupt"
"""The name of the exception that comes from the keyboard, and from no implementation."""


class Stop(Exception):  # noqa: N818  # not an error: the case is over
    """The implementation raised, so that the rest of the case cannot be run."""


def raised_event(call: Label, error: BaseException, *, backward: bool = False) -> Event:
    """The event that a call, or its backward pass, raised something."""
    event = event_of(EventKind.RAISED, call, called(call, backward=backward), error)
    return replace(event, backward=backward, out_of_memory=is_shortage(error))


def event_of(
    kind: EventKind,
    call: Label,
    argument: str,
    error: BaseException,
    aspect: Aspect = Aspect.NONE,
) -> Event:
    """An event with what an exception says, in at most 300 characters."""
    name, text = type(error).__name__, " ".join(str(error).split())
    mistake = error.mistake if isinstance(error, FormError) else ""
    message = text[: 300 - len(name) - len(": ")]
    return Event(kind, call, argument, aspect=aspect, actual=name, message=message, mistake=mistake)


def unless_interrupted(observation: Observation) -> Observation:
    """The observation of an implementation in this process.

    Raises KeyboardInterrupt if a call did: here it comes from the keyboard, and is no verdict.
    """
    if any(e.actual == INTERRUPT for e in observation.of(EventKind.RAISED)):
        raise KeyboardInterrupt
    return observation
