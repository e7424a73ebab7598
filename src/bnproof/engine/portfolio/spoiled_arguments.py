"""NaN and infinity in every argument: in several channels at once, in the first and the last.

The same numbers come once without any of them.  All dy are positive, and a channel has infinities
of one sign only: so no sum meets inf and -inf, which `math.fsum` refuses.  For the same reason an
infinite gamma comes without the backward of training.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder

NAN, INF = np.nan, np.inf


class Spoil(NamedTuple):
    """A value that is put into an argument: in a channel, and in a row if it is like x."""

    argument: Argument
    value: float
    channel: int
    row: int = 0


def _per_channel(argument: Argument, *values: float) -> list[Spoil]:
    """Values in the first, the last and a middle channel."""
    return [Spoil(argument, *each) for each in zip(values, (0, -1, 4), strict=False)]


def _elements(argument: Argument) -> list[Spoil]:
    """The first element, the last, one in the middle, and two of one channel."""
    return [
        Spoil(argument, NAN, 0, 0),
        Spoil(argument, INF, -1, -1),
        Spoil(argument, -INF, 4, 5),
        Spoil(argument, NAN, 6, 2),
        Spoil(argument, INF, 6, 7),
    ]


FEW: dict[str, list[Spoil]] = {
    "nan and inf in elements": [
        Spoil("x", NAN, 0, 0),
        Spoil("x", INF, -1, -1),
        Spoil("x", -INF, 5, 4),
        Spoil("dy", NAN, 1, 3),
        Spoil("dy", INF, 3, 0),
        Spoil("dy", -INF, 6, -1),
    ],
    "nan and inf in channels": [
        Spoil("running_mean", NAN, 0),
        Spoil("running_var", NAN, -1),
        Spoil("running_mean", INF, 1),
        Spoil("running_var", INF, 3),
        Spoil("beta", NAN, 4),
        Spoil("beta", -INF, 5),
        Spoil("gamma", NAN, 7),
    ],
    "inf in gamma, inference": _per_channel("gamma", INF, -INF),
}
"""What is spoiled in the few cases of the quick profile: several arguments at once."""

VARIANTS: dict[str, list[Spoil]] = {
    **FEW,
    "nan and inf in x": _elements("x"),
    "nan and inf in dy": _elements("dy"),
    "nan in the very last x": [Spoil("x", NAN, -1, -1)],
    "nan in all channels but one": [Spoil("x", NAN, channel, 1) for channel in range(1, 9)],
    "nan in gamma": _per_channel("gamma", NAN, NAN),
    "inf in gamma, training": _per_channel("gamma", INF, -INF),
    "nan and inf in beta": _per_channel("beta", NAN, INF, -INF),
    "nan and inf in running means": _per_channel("running_mean", NAN, INF, -INF),
    "nan and inf in running variances": _per_channel("running_var", NAN, INF),
    "nan in every argument": [
        Spoil("x", NAN, 0, 3),
        Spoil("dy", NAN, 2, 4),
        Spoil("gamma", NAN, 4),
        Spoil("beta", NAN, 5),
        Spoil("running_mean", NAN, 7),
        Spoil("running_var", NAN, 8),
    ],
}
"""What is spoiled in each case."""

MANY: list[Spoil] = [
    Spoil("x", NAN, 2, 3),
    Spoil("x", INF, 17, -1),
    Spoil("x", -INF, 33, 5),
    Spoil("x", NAN, -1, -1),
    Spoil("dy", NAN, 20, 4),
    Spoil("dy", INF, 41, -1),
    Spoil("running_mean", NAN, 18),
    Spoil("running_mean", -INF, 35),
    Spoil("running_var", NAN, 19),
    Spoil("running_var", INF, 50),
    Spoil("beta", NAN, 21),
    Spoil("beta", -INF, 60),
    Spoil("gamma", NAN, 22),
    Spoil("gamma", NAN, 64),
]
"""What is spoiled among many channels: each in one channel, as far as there are so many."""

WIDE = (12, 70)
LARGE = ((900, 24), (4100, 40))
"""More than 10,000 elements, and more than 2^17."""

PLANS: dict[str, Plan] = {"inf in gamma, inference": "infer", "inf in gamma, training": "train"}
"""The plans of cases that do not have all calls."""


def cases(build: Builder) -> Iterator[Case]:
    """The clean case, and each variant of it; then differences beyond the range."""
    x = build.ordinary(12, 9)
    dy = np.abs(build.normal(*x.shape)) + 0.5
    clean = build.case("numbers to be spoiled", x, dy=dy, calls="short")
    ranks = build.ranks()
    yield from build.every_rank(clean, ranks=ranks)
    for name, spoils in (FEW if build.rotates else VARIANTS).items():
        made = _spoiled(clean, spoils)
        if made is not None:
            calls = PLANS.get(name, clean.calls)
            case = made.with_(name=name, calls=calls, tags=frozenset({Tag.NONFINITE}))
            yield from build.every_rank(case, ranks=ranks)
    yield from _beyond_range(build)
    if not build.declaration.fixes("shape") and not build.compiled:
        yield from _many(build)


def _many(build: Builder) -> Iterator[Case]:
    """Many channels, with the clean case beside them, and large data, in one dtype each."""
    sizes = [WIDE] if build.rotates else [WIDE, *LARGE]
    for number, shape in enumerate(sizes):
        x = build.normal(*shape)
        dy = np.abs(build.normal(*shape)) + 0.5
        what = "many channels" if shape == WIDE else f"large data, {shape[0]} values"
        tag = frozenset({Tag.TURN})
        clean = build.case(f"finite in {what}", x, dy=dy, calls="short", tags=tag)
        made = _spoiled(clean, MANY)
        ranks = build.ranks() if shape == WIDE else build.declaration.ranks[-1:]
        tags = {Tag.NONFINITE, Tag.TURN} if shape == WIDE else {Tag.NONFINITE, Tag.LARGE}
        if shape == WIDE:
            yield from build.every_rank(clean, ranks=ranks)
        if made is not None and (shape == WIDE or build.in_turn(number)):
            case = made.with_(name=f"nan and inf in {what}", tags=frozenset(tags))
            yield from build.every_rank(case, ranks=ranks)


def _spoiled(clean: Case, spoils: list[Spoil]) -> Case | None:
    """The case with values put in, one argument a channel; None where none of them can be."""
    arrays: dict[Argument, Array | None] = {}
    owner: dict[int, Argument] = {}
    for argument, value, channel, row in spoils:
        given = arrays.get(argument, getattr(clean, argument))
        at = channel % clean.channels
        if given is None or channel >= clean.channels or owner.setdefault(at, argument) != argument:
            continue
        made = arrays[argument] = given.copy()
        if argument in ("x", "dy"):
            moved = np.moveaxis(made, 1, -1)
            index = np.unravel_index(row % clean.count, moved.shape[:-1])
            moved[(*index, at)] = value
        else:
            made[at] = value
    return clean.with_arrays(arrays) if arrays else None


def _beyond_range(build: Builder) -> Iterator[Case]:
    """x and mean are in the range of float16, and their difference is not."""
    if build.dtype != "float16":
        return
    x = -60000.0 + 1000 * build.ordinary(12, 5)
    x[: len(x) // 3] = 60000.0 - np.abs(x[: len(x) // 3] + 60000)
    case = build.case(
        "differences beyond the range",
        x,
        running_mean=60000.0,
        running_var=2.0**15,
        calls="short",
    )
    if np.isfinite(np.asarray(case.x, np.float64)).all():
        yield from build.every_rank(case)
