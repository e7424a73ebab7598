"""A session on whatever a user wants to have checked: a named target, or an object."""

from typing import Any

from bnproof.sandbox.object_session import ObjectSession, label
from bnproof.sandbox.session import TIMEOUT, Session
from bnproof.targets.outside import Outside
from bnproof.targets.text import parse

AnySession = Session | ObjectSession


def open_session(
    target: Any,
    timeout: float = TIMEOUT,
    memory: int | None = None,
    outside: Outside | None = None,
) -> AnySession:
    """A session on a target, in a worker if it is named by a string, else in this process.

    ``outside`` is what the user says of the target.
    Entering it raises TargetError if there is no such target, or if it is not of the contract.
    """
    if not isinstance(target, str):
        return ObjectSession(target, outside=outside)
    return Session(target, timeout=timeout, memory=memory, outside=outside)


def written(target: Any) -> str:
    """A target as reports name it.

    Raises TargetError for a string that is of none of the forms.

    >>> written("reference")
    'reference'
    """
    return parse(target).text if isinstance(target, str) else label(target)
