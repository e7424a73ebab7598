"""Many values per channel: patterns that show mistakes in any class, and integer data for any N.

The counts are not divisible by 256, nor by the powers of two beside it, so that there is a tail,
and padding.  The large ones come in each rank, plain and with the channels moved, in one of the
dtypes that are checked, in turns; the small ones come in each dtype, since the effective depth of
sums is compared between small and large (`bnproof.engine.judging.depths`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from bnproof.engine.model.case import Case, from_columns
from bnproof.engine.model.layouts import Layout
from bnproof.engine.model.names import Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder
from bnproof.engine.portfolio.integer_data import CHANNELS, EPS, integer_data
from bnproof.engine.portfolio.patterns import PATTERNS, side_by_side

Batch = tuple[int, ...]
"""N and the spatial sides, without the channels."""

SMALL: Mapping[int, Batch] = {2: (4099,), 3: (3, 1367), 4: (3, 36, 38), 5: (3, 10, 11, 13)}
MIDDLE: Mapping[int, Batch] = {2: (33001,), 3: (4, 8251), 4: (5, 81, 82), 5: (3, 21, 22, 24)}
LARGE: Mapping[int, Batch] = {
    2: (100401,),
    3: (3, 33461),
    4: (7, 119, 121),
    5: (3, 31, 32, 34),
}
LARGEST: Mapping[int, Batch] = {
    2: (1048577,),
    3: (7, 149801),
    4: (9, 341, 342),
    5: (3, 69, 71, 73),
}
"""Batches by rank."""

TELLING = (4, 5, 6)
"""Channels of `integer_data` that leave no family of algorithms out: the quiet one for sums in any
order and for refined means, those of one value for streaming algorithms in either direction."""

ONE_IMAGE: Batch = (1, 401, 399)

FLIPPED: Mapping[Argument, Layout] = {"x": "channels moved", "dy": "channels moved"}


def cases(build: Builder) -> Iterator[Case]:
    """About 4,100, 33,000 and 100,000 values; fewer for a builder that rotates.

    None where the target has only one shape, or compiles each, which has one large rank.
    """
    if build.declaration.fixes("shape"):
        return
    ranks = [*build.declaration.ranks]
    if build.compiled:
        if not build.rotates:
            yield from _both(build, SMALL[ranks[0]])
            yield from _both(build, LARGE[ranks[-1]])
        return
    if build.rotates:
        (rank,) = build.ranks()
        yield from _both(build, SMALL[rank])
        if build.in_turn(0):
            yield from _integers(build, MIDDLE[rank])
        return
    for rank in ranks:
        plain = [*_both(build, SMALL[rank])]
        yield from plain
        if _can_flip(build, SMALL[rank]):
            yield from map(_flipped, plain)
    batches = [(rank, batches[rank]) for batches in (MIDDLE, LARGE) for rank in ranks]
    for number, (rank, batch) in enumerate(batches):
        if build.in_turn(number):
            made = _both(build, batch)
            flipped = _can_flip(build, batch) and (number // len(ranks) + rank) % 2 == 1
            yield from map(_flipped, made) if flipped else made


def million(build: Builder) -> Iterator[Case]:
    """A million values of the channels that show most, in the first rank: one dtype, and float64.

    A statistic that is refined may err by N u of its size, 6 % in float32: only float64 shows there
    that a mean alone was divided by another number.  None where the target has only one shape, or
    more channels.
    """
    few = build.only_channels is None or build.only_channels <= len(TELLING)
    turn = build.in_turn(0) or build.dtype == "float64"
    if few and not build.declaration.fixes("shape") and turn:
        yield from _integers(build, LARGEST[build.declaration.ranks[0]], TELLING)


def one_image(build: Builder) -> Iterator[Case]:
    """One image with an odd number of rows, which has all values of a channel."""
    few = build.only_channels is None or build.only_channels <= CHANNELS
    images = 4 in build.declaration.ranks and few and not build.compiled  # a rank
    if images and not build.declaration.fixes("shape") and build.in_turn(1):
        yield from _integers(build, ONE_IMAGE)


def largest(build: Builder) -> Iterator[Case]:
    """A million values of all channels and patterns, in one dtype and the last rank."""
    if not build.declaration.fixes("shape") and not build.compiled and build.in_turn(0):
        yield from _both(build, LARGEST[build.declaration.ranks[-1]])


def _both(build: Builder, batch: Batch) -> Iterator[Case]:
    """Integer data and the patterns."""
    yield from _integers(build, batch)
    yield from _patterns(build, batch)


def _flipped(case: Case) -> Case:
    """The same data with the channels moved."""
    return case.with_(name=f"{case.name}, channels moved", layouts=FLIPPED)


def _can_flip(build: Builder, batch: Batch) -> bool:
    """Whether there are positions, and strides are kept."""
    return len(batch) > 1 and build.declaration.keeps_strides is not False


def _integers(
    build: Builder, batch: Batch, channels: Sequence[int] = range(CHANNELS)
) -> Iterator[Case]:
    """One case, or as many as it takes where the number of channels is fixed and small."""
    data = integer_data(math.prod(batch), build.rng, bits=11 if build.wide else 8)
    width = build.only_channels or len(channels)
    for start in range(0, len(channels), width):
        chosen = np.take(channels, np.arange(start, start + width), mode="wrap")
        part = "" if width >= len(channels) else f", channels from {start + 1}"
        yield build.case(
            f"integers {_named(batch)}{part}",
            _shaped(data.x[:, chosen], batch),
            dy=_shaped(data.dy[:, chosen], batch),
            eps=EPS,
            gamma=np.resize([1.0, -2.0, 0.5, 1.0, -1.0], width),
            running_mean=0.0,
            running_var=0.0,
            weight=0.5,
            calls="short",
            tags=_tags(build, batch, Tag.SUMS),
        )


def _patterns(build: Builder, batch: Batch) -> Iterator[Case]:
    count, *space = batch
    shape = (count, build.only_channels or len(PATTERNS), *space)
    pair = side_by_side(shape, build.rng)
    yield build.case(
        f"patterns {_named(batch)}",
        pair.x,
        dy=pair.dy,
        eps=SMALL_EPS,
        gamma=1.0,
        beta=0.0,
        running_mean=0.0,
        calls="short",
        tags=_tags(build, batch, Tag.PATTERNS),
    )


def _named(batch: Batch) -> str:
    return f"{math.prod(batch)} values, rank {len(batch) + 1}"


def _shaped(values: np.ndarray, batch: Batch) -> np.ndarray:
    return from_columns(values, (batch[0], values.shape[1], *batch[1:]))


def _tags(build: Builder, batch: Batch, tag: Tag) -> frozenset[Tag]:
    large = {Tag.LARGE} if math.prod(batch) > 2**14 else set()
    return frozenset({tag} | large | ({Tag.SIZE} if build.compiled else set()))
