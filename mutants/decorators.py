"""How mutants, controls and variants are registered: above the class or function that makes them.

The decorators `mutant`, `control` and `variant` describe what stands below them.  They leave it as
it is, so that other classes can derive from it, and note the description on it; `registered` reads
the descriptions of a module in the order of definition.  Importing a module changes nothing
elsewhere, and a worker process finds the same entries as its parent.
"""

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar

Made = TypeVar("Made", bound=Callable[..., Any])
"""A class or a function that makes implementations."""

Entry = TypeVar("Entry")

ATTRIBUTE = "_registered"
"""Where a class or function keeps its entries."""


def register(made: Made, *entries: object) -> Made:
    """Note entries on what makes them, and return it as it is.

    >>> from types import ModuleType
    >>> module = ModuleType("family")
    >>> class Wrong: __module__ = "family"
    >>> module.Wrong = register(Wrong, "first", "second")
    >>> registered(module, str)
    ('first', 'second')
    """
    setattr(made, ATTRIBUTE, entries)
    return made


def registered(module: ModuleType, kind: type[Entry]) -> tuple[Entry, ...]:
    """Return the entries of one kind that a module defines, in the order of definition."""
    return tuple(
        entry
        for made in vars(module).values()
        if isinstance(made, type | FunctionType) and made.__module__ == module.__name__
        for entry in vars(made).get(ATTRIBUTE, ())  # its own: a class inherits those of its base
        if isinstance(entry, kind)
    )
