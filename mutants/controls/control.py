"""What a control is: a right implementation, and what is unusual about it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


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
    make: Callable[..., Any] = field(repr=False)
