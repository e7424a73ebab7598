"""Quantities of a channel that are formed over all rows, a block of them at a time."""

from collections.abc import Callable, Iterator
from functools import reduce
from typing import Protocol, TypeVar

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.once import once


class InBlocks(Protocol):
    """What has rows, and may be some rows of a whole."""

    @property
    def whole(self) -> "InBlocks | None":
        """What this is some rows of."""

    def blocks(self) -> "Iterator[InBlocks]":
        """All rows, a block at a time."""


Rows = TypeVar("Rows", bound=InBlocks)
Found = TypeVar("Found")


def over_rows(
    join: Callable[[Array, Array], Array],
) -> Callable[[Callable[[Rows], Array]], "once[Array]"]:
    """Make a property of what a method finds in one block: that of all rows, found once.

    ``join`` makes one of what is found in two blocks; some rows of a whole have what the whole has.
    """

    def decorate(form: Callable[[Rows], Array]) -> "once[Array]":
        def found(rows: Rows) -> Array:
            if rows.whole is not None:
                return getattr(rows.whole, form.__name__)  # type: ignore[no-any-return]  # as here
            return reduce(join, map(form, rows.blocks()))  # type: ignore[arg-type]  # of its kind

        found.__doc__ = form.__doc__
        return once(found)

    return decorate
