"""What is registered with a decorator where it is defined, collected module by module."""

from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def defined_in(module: ModuleType, kind: type[T]) -> tuple[T, ...]:
    """All objects of a kind that a module names, in the order of their definition.

    >>> import fractions
    >>> defined_in(fractions, type)[0].__name__
    'Decimal'
    """
    return tuple(value for value in vars(module).values() if isinstance(value, kind))
