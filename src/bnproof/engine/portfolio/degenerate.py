"""NaN and infinity, one value per channel, empty batches, absent parameters."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument, Parameter
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder

SINGLE = {2: (1, 4), 3: (1, 4, 1), 4: (1, 4, 1, 1), 5: (1, 4, 1, 1, 1)}
EMPTY = {2: (0, 4), 3: (0, 4, 3), 4: (0, 4, 2, 3), 5: (0, 4, 2, 1, 3)}


def cases(build: Builder) -> Iterator[Case]:
    """Degenerate cases in every rank."""
    ranks = build.ranks()
    for case in _nonfinite(build):
        yield from build.every_rank(case, ranks=ranks)
    if not build.declaration.fixes("shape"):
        yield from _single(build)
        yield from _empty(build)
    yield from _absent(build)


def _nonfinite(build: Builder) -> Iterator[Case]:
    """The same numbers all finite, then one channel with NaN or infinity in x, dy or its mean."""
    clean = build.case("all finite", build.ordinary(12, 5), calls="short")
    yield clean
    if clean.channels < 2:
        return
    tags = frozenset({Tag.NONFINITE})
    for value in (np.nan, np.inf, -np.inf):
        x = clean.x.copy()
        x[(2 % len(x), 1)] = value
        yield clean.with_(name=f"{value} in x", x=x, tags=tags | {Tag.NONFINITE_X})
    dy = clean.dy.copy()
    dy[(3 % len(dy), 1)] = np.nan
    yield clean.with_(name="nan in dy", dy=dy, tags=tags | {Tag.NONFINITE_DY})
    mean = clean.running_mean.copy()
    mean[1] = np.nan
    yield clean.with_(name="nan in a running mean", running_mean=mean, tags=tags)


def _single(build: Builder) -> Iterator[Case]:
    """One value per channel, in training and in inference."""
    plans: dict[str, Plan] = {"error": "error", "beta": "full", "undefined": "infer"}
    for rank in build.declaration.ranks:
        yield build.case(
            f"one value per channel, rank {rank}",
            build.normal(*SINGLE[rank]),
            gamma=2.0,
            beta=[100.0, -1.0, 0.0, 3.0],
            calls=plans[build.declaration.single_value],
            tags=frozenset({Tag.SINGLE}),
        )


def _empty(build: Builder) -> Iterator[Case]:
    """An empty batch; never tried where its effect is declared undefined."""
    if build.declaration.empty == "undefined":
        return
    for rank in build.declaration.ranks:
        x = np.zeros(EMPTY[rank])
        yield build.case(
            f"empty batch, rank {rank}", x, dy=x, calls="empty", tags=frozenset({Tag.EMPTY})
        )


def _absent(build: Builder) -> Iterator[Case]:
    """gamma and beta given as None, both or one of them, where that is allowed."""
    if build.declaration.affine_parameters != "optional":
        return
    case = build.case("no gamma, no beta", build.ordinary(8, 3), gamma=1.0, beta=0.0)
    yield from build.every_rank(case.with_(gamma=None, beta=None))
    pairs: tuple[tuple[Parameter, Parameter], ...] = (("gamma", "beta"), ("beta", "gamma"))
    for given, absent in pairs:
        values = np.resize([1.5, -0.75, 2.0], case.channels)
        one: dict[Argument, Array | None] = {given: build.parameters.round(values), absent: None}
        name = f"{given}, no {absent}"
        yield from build.every_rank(case.with_(name=name, data_key=name).with_arrays(one))
