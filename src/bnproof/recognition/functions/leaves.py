"""The arrays in what a function returned, each with its place and the names that it has there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from bnproof.recognition.aliases import Role, roles_of
from bnproof.recognition.functions.calls import Path
from bnproof.recognition.functions.parameters import result_roles, words_of
from bnproof.recognition.functions.sources import Source

DEEPEST = 4


@dataclass(frozen=True)
class Leaf:
    """One array of a result.

    Attributes:
        path: where it is, from "returned" or the name of an argument on.
        names: what it is called: keys, fields and names in return statements, the nearest first.
        shape: of the array.
        saved: whether it is inside of something called a cache.
    """

    path: Path
    names: tuple[str, ...]
    shape: tuple[int, ...]
    saved: bool = False

    @property
    def depth(self) -> int:
        """How deep it is in the result."""
        return len(self.path)

    def may_be(self, role: Role) -> bool:
        """Whether one of its names suggests a role."""
        return any(role in result_roles(name) for name in self.names)

    def is_called(self, name: str) -> bool:
        """Whether it has the name of a parameter, perhaps with a word such as new_ before it."""
        return any(words_of(own) == words_of(name) for own in self.names)


def leaves(returned: Any, source: Source, start: Path = ("returned",)) -> list[Leaf]:
    """All arrays in a result, in order.

    >>> [leaf.path for leaf in leaves((np.ones(2), {"m": np.ones(3)}), Source(""))]
    [('returned', 0), ('returned', 1, 'm')]
    """
    return list(_leaves(returned, source, start, (), saved=False))


def _leaves(
    value: Any, source: Source, path: Path, inherited: tuple[str, ...], *, saved: bool
) -> Iterator[Leaf]:
    place = path[1:]
    names = (*source.returned.get(place, ()), *(str(s) for s in place[-1:] if isinstance(s, str)))
    saved = saved or any(Role.CACHE in roles_of(name) for name in names)
    shape = shape_of(value)
    if shape is not None:
        yield Leaf(path, (*names, *inherited), shape, saved)
    elif len(path) <= DEEPEST:
        for key, inner in _members(value):
            yield from _leaves(inner, source, (*path, key), (), saved=saved)


def shape_of(value: Any) -> tuple[int, ...] | None:
    """The shape of an array of any framework or of a list of numbers, None for anything else.

    >>> shape_of(np.ones((2, 3))), shape_of([[1.0, 2.0]]), shape_of([np.ones(2)]), shape_of(0.5)
    ((2, 3), (1, 2), None, None)
    """
    if isinstance(value, list) and _is_numbers(value):
        return tuple(np.shape(value))
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "__array__"):
        return tuple(int(side) for side in np.shape(value))
    return None


def _is_numbers(value: Any) -> bool:
    """Whether a value is a number, or a list of equally long lists of numbers."""
    if not isinstance(value, list):
        return isinstance(value, (int, float, np.floating))
    lengths = {len(v) if isinstance(v, list) else 0 for v in value}
    return len(lengths) == 1 and all(map(_is_numbers, value))


def _members(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        for name in value._fields:
            yield name, getattr(value, name)
    elif isinstance(value, (tuple, list)):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name, getattr(value, field.name)


def callables(returned: Any, path: Path = ("returned",)) -> Iterator[Path]:
    """Where the functions in a result are.

    >>> list(callables((np.ones(2), {"back": print})))
    [('returned', 1, 'back')]
    """
    if callable(returned):
        yield path
    elif shape_of(returned) is None and len(path) <= DEEPEST:
        for key, inner in _members(returned):
            yield from callables(inner, (*path, key))


def top(returned: Any) -> list[tuple[Path, Any]]:
    """The direct parts of a result, itself where it is one array.

    >>> [path for path, _ in top((1, 2))]
    [('returned', 0), ('returned', 1)]
    """
    parts = list(_members(returned)) if shape_of(returned) is None else []
    return [(("returned", key), value) for key, value in parts] or [(("returned",), returned)]
