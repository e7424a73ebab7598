"""The arrays in what a backward method returned, whatever container they come in.

The text of this file is a part of stand-alone scripts, so it imports nothing of bnproof.
"""

from collections.abc import Callable, Iterator
from typing import Any


def flattened(result: Any, is_array: Callable[[object], bool]) -> Iterator[tuple[str, Any]]:
    """The arrays in a result, with the key that names each, "" where none does."""
    if is_array(result):
        yield "", result
    elif isinstance(result, dict):
        for key, value in result.items():
            for _, inner in flattened(value, is_array):
                yield str(key), inner
    elif isinstance(result, (tuple, list)) or hasattr(result, "_fields"):
        names = getattr(result, "_fields", None) or [""] * len(result)
        for name, value in zip(names, result, strict=True):
            for inner_name, inner in flattened(value, is_array):
                yield name or inner_name, inner
