"""Masked batches, for targets that declare to take a mask."""

from collections.abc import Iterator, Mapping

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder

SHAPES = {2: (12, 5), 3: (5, 4, 7), 4: (4, 5, 3, 6), 5: (3, 4, 2, 3, 4)}
LARGE: dict[int, tuple[int, ...]] = {
    2: (40003, 3),
    3: (200, 3, 211),
    4: (200, 3, 13, 17),
    5: (200, 3, 5, 6, 8),
}
PADDING = {"zeros": 0.0, "large numbers": 1000.0}
"""What stands where nothing counts."""


def cases(build: Builder) -> Iterator[Case]:
    """Masks of several forms, with padding that would show in the statistics."""
    if not build.declaration.mask or build.declaration.fixes("shape"):
        return
    for rank in build.ranks():
        shape = SHAPES[rank]
        for what, mask in _masks(build, (shape[0], *shape[2:])).items():
            for padding, value in PADDING.items():
                name = f"mask: {what}, padding of {padding}, rank {rank}"
                yield _case(build, name, shape, mask, value)


def large(build: Builder) -> Iterator[Case]:
    """One mask of more than 40,000 values, in one rank and one dtype."""
    declaration = build.declaration
    if not declaration.mask or declaration.fixes("shape") or build.compiled:
        return
    if build.in_turn(0):
        shape = LARGE[declaration.ranks[-1]]
        mask = _masks(build, (shape[0], *shape[2:]))["drawn"]
        made = _case(
            build, f"mask: large, rank {len(shape)}", shape, mask, PADDING["large numbers"]
        )
        yield made.with_(tags=made.tags | {Tag.LARGE}, calls="short")


def _case(build: Builder, name: str, shape: tuple[int, ...], mask: Array, padding: float) -> Case:
    counts = np.expand_dims(mask, 1)
    x = np.where(counts, build.normal(*shape) + 0.5, padding)
    dy = np.where(counts, build.normal(*shape) + 0.5, 0.0)
    tags = frozenset({Tag.MASKED})
    case = build.case(name, x, dy=dy, eps=SMALL_EPS, calls="gradients", tags=tags)
    return case.with_(mask=mask)


def _masks(build: Builder, shape: tuple[int, ...]) -> Mapping[str, Array]:
    """Which values count, by the form of the mask."""
    samples = np.arange(shape[0]).reshape(-1, *(1 for _ in shape[1:]))
    last = np.arange(shape[-1]) if len(shape) > 1 else np.zeros(1)
    lengths = shape[-1] - samples % max(1, shape[-1] - 1)
    drawn = build.rng.random(shape) < 0.6
    drawn.ravel()[:2] = True
    few = np.zeros(shape, bool)
    few.ravel()[[0, -1]] = True
    made = {
        "drawn": drawn,
        "all but the first sample": (samples > 0) & np.ones(shape, bool),
        "all but the last sample": (samples < shape[0] - 1) & np.ones(shape, bool),
        "two values": few,
        "all": np.ones(shape, bool),
    }
    if len(shape) > 1:
        made["sequences of different lengths"] = (last < lengths) & np.ones(shape, bool)
    return made
