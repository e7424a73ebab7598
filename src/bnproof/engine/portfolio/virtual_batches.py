"""Batches of several virtual batches, for targets that normalize so many samples together."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import SMALL_EPS, Builder

MULTIPLES = (1, 2, 3, 8)
MANY = (37, 140)
"""Virtual batches of few values, more than are unrolled, counted or kept side by side."""
SPACES = {2: (), 3: (3,), 4: (2, 3), 5: (2, 1, 3)}


def cases(build: Builder) -> Iterator[Case]:
    """Several virtual batches, of different means and spreads, in every rank."""
    samples = build.declaration.virtual_batch
    if samples is None or build.declaration.fixes("shape"):
        return
    for rank in build.ranks():
        for times in MULTIPLES:
            yield _case(build, (times * samples, 3, *SPACES[rank]), samples)
        if rank == build.declaration.ranks[0]:
            yield from _many(build, samples)
        yield _case(build, (max(1, samples // 2), 3, *SPACES[rank][1:], 2), samples)


def _many(build: Builder, samples: int) -> Iterator[Case]:
    """Many virtual batches in the first rank, each number of them in one dtype."""
    rank = build.declaration.ranks[0]
    for number, times in enumerate(MANY[:1] if build.rotates else MANY):
        made = _case(build, (times * samples, 2, *(1 for _ in SPACES[rank])), samples)
        tags = made.tags | {Tag.MANY_BATCHES, Tag.TURN}
        if build.rotates or build.in_turn(number):
            yield made.with_(name=f"virtual batches, many, {times}", calls="short", tags=tags)


def _case(build: Builder, shape: tuple[int, ...], samples: int) -> Case:
    numbers = np.arange(shape[0]).reshape(-1, *(1 for _ in shape[1:])) // samples
    x = build.normal(*shape) * 2.0 ** (numbers % 3) + 3 * (numbers % 5)
    name = f"virtual batches, {'x'.join(map(str, shape))}"
    return build.case(name, x, eps=SMALL_EPS)
