"""Sizes: tails of vector loops, thresholds of kernels, narrow counters, singletons and squares."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder
from bnproof.engine.portfolio.repeating import repeating

SHAPES = (
    (3, 5, 4, 2),
    (6, 3, 1, 1),
    (1, 3, 2, 2),
    (2, 3, 5, 1),
    (2, 3, 1, 7),
    (4, 4, 4, 4),
    (2, 16, 3, 3),
    (1, 1, 2, 1),
    (3, 3, 3, 3),
    (2, 9, 5, 7),
    (8, 8, 1, 1),
)
COUNTS = (4, 5, 6, 7, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 300)
LARGE_COUNTS = (511, 513, 1023, 1024, 1025, 2049, 4099)
CHANNELS = (1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 130, 257)
LARGE_CHANNELS = (1024, 1030, 2050)
ALIGNED = ((64, 64), (64, 8), (128, 16), (96, 32), (65, 64))


def cases(build: Builder) -> Iterator[Case]:
    """Cases of sizes; none where the target has only one shape, or compiles each."""
    if build.declaration.fixes("shape") or build.compiled:
        return
    yield from _shapes(build)
    yield from _counts(build)
    if not build.declaration.fixes("channels"):
        yield from _channels(build)


def _shapes(build: Builder) -> Iterator[Case]:
    ranks = [r for r in build.declaration.ranks if r > 2]
    for shape in SHAPES:
        name = "x".join(map(str, shape))
        case = build.case(name, build.normal(*shape), eps=SMALL_EPS)
        yield from build.every_rank(case, ranks=ranks)
    yield from build.every_rank(build.case("8x8", build.normal(8, 8)))


def _counts(build: Builder) -> Iterator[Case]:
    for count in COUNTS + LARGE_COUNTS:
        rows = np.arange(count)[:, None] / count
        x = build.normal(count, 2) + (rows if count <= 257 else 3 * rows)  # a drift: tails matter
        calls: Plan = "full" if count <= 300 else "short"
        tags = frozenset({Tag.DEPTH}) if count == 1024 else frozenset()
        yield from build.every_rank(build.case(f"{count} values", x, calls=calls, tags=tags))
    for shape in ((2, 2, 16, 8), (3, 2, 16, 16), (5, 3, 15, 17)):
        x = build.normal(*shape) + np.linspace(0, 3, shape[3])
        case = build.case(f"{'x'.join(map(str, shape))} with a drift", x, calls="short")
        yield from build.every_rank(case, ranks=[r for r in build.declaration.ranks if r > 2])


def _channels(build: Builder) -> Iterator[Case]:
    for channels in CHANNELS:
        scale = 2.0 ** build.rng.integers(-2, 3, channels)
        case = build.case(f"{channels} channels", build.normal(6, channels) * scale)
        yield from build.every_rank(case)
    for channels in LARGE_CHANNELS:
        scale = 2.0 ** build.rng.integers(-2, 3, channels)
        x = build.normal(6, channels) * scale
        case = build.case(f"{channels} channels", x, calls="short")
        yield from build.every_rank(repeating(case, channels))
    for count, channels in ALIGNED:
        case = build.case(f"{count}x{channels} aligned", build.normal(count, channels))
        yield from build.every_rank(case.with_(calls="short"))
