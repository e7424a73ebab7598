"""Layers with many channels, many values, many steps and many others beside them.

One short life of many kinds is part of every profile; the rest is left out by the quick one.
"""

from collections.abc import Iterator
from dataclasses import replace

from bnproof.engine.model.case import Case
from bnproof.engine.model.script import MOST_LAYERS, Action
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.layer_data import has_lives, is_made_for, ranks

STEPS = 1030
"""Beyond 10 bits of a counter."""

EVALUATIONS = 260
"""Beyond 8 bits."""

CHANGING = (
    Action("train", size=2),
    Action("train", size=9, layout="Fortran"),
    Action("infer", size=5, layout="stepped"),
    Action("train", size=3, layout="channels moved"),
    Action("backward"),
    Action("infer", size=12),
    Action("train", size=12, layout="stepped last"),
    Action("save"),
    Action("train", size=2),
    Action("backward", number=1),
    Action("backward", number=5),
    Action("infer", size=7, layout="middle"),
    Action("backward", number=2),
    Action("load", layer=1),
    Action("infer", layer=1, size=9, layout="channels moved"),
    Action("train", layer=1, size=11),
    Action("backward", number=8),
    Action("infer", layer=1, size=1),
    Action("single value"),
    Action("infer", size=5),
    Action("train", size=4),
)
"""Batches that grow and shrink, in several layouts; backward of old calls; load; a refusal."""

MANY_VALUES = (
    Action("train", size=1025),
    Action("infer", size=2048),
    Action("train", size=2048),
    Action("train", size=37),
    Action("backward"),
    Action("infer", size=1023, layout="Fortran"),
    Action("train", size=1500, layout="stepped"),
)
"""Thousands of values, and a rest."""

LARGE = (
    Action("train", size=34_001),
    Action("infer", size=34_001),
    Action("train", size=5),
)
"""More than 10^5 elements of three channels, then few."""

WAITING = (
    Action("train", size=6, waits=True),
    Action("infer", size=6),
    Action("backward"),
    Action("backward"),
    Action("train", size=5, waits=True),
    Action("train", size=5, batch="another batch", waits=True),
    Action("backward", number=2),
    Action("backward", number=3),
    Action("infer", size=4, waits=True),
    Action("infer", size=4, batch="another batch", waits=True),
    Action("backward", number=4),
    Action("train", size=3, waits=True),
    Action("infer", size=1),
    Action("save"),
    Action("backward", number=6),
    Action("backward", number=3),
)
"""The first backward of a call comes after other calls, in the other mode as well."""

LONG = (
    Action("train by sizes", number=STEPS),
    Action("infer"),
    Action("evaluate by sizes", number=EVALUATIONS),
    Action("train", size=2),
    Action("backward", number=0),
    Action("infer", size=3),
)
"""Several hundred steps on batches of every size, a long evaluation, and training again."""


def _crowd() -> tuple[Action, ...]:
    """Many layers, every other one narrower, that train, evaluate and go back by turns."""
    layers = range(MOST_LAYERS)
    made = [Action("make", k, number=5 if k % 2 else 3) for k in layers[2:]]
    trained = [Action("train", k, size=3 + k % 5) for k in layers]
    evaluated = [Action("infer", k, size=2 + k % 3) for k in reversed(layers)]
    gone_back = [Action("backward", number=k) for k in range(2 * MOST_LAYERS) if k % 3 == 0]
    again = [Action("train", k, size=2) for k in layers if k % 4 == 1]
    return (*made, *trained, *evaluated, *gone_back, *again, Action("infer", size=4))


CROWD = _crowd()

CONTEXTS = (
    *(Action("train", size=2 + k % 7) for k in range(24)),
    *(Action("backward", number=k) for k in (0, 23, 1, 12, 5, 18, 7)),
    Action("infer", size=3),
)
"""Two dozen calls that wait for their backward."""

SPATIAL: dict[int, tuple[int, ...]] = {2: (), 3: (3,), 4: (2, 3), 5: (2, 1, 2)}


def short_life(build: Builder) -> Iterator[Case]:
    """One life with batches that change in size, 40 channels, and a small eps."""
    if not _possible(build):
        return
    rank = ranks(build.declaration)[-1]
    yield _life(build, "layer of 40 channels", (12, 40), rank, CHANGING, eps=1e-5, weight=0.1)
    if not build.rotates or _has_turn(build):
        yield _life(build, "layer, backward later", (7, 5), rank, WAITING)
        yield from _several_ranks(build)


def _several_ranks(build: Builder) -> Iterator[Case]:
    """A layer that is made for no rank may be given batches of each, or refuses them."""
    declared = build.declaration
    made_for_one = "rank" in declared.layer_options or len(declared.ranks) == 1
    if made_for_one or declared.virtual_batch or build.only_channels == 1:
        return
    script: list[Action] = []
    for rank in (*declared.ranks, *declared.ranks[:-1][::-1]):
        script += (
            Action("train", size=5, rank=rank),
            Action("infer", size=3, rank=rank),
            Action("train", size=4, rank=rank, layout="channels moved"),
            Action("infer", size=4, rank=rank, layout="channels moved"),
        )
    first = declared.ranks[0]
    yield _life(build, "layer, several ranks", (6, 4), first, tuple(script))


cases = short_life
"""What every profile has."""


def lives(build: Builder) -> Iterator[Case]:
    """All others."""
    if not _possible(build):
        return
    possible = ranks(build.declaration)
    for rank in possible:
        name = "layer of 70 channels"
        yield _life(build, name, (12, 70), rank, CHANGING, eps=1e-7, weight=0.0123)
    first, last = possible[0], possible[-1]
    yield _life(build, "layer of 2048 values", (2048, 3), first, MANY_VALUES)
    yield _life(build, "many layers", (8, 5), last, CROWD, eps=2.0, weight=0.003)
    yield _life(build, "layer of many contexts", (8, 3), first, CONTEXTS, eps=1e-12, weight=0.9)
    yield _life(build, "layer of 300 channels", (5, 300), last, CHANGING[:6], eps=4.0)
    if _has_turn(build):
        yield _life(build, "layer of many values", (2048, 3), first, LARGE)
        yield _life(build, "layer, long life", (12, 4), first, LONG, eps=1e-3, weight=0.01)


def _possible(build: Builder) -> bool:
    """Whether there are layers, which are not compiled for each size of a batch."""
    return has_lives(build.declaration, build.dtype) and not build.compiled


def _has_turn(build: Builder) -> bool:
    """Whether this dtype is the first one of those checked in which layers can be made."""
    made = [dtype for dtype in build.sharing if is_made_for(build.declaration, dtype)]
    return made[:1] == [build.dtype]


def _life(
    build: Builder,
    name: str,
    size: tuple[int, int],
    rank: int,
    script: tuple[Action, ...],
    *,
    eps: float = 0.5,
    weight: float = 0.25,
) -> Case:
    x = build.normal(*size, *SPATIAL[rank])
    only = build.only_channels
    if only is not None:
        script = tuple(replace(a, number=only) if a.kind == "make" else a for a in script)
    return build.case(
        f"{name}, rank {rank}",
        x,
        eps=eps,
        weight=weight,
        calls="layer",
        tags=frozenset({Tag.LAYER}),
        script=script,
    )
