"""Sentences about events, and about how a case ended early."""

from collections.abc import Callable, Mapping

from bnproof.engine.model.event import Aspect, EarlyEnd, Event, EventKind
from bnproof.engine.model.names import STATISTICS_TOGETHER
from bnproof.engine.wording.memory_sizes import size_in_words


def sentence(event: Event) -> str:
    """What happened, in one line.

    >>> sentence(Event(EventKind.CHANGED_INPUT, "case", "x"))
    'x was modified'
    """
    return _SENTENCES[event.kind](event)


def raised(event: Event) -> str:
    """An exception, and the limit of memory if there was no more.

    >>> raised(Event(EventKind.RAISED, "train", "train", actual="MemoryError", memory=2**30))
    'MemoryError (it may take 1G beside its imports: --memory)'
    """
    if event.memory is None:
        return event.exception
    return with_memory(event.exception, event.memory)


def with_memory(text: str, size: int) -> str:
    """What was said when memory ran out, with the limit."""
    return f"{text} (it may take {size_in_words(size)} beside its imports: --memory)"


def malformed(event: Event) -> str:
    """What is wrong with the form of a result, without its name.

    >>> shape = Event(
    ...     EventKind.MALFORMED, "train", "y", aspect=Aspect.SHAPE, expected="(2,)", actual="(3,)"
    ... )
    >>> malformed(shape)
    'shape (3,), due (2,)'
    """
    if event.aspect is Aspect.ARRAY:
        return f"cannot be read as an array: {event.exception}"
    if event.aspect is Aspect.ABSENT:
        return "None where other cases have an array"
    named = "" if event.aspect is Aspect.RESULTS else f"{event.aspect} "
    return f"{named}{event.actual}, due {event.expected}"


def ending(failure: EarlyEnd) -> str:
    """How a case ended early, in one line.

    >>> ending(EarlyEnd("timed-out", "train", 5.0))
    "no answer after 5 s in the call 'train'"
    """
    if failure.given_up:
        return f"not tried any more after too many failures; the last: {last_ending(failure)}"
    return last_ending(failure)


def last_ending(failure: EarlyEnd) -> str:
    """The same without the words that the case was not run."""
    if not failure.call:
        return f"before the case: {failure.ended}"
    return f"{how_it_ended(failure)} in the call {failure.call!r}{_said(failure)}"


def how_it_ended(failure: EarlyEnd) -> str:
    """The end of the process, or how long it was waited for.

    >>> how_it_ended(EarlyEnd("crashed", "train", ended="killed by SIGSEGV"))
    'killed by SIGSEGV'
    """
    if failure.kind == "timed-out":
        return f"no answer after {failure.seconds:g} s"
    return failure.ended


def _said(failure: EarlyEnd) -> str:
    return f": {failure.said}" if failure.said else ""


# --- one function per kind ------------------------------------------------------------------------


def _changed_input(event: Event) -> str:
    if event.aspect is not Aspect.BEFORE_ERROR:
        return f"{event.argument} was modified"
    name = "" if event.argument == STATISTICS_TOGETHER else f"{event.argument} "
    return f"{name}changed before the error"


def _changed_result(event: Event) -> str:
    when = "during a later case" if event.aspect is Aspect.LATER_CASE else "after a later call"
    return f"{event.label} changed {when}"


def _changed_state(event: Event) -> str:
    name = event.argument
    return {
        Aspect.LOADED: f"{name} is not what was loaded",
        Aspect.COUNT: f"{name} is {event.actual}, due {event.expected}",
        Aspect.MOVED: f"{name} was changed by: {event.message}",
        Aspect.COPY: f"state()[{name!r}] changed after it was given",
    }[event.aspect]


def _malformed(event: Event) -> str:
    if event.argument == "double":
        return f"double backward: {malformed(event)}"
    return f"{event.argument} of {event.call}: {malformed(event)}"


def _finite(event: Event) -> str:
    cause = "NaN in dy" if event.origin == "dy" else "a non-finite x"
    return f"{event.argument} of a channel with {cause} is finite"


def _inference_moved(event: Event) -> str:
    if event.call == "layer infer":
        return f"evaluation changed {event.argument}"
    return f"{event.argument} is not what inference was given"


def _module_differs(event: Event) -> str:
    return f"{event.argument}: expected {event.expected}, got {event.actual}"


_SENTENCES: Mapping[EventKind, Callable[[Event], str]] = {
    EventKind.CHANGED_INPUT: _changed_input,
    EventKind.CHANGED_RESULT: _changed_result,
    EventKind.CHANGED_STATE: _changed_state,
    EventKind.NONDETERMINISTIC: lambda e: f"{e.argument}: the same call gave other bits",
    EventKind.MALFORMED: _malformed,
    EventKind.RAISED: lambda e: f"{e.called} raised {raised(e)}",
    EventKind.NO_ERROR: lambda e: "returned where an error is declared",
    EventKind.NOT_ZERO: lambda e: f"{e.argument} is not 0 where the mask leaves values out",
    EventKind.FINITE: _finite,
    EventKind.NOT_FINITE: lambda e: f"{e.argument} is not finite after one value",
    EventKind.EMPTY_BATCH_COUNTED: lambda e: f"{e.argument} of {e.call} changed by an empty batch",
    EventKind.INFERENCE_MOVED: _inference_moved,
    EventKind.MODULE_DIFFERS: _module_differs,
    EventKind.OTHER_CONVENTION: lambda e: f"declared {e.expected}, is {e.actual}",
    EventKind.OTHER_DTYPE: lambda e: f"{e.argument} of {e.call} is {e.actual}, due {e.expected}",
    EventKind.OTHER_SLOPE: lambda e: "<dx, v> is not the slope of <dy, y> along v",
    EventKind.OTHER_KIND: lambda e: f"{e.label} is {e.actual}, expected {e.expected}",
}
