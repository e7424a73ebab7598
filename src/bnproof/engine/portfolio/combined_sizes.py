"""Sizes where each shape is compiled: a number of values and one of channels in one shape.

Every shape comes in one rank, with few calls, and these cases come last.  The quick profile takes
those of `FIRST`, each in one of the dtypes that are checked.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder

Size = tuple[int, int]

FIRST: tuple[Size, ...] = (
    (1025, 8),
    (7, 2050),
    (65, 17),
    (257, 65),
    (33, 257),
    (128, 16),
    (513, 33),
    (2049, 9),
    (17, 1030),
    (129, 130),
    (4099, 7),
    (64, 64),
    (255, 15),
    (1030, 3),
)
"""(N, C): on both sides of powers of two, where loops, kernels and counters end; one is square,
and one N is even and no multiple of 4."""

DEEP = FIRST[0]
"""The size that the effective depth of sums is measured on."""

FIRST_SPATIAL = ((2, 3, 1, 7), (3, 3, 3, 3), (5, 3, 15, 17), (2, 16, 3, 3))

OTHERS: tuple[Size, ...] = (
    (4, 1),
    (5, 33),
    (6, 2),
    (9, 31),
    (15, 1024),
    (16, 127),
    (31, 63),
    (63, 32),
    (65, 64),
    (96, 32),
    (127, 16),
    (256, 7),
    (300, 8),
    (511, 2),
    (1023, 3),
    (1024, 2),
)
OTHERS_SPATIAL = (
    (3, 5, 4, 2),
    (6, 3, 1, 1),
    (1, 3, 2, 2),
    (2, 3, 5, 1),
    (4, 4, 4, 4),
    (1, 1, 2, 1),
    (8, 8, 1, 1),
    (2, 9, 5, 7),
    (3, 2, 16, 16),
)
HUGE: tuple[Size, ...] = ((32769, 1), (65537, 1), (4, 32769), (4, 65537))
"""In one of the dtypes that are checked each: the truth of so many channels takes seconds."""


def cases(build: Builder) -> Iterator[Case]:
    """All sizes, or the first of them for a builder that rotates.

    None where the target has only one shape, or does not compile each.
    """
    if not build.compiled or build.declaration.fixes("shape"):
        return
    shapes: list[tuple[int, ...]] = [*FIRST, *_with_space(build, FIRST_SPATIAL)]
    if not build.rotates:
        shapes += [*OTHERS, *_with_space(build, OTHERS_SPATIAL), *HUGE]
    if build.only_channels is not None:
        shapes = [(count, build.only_channels) for count, *others in shapes if len(others) == 1]
    turn = list(FORMATS).index(build.dtype)
    for number, shape in enumerate(dict.fromkeys(shapes), start=turn):
        rank, case = _rank(build, shape, number), _case(build, shape)
        if shape not in HUGE or build.in_turn(HUGE.index(shape)):
            yield from build.every_rank(case, ranks=[rank])


def _rank(build: Builder, shape: tuple[int, ...], number: int) -> int:
    """The one rank of a shape: ranks take turns; a square has the first, where it stays square."""
    ranks = [rank for rank in build.declaration.ranks if rank > 2 or len(shape) == 2]
    return ranks[0 if len(set(shape)) == 1 else number % len(ranks)]


def _with_space(build: Builder, shapes: Sequence[tuple[int, ...]]) -> Sequence[tuple[int, ...]]:
    """Shapes with positions, if any declared rank has them."""
    return shapes if max(build.declaration.ranks) > 2 else ()


def _case(build: Builder, shape: tuple[int, ...]) -> Case:
    """Normal numbers, in each channel of another spread, with a drift along the samples."""
    count, channels, *space = shape
    scale = (2.0 ** build.rng.integers(-2, 3, channels)).reshape(channels, *(1 for _ in space))
    drift = 3 * np.arange(count).reshape(count, *(1 for _ in shape[1:])) / count
    large = {Tag.LARGE} if shape in HUGE else set()
    depth = {Tag.DEPTH} if shape == DEEP else set()
    return build.case(
        "x".join(map(str, shape)) if space else f"{count} values, {channels} channels",
        scale * (build.normal(*shape) + drift),
        eps=SMALL_EPS,
        calls="short",
        tags=frozenset({Tag.SIZE, *large, *depth}),
    )
