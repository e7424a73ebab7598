"""What a target was recognised as: its form, which of its parts plays which role, what is left.

A recogniser guesses from signatures and names and confirms the guess by behaviour.  It hands the
result to reports as a `Recognition`, which the implementation that it builds has as its attribute
``recognition``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Origin(StrEnum):
    """Where the value of an attribute of the contract comes from."""

    DEFAULT = "default"
    DECLARED_INSIDE = "declared by the target"
    DECLARED_OUTSIDE = "declared with --declare"
    IDENTIFIED = "identified by probing"
    READ = "read from the target"


DECLARED = frozenset({Origin.DECLARED_INSIDE, Origin.DECLARED_OUTSIDE})
"""Origins of what the author or the user says of a target."""


class Part(StrEnum):
    """A part of an implementation that ``--without`` says does not exist."""

    RUNNING_STATISTICS = "running-statistics"
    EVALUATION = "evaluation"
    GRADIENTS = "gradients"
    PARAMETERS = "affine-parameters"
    DOUBLE_BACKWARD = "double-backward"
    OTHER_STATE = "other-state"


@dataclass(frozen=True)
class Unidentified:
    """Something of a target that was not identified, so that it was not tested.

    Attributes:
        what: the thing in words, as "the buffer 'noise' of shape (3,)".
        part: the part it may belong to, which ``--without`` can say does not exist.
        why: what was tried, or the exception, in a line.
    """

    what: str
    part: Part
    why: str = ""


@dataclass(frozen=True)
class Recognition:
    """What a target was recognised as.

    Attributes:
        form: in a few words, as "NumPy class with forward and backward".
        roles: the target's own name by role: gamma, beta, running_mean, running_var, eps, momentum,
            dgamma, dbeta.
        origins: where the attributes of the contract come from that are not declared by the target.
        unidentified: what was not identified; the verdict is then "incomplete".
        remarks: what a reader has to know, a sentence each.
        evidence: how each thing was found, a sentence each, for ``bnproof doctor``.
    """

    form: str
    roles: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    unidentified: tuple[Unidentified, ...] = ()
    remarks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()


def recognition_of(implementation: Any) -> Recognition:
    """The recognition of an implementation; one that is of the contract as it is has none.

    >>> recognition_of(object()).form
    'implementation of the contract'
    """
    made = getattr(implementation, "recognition", None)
    return made if isinstance(made, Recognition) else Recognition("implementation of the contract")
