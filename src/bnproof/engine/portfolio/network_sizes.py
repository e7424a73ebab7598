"""Sizes of real networks: the shapes that users have, and irregular ones beside them.

Kernels are chosen by size: small planes and large ones, one image and many, channels that fill a
vector and channels that do not.  Each irregular shape is an array of its own rank with sides that
all differ; those of networks are in `network_shapes`.  They come in plain memory or with the
channels last, and the data is a heavy tail (`patterns`), so that whatever leaves out the end of a
plane, of a batch or of a column shows in every accuracy class.  Every element of every channel is
judged; channels repeat (`repeating`), so that this takes a third of a second for a million elements
of many channels, and a second for those of few.

A mistake that depends on a shape does not depend on the dtype: so the dtypes that are checked take
turns.  One dtype alone has all shapes.
"""

import math
from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.layouts import Layout
from bnproof.engine.model.names import Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import network_shapes
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder, to_rank
from bnproof.engine.portfolio.patterns import heavy_tail
from bnproof.engine.portfolio.repeating import distinct, repeating

Shape = tuple[int, ...]

SMALL: tuple[Shape, ...] = (
    (3, 12, 33, 41),
    (11, 24, 13, 19),
    (5, 20, 17, 19),
    (13, 70, 9, 7),
    (3, 5, 1037),
    (7, 34, 9, 11),
    (1, 6, 61, 67),
    (2, 3, 18, 9, 11),
)
"""For the quick profile as well: ragged planes around 256 and above 1,024 positions, and one of
each kind."""

IMAGES: tuple[Shape, ...] = (
    (2, 64, 56, 55),
    (3, 128, 28, 29),
    (5, 256, 14, 13),
    (6, 512, 7, 8),
    (7, 48, 35, 34),
    (3, 10, 73, 71),
    (2, 3, 147, 149),
    (1, 3, 231, 307),
    (1, 100, 37, 53),
    (10, 130, 11, 7),
    (2, 1, 181, 211),
    (9, 36, 23, 25),
)
"""Planes of networks; one image alone; batches that 2, 4 and 8 threads do not divide."""

SEQUENCES: tuple[Shape, ...] = ((9, 20, 997), (3, 70, 411), (1, 6, 20001), (130, 33, 17))
VOLUMES: tuple[Shape, ...] = ((2, 16, 18, 21, 17), (1, 5, 33, 20, 27), (3, 40, 7, 9, 5))
COLUMNS: tuple[Shape, ...] = (
    (10000, 12),
    (4111, 70),
    (1003, 517),
    (139999, 1),
    (50001, 2),
    (257, 770),
)
ABOVE_2_20: tuple[Shape, ...] = ((3, 40, 95, 93), (5, 36, 78, 77))
"""More than 2^20 elements."""

LARGE: tuple[Shape, ...] = (*IMAGES, *SEQUENCES, *VOLUMES, *COLUMNS, *ABOVE_2_20)

COMPILED: tuple[Shape, ...] = (
    (2, 64, 56, 55),
    (139999, 1),
    (5, 20, 17, 19),
    (9, 20, 997),
    (1, 3, 231, 307),
    (2, 16, 18, 21, 17),
    (5, 256, 14, 13),
    *network_shapes.COMPILED,
)
"""For targets that compile each shape."""

ABOVE_2_24: Shape = (3, 75, 275, 273)
"""More elements than float32 counts, for the thorough profile."""

WIDEST = 2**21
"""Elements that a shape has at most where the target's only number of channels is put into it."""

DRAWN = 12
"""Shapes drawn at random, over all dtypes that are checked."""

LEAST, MOST = 2**8, 2**17
"""Elements of those."""

FEWEST = 4
"""Values per channel that they have at least."""

LARGEST_EARLY = 2**16
"""Elements up to which a case stands among the others; larger ones come last."""


def cases(build: Builder) -> Iterator[Case]:
    """All shapes, or the small ones for a builder that rotates, and few where each is compiled.

    None where the target has only one shape.
    """
    if build.declaration.fixes("shape"):
        return
    if build.compiled:
        shapes: list[Shape] = [] if build.rotates else [*COMPILED]
    else:
        shapes = [*SMALL] if build.rotates else [*SMALL, *LARGE]
        shapes += [] if build.rotates else _of_networks(build)
    for number, shape in enumerate(_fitting(build, shapes)):
        if build.in_turn(number):
            yield _case(build, shape, number)
    if build.compiled or build.rotates:
        return
    ranks = build.declaration.ranks
    for number in range(DRAWN):
        if build.in_turn(number):
            rank = ranks[(number + number // build.turns) % len(ranks)]
            made = _case(build, drawn_shape(rank, build.rng), number)
            yield made.with_(name=f"drawn {made.name}, number {number}")


def _of_networks(build: Builder) -> list[Shape]:
    """Shapes as networks have them, in the declared ranks: in another one they are not those."""
    return [shape for shape in network_shapes.ALL if len(shape) in build.declaration.ranks]


def _fitting(build: Builder, shapes: list[Shape]) -> list[Shape]:
    """Shapes with the only number of channels that the target has, as far as they are not huge."""
    only = build.only_channels
    if only is None:
        return shapes
    fixed = dict.fromkeys((shape[0], only, *shape[2:]) for shape in shapes)
    return [shape for shape in fixed if math.prod(shape) <= WIDEST]


def above_2_24(build: Builder) -> Iterator[Case]:
    """One tensor with more elements than float32 counts, in one dtype.

    Training alone: what is judged takes some 100 bytes of memory for each element and result.
    """
    if not build.declaration.fixes("shape") and not build.compiled and build.in_turn(0):
        yield _case(build, ABOVE_2_24, 0).with_(calls="train")


def drawn_shape(rank: int, rng: np.random.Generator) -> Shape:
    """A shape of a rank, each of its sides as likely to be 2 to 4 as to be 20 to 40.

    >>> shape = drawn_shape(4, np.random.default_rng(0))
    >>> len(shape), LEAST <= math.prod(shape) <= MOST
    (4, True)
    """
    total = math.exp(rng.uniform(math.log(LEAST), math.log(MOST)))
    cuts = np.sort(rng.uniform(0, 1, rank - 1))
    shares = np.diff([0.0, *cuts, 1.0])
    sides = [max(1, round(total**share)) for share in shares]
    longest = int(np.argmax(sides))
    others = math.prod(sides) // sides[longest]
    sides[longest] = min(max(sides[longest], -(-LEAST // others), 2), MOST // others)
    if math.prod(sides) // sides[1] < FEWEST:  # training needs more than one value per channel
        sides[0], sides[1] = FEWEST, max(1, sides[1] // FEWEST)
    return tuple(sides)


def _case(build: Builder, shape: Shape, number: int) -> Case:
    """A shape in its rank, or in the one nearest to it, every second one with channels moved."""
    if build.only_channels is not None:
        shape = (shape[0], build.only_channels, *shape[2:])
    count, channels, *space = shape
    few = distinct(channels)
    pair = heavy_tail((count, few, *space), build.rng)
    scale = (2.0 ** build.rng.integers(-1, 2, few)).reshape(-1, *(1 for _ in space))
    case = build.case(
        f"network size {'x'.join(map(str, shape))}",
        pair.x * scale,
        dy=pair.dy,
        eps=SMALL_EPS,
        calls="short",
        tags=_tags(build, shape),
    )
    case = repeating(case, channels)
    ranks = sorted(build.declaration.ranks, key=lambda rank: abs(rank - case.x.ndim))
    if ranks[0] != case.x.ndim:
        case = to_rank(case, ranks[0])
    moved = number // build.turns % 2 == 1 and build.declaration.keeps_strides is not False
    if not moved or case.x.ndim == 2 or build.compiled:
        return case
    layouts: dict[Argument, Layout] = {"x": "channels moved", "dy": "channels moved"}
    return case.with_(name=f"{case.name}, channels moved", layouts=layouts)


def _tags(build: Builder, shape: Shape) -> frozenset[Tag]:
    large = {Tag.LARGE} if math.prod(shape) > LARGEST_EARLY else set()
    return frozenset(large | ({Tag.SIZE} if build.compiled else set()))
