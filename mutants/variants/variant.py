"""What a variant is: a mistake by another algorithm than the library's, and its name there."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Variant:
    """One wrong implementation.

    Attributes:
        id: kebab-case.
        causes: ids of the mutants that are its true cause; each group for one of its mistakes, of
            which any may be named; () where the library does not have the mistake.
        make: returns the implementation, an object of the contract; called without arguments.
    """

    id: str
    causes: tuple[tuple[str, ...], ...]
    make: Callable[[], Any] = field(repr=False)
