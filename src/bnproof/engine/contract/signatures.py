"""What the signature of a user's method says."""

import inspect
from typing import Any

from bnproof.engine.model.names import CALL_ARGUMENTS, MODES

LAYER_OPTIONS = ("dtype", "rank")

CHANNELS = ("channels",)
CALLS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "train": (CALL_ARGUMENTS, ("momentum", "eps")),
    "infer": (CALL_ARGUMENTS, ("eps",)),
    "layer": (CHANNELS, ("momentum", "eps")),
}
"""How the contract's methods are called: positional arguments, and keywords."""

MANY = 4
"""A method with so many arguments is meant to be the contract's; a mode or a flag is not."""


def layer_options(layer: Any) -> tuple[str, ...]:
    """Which of dtype and rank the signature of ``layer`` has.

    >>> def layer(channels, *, momentum, eps, dtype): ...
    >>> layer_options(layer)
    ('dtype',)
    """
    try:
        parameters = inspect.signature(layer).parameters
    except (TypeError, ValueError):
        return ()
    return tuple(name for name in LAYER_OPTIONS if name in parameters)


def fits_contract(target: Any) -> bool:
    """Whether some method of a class or object can be called as the contract calls it.

    >>> class Module:
    ...     def train(self, mode=True): ...
    >>> class Mine:
    ...     def infer(self, x, gamma, beta, running_mean, running_var, *, eps): ...
    >>> fits_contract(Module), fits_contract(Mine)
    (False, True)
    """
    return any(
        _binds(parameters, *call)
        for name, call in CALLS.items()
        if (parameters := _of(target, name))
    )


def means_contract(target: Any) -> bool:
    """Whether some method looks as if it were the contract's, but for a slip in its arguments.

    >>> class Slip:
    ...     def train(self, x, gamma, beta, running_mean, running_var): ...
    >>> fits_contract(Slip), means_contract(Slip)
    (False, True)
    """
    found = [signature.parameters for name in MODES if (signature := _of(target, name))]
    return any(
        len(each) > MANY or any(p.kind is p.VAR_POSITIONAL for p in each.values()) for each in found
    ) or any(_unreadable(target, name) for name in CALLS)


def _of(target: Any, name: str) -> inspect.Signature | None:
    """The signature of a method, None if there is no such method or it cannot be read."""
    method = getattr(target, name, None)
    if not callable(method):
        return None
    try:
        return inspect.signature(method)
    except (TypeError, ValueError):
        return None


def _unreadable(target: Any, name: str) -> bool:
    """Whether there is a method whose signature cannot be read; calls will show what it takes."""
    return callable(getattr(target, name, None)) and _of(target, name) is None


def _binds(
    signature: inspect.Signature, positional: tuple[str, ...], keywords: tuple[str, ...]
) -> bool:
    """Whether a call is possible; a method that is taken from a class needs an object first."""
    options = [name for name in LAYER_OPTIONS if name in signature.parameters]
    given = dict.fromkeys((*keywords, *(options if positional == CHANNELS else ())))
    return any(_accepts(signature, (*before, *positional), given) for before in ((), ("self",)))


def _accepts(signature: inspect.Signature, positional: tuple[str, ...], given: Any) -> bool:
    try:
        signature.bind(*positional, **given)
    except TypeError:
        return False
    return True
