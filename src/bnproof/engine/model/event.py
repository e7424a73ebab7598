"""What happened beside numbers, as data: events in a case, and how a case ended early.

Sentences about them are built in `bnproof.engine.wording`, nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum

from bnproof.engine.model.calls import Label, called
from bnproof.engine.model.verdict import Ending


class EventKind(StrEnum):
    """What happened; values are those of saved reports."""

    # seen while a case runs
    CHANGED_INPUT = "changed-input"
    CHANGED_RESULT = "changed-result"
    CHANGED_STATE = "changed-state"
    NONDETERMINISTIC = "nondeterministic"
    MALFORMED = "malformed"
    RAISED = "raised"
    NO_ERROR = "no-error"
    NOT_ZERO = "not-zero"

    # found by a property in the results
    FINITE = "finite"
    NOT_FINITE = "not-finite"
    EMPTY_BATCH_COUNTED = "empty-batch-counted"
    INFERENCE_MOVED = "inference-moved"
    MODULE_DIFFERS = "module-differs"
    OTHER_CONVENTION = "other-convention"
    OTHER_DTYPE = "other-dtype"
    OTHER_SLOPE = "other-slope"
    OTHER_KIND = "other-kind"


class Aspect(StrEnum):
    """What is wrong with a malformed result, or when and how something changed."""

    NONE = ""
    # of malformed results
    RESULTS = "results"
    ABSENT = "absent"
    ARRAY = "array"
    DTYPE = "dtype"
    SHAPE = "shape"
    # of changes
    BEFORE_ERROR = "before-error"
    LATER_CASE = "later-case"
    COPY = "copy"
    LOADED = "loaded"
    COUNT = "count"
    MOVED = "moved"


def labelled(name: str, of: str) -> str:
    """A name with what it belongs to: the field ``output`` of saved reports.

    >>> labelled("dx", "infer"), labelled("x", "")
    ('dx of infer', 'x')
    """
    return f"{name} of {of}" if of else name


def name_in(label: str) -> str:
    """The name in a label that was read from a file.

    >>> name_in("dx of train late")
    'dx'
    """
    return label.partition(" of ")[0]


@dataclass(frozen=True)
class Event:
    """Something that happened in a case, beside its numbers.

    Attributes:
        kind: what happened.
        call: the call in which it was seen, for instance "train".
        argument: the argument, the result or the entry of a state concerned.
        origin: the call that the argument is a result of, where it is one of an earlier call.
        aspect: what exactly; see `Aspect`.
        expected, actual: what was expected and what was found; the name of the exception if one
            was raised.
        message: of the exception, or what changed a state.
        mistake: id of the mistake that the exception stands for, where it is a `FormError`.
        out_of_memory: whether an exception was raised since memory ran out.
        memory: limit of memory in bytes, where memory ran out and there is a limit.
        backward: whether it was seen in the backward pass of the call.
    """

    kind: EventKind
    call: Label
    argument: str
    origin: str = ""
    aspect: Aspect = Aspect.NONE
    expected: str = ""
    actual: str = ""
    message: str = ""
    mistake: str = ""
    out_of_memory: bool = False
    memory: int | None = None
    backward: bool = False

    @property
    def called(self) -> str:
        """The call in words.

        >>> Event(EventKind.RAISED, "train", "train backward", backward=True).called
        'train backward'
        """
        return called(self.call, backward=self.backward)

    @property
    def label(self) -> str:
        """The argument as reports name it, with the call that it is a result of.

        >>> Event(EventKind.CHANGED_RESULT, "case", "dx", "train").label
        'dx of train'
        """
        return labelled(self.argument, self.origin)

    @property
    def exception(self) -> str:
        """The exception as Python prints it.

        >>> Event(EventKind.RAISED, "train", "train", actual="KeyError", message="'x'").exception
        "KeyError: 'x'"
        """
        return f"{self.actual}: {self.message}" if self.message else self.actual


@dataclass(frozen=True)
class EarlyEnd:
    """How a case ended before its last call.

    Attributes:
        kind: "crashed" or "timed-out".
        call: that was under way, "" before the first.
        seconds: that were waited for an answer.
        ended: how the process ended, for instance "killed by SIGSEGV".
        said: the last words of the process.
        given_up: whether the case was not run, after too many failures like this.
        killed: whether SIGKILL ended two processes that the case was run in, as a system does that
            is short of memory; this says nothing of the target.
    """

    kind: Ending
    call: str = ""
    seconds: float = 0.0
    ended: str = ""
    said: str = ""
    given_up: bool = False
    killed: bool = False
