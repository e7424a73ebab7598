"""The stock of shapes, for targets that compile anew for every shape that they are given.

A case whose point is what its numbers are has a shape of the stock; a case whose point is how many
there are keeps its own, as do the sizes, which come last (`bnproof.engine.portfolio.sizes`).  In a
rank the stock is: `ORDINARY` values, twice as many, `POWER` and `MANY` values of `CHANNELS`
channels, one, two and three values, one channel, the offsets (`offsets`), and where strides matter
the data of `memory`.
"""

from collections.abc import Sequence

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag

CHANNELS = 4
ORDINARY = 12
"""As many values as the base of the relations has; not a power of two: means are rounded."""

POWER = 64
"""A power of two, so that means of integers are exact."""

LARGE, MANY = 1024, 4096
"""A case of at least LARGE values has MANY."""
FEW = 3
"""Up to so many values a case keeps its number: that there are so few is its point."""

SAMPLES = 2
"""With so many samples at most, every call has all of them."""

SHAPES = ((2, CHANNELS), (FEW, CHANNELS), (ORDINARY, CHANNELS), (POWER, CHANNELS))
"""The small shapes of the stock, as (N, C)."""


def rows(count: int) -> int:
    """How many values of the stock stand for a number of values.

    >>> [rows(count) for count in (2, 6, 37, 128, 3000)]
    [2, 12, 12, 64, 4096]
    """
    if count <= FEW:
        return count
    if count < POWER:
        return ORDINARY
    return POWER if count < LARGE else MANY


def power_of_two(count: int) -> int:
    """How many values of the stock, a power of two, stand for a power of two.

    >>> [power_of_two(count) for count in (8, 1024, 4096)]
    [64, 64, 4096]
    """
    return MANY if count >= MANY else POWER


def is_ordinary(case: Case) -> bool:
    """Whether a case has the shape of the stock that most cases have."""
    return case.count == ORDINARY and case.channels > 1 and Tag.SIZE not in case.tags


def few_programs(cases: Sequence[Case]) -> list[Case]:
    """The cases with the calls for which few programs are compiled; sizes come last.

    All calls, of which some have fewer samples, are made with the ordinary shape, and with shapes
    of so few samples that none is left out.
    """
    return sorted(map(with_few_shapes, cases), key=lambda case: Tag.SIZE in case.tags)


def with_few_shapes(case: Case) -> Case:
    """The case with few calls, if all calls would take shapes that no other case has."""
    if case.calls != "full" or is_ordinary(case) or len(case.x) <= SAMPLES:
        return case
    return case.with_(calls="short")
