"""Memory: layouts of x, dy and each parameter independently, aliases, refilled buffers."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import NEGATIVE, Alias, Layout, Place
from bnproof.engine.model.names import PARAMETERS, STATISTICS, Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder, to_rank

WHOLE: tuple[Layout, ...] = (
    "Fortran",
    "channels moved",
    "stepped",
    "stepped last",
    "reversed",
    "reversed channels",
    "reversed last",
    "middle",
)
CHANNEL_LAYOUTS: tuple[Layout, ...] = ("stepped", "reversed", "middle")
SHAPES = {2: (12, 5), 3: (4, 5, 6), 4: (4, 6, 3, 5), 5: (2, 5, 3, 2, 4)}


def cases(build: Builder) -> Iterator[Case]:
    """Cases of memory, on one data set per rank."""
    for rank in build.main_ranks:
        base = build.case(f"memory, rank {rank}", data_of(build, rank), eps=2.0**-10)
        yield base
        yield base.with_(name=f"refilled buffers, rank {rank}", calls="refill")
        if build.declaration.keeps_strides is not False:
            yield from _layouts(base, build.declaration)
        yield from _aliases(build, base)


def data_of(build: Builder, rank: int) -> Array:
    """Data with several positions on each axis, unless shapes are few and layouts do not matter."""
    if build.compiled and build.declaration.keeps_strides is False:
        case = build.case("", build.ordinary(12, 5))
        return np.asarray(to_rank(case, rank).x, np.float64)
    return build.normal(*SHAPES[rank])


def _layouts(base: Case, declaration: Declaration) -> Iterator[Case]:
    def made(what: str, layouts: dict[Argument, Place]) -> Case:
        tags = base.tags | {Tag.LAYOUT}
        return base.with_(name=f"{base.name}: {what}", layouts=layouts, tags=tags)

    for layout in WHOLE:
        if layout in NEGATIVE and declaration.keeps_strides == "positive":
            continue  # the adapter copies them, or refuses them
        yield made(f"x {layout}", {"x": layout})
        yield made(f"dy {layout}", {"dy": layout})
        yield made(f"x and dy {layout}", {"x": layout, "dy": layout})
    affine = [name for name in PARAMETERS if getattr(base, name) is not None]
    parameters = [*affine, *STATISTICS]
    for layout in CHANNEL_LAYOUTS:
        negative = layout in NEGATIVE and (
            declaration.in_place or declaration.keeps_strides is not True
        )
        if negative:
            continue  # buffers that are updated have positive strides
        for name in parameters:
            yield made(f"{name} {layout}", {name: layout})
        whole: tuple[Argument, ...] = ("x", "dy", *parameters)
        everything: dict[Argument, Place] = dict.fromkeys(whole, layout)
        yield made(f"everything {layout}", everything)
    rows = np.broadcast_to(base.dy[:1], base.dy.shape).copy()
    for what, dy in (("the same row for all", rows), ("one element for all", rows * 0 + 0.75)):
        plain = base.with_(name=f"{base.name}: dy {what}", dy=dy.astype(base.dy.dtype))
        plain = plain.with_(data_key=plain.name)
        yield plain
        yield plain.with_(
            name=f"{plain.name}, zero stride",
            layouts={"dy": "zero stride"},
            tags=base.tags | {Tag.LAYOUT},
        )


def _aliases(build: Builder, base: Case) -> Iterator[Case]:
    yield base.with_(
        name=f"{base.name}: x as dy", layouts={"dy": Alias("x")}, dy=base.x, data_key=""
    )
    if base.gamma is None or build.declaration.in_place:
        return
    positive: Array = np.abs(base.gamma)
    yield base.with_(
        name=f"{base.name}: gamma as running_var",
        layouts={"running_var": Alias("gamma")},
        gamma=positive,
        running_var=positive,
        data_key="",
    )
