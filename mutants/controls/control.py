"""What a control is: a right implementation, and what is unusual about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bnproof.mutants.decorators import Made, register


@dataclass(frozen=True)
class Control:
    """One right implementation.

    Attributes:
        id: kebab-case.
        what: how it computes or where it keeps its results, in one sentence.
        make: returns the implementation, an object of the contract; called without arguments.
    """

    id: str
    what: str
    make: Callable[[], Any] = field(repr=False)


def control(id_: str, what: str) -> Callable[[Made], Made]:
    """Return a decorator that registers a control on the class or function that makes it.

    The arguments are fields of `Control`.

    >>> from bnproof.mutants.parts import Parts
    >>> @control("channels-last", "Channels last.")
    ... def channels_last() -> Parts:
    ...     return Parts(channel_axis=-1)
    """
    return lambda made: register(made, Control(id_, what, made))
