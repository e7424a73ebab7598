"""Memory once more: slices, expanded and shifted arrays, read-only ones, and those that are copied.

What is contiguous may begin anywhere, and a stride of zero has many elements in one place.  Where a
target declares that strided arrays are copied, it is given some, and results are judged.
"""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import NEGATIVE as NEGATIVE_LAYOUTS
from bnproof.engine.model.layouts import Alias, Layout, Place
from bnproof.engine.model.names import PARAMETERS, STATISTICS, Argument
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.memory import data_of

CONTIGUOUS: tuple[Layout, ...] = ("shifted", "slice")
STRIDED: tuple[Layout, ...] = ("channels moved slice", "sides swapped")
PARTS: tuple[Layout, ...] = (
    "cropped channels",
    "cropped last",
    "stepped channels",
    "channels moved cropped channels",
    "channels moved cropped columns",
    "channels moved stepped channels",
    "channels moved stepped columns",
    "channels moved reversed channels",
    "channels moved reversed columns",
)
"""Parts of a larger array along each axis, where there are positions, in both orders of memory."""
PARTS_OF_PLANES: tuple[Layout, ...] = (
    "cropped rows",
    "stepped rows",
    "reversed rows",
    "channels moved cropped rows",
    "channels moved stepped rows",
    "channels moved reversed rows",
)
"""The same along the rows of planes."""
COPIED: tuple[Layout, ...] = ("Fortran", "channels moved", "stepped last", "middle")
"""What a target is given that declares to copy strided arrays."""
NEGATIVE: tuple[Layout, ...] = ("reversed", "reversed channels")
"""What it is given besides if negative strides are what it copies."""
WHOLE: tuple[Argument, ...] = ("x", "dy")
SHARED: tuple[dict[Argument, Argument], ...] = (
    {"beta": "gamma", "running_var": "running_mean"},
    {"running_mean": "gamma", "running_var": "beta"},
)
"""Which parameters are the same arrays as others."""
SHOWS_MOST = 4
"""The rank that the quick profile has, if it is declared."""


def cases(build: Builder) -> Iterator[Case]:
    """Cases of memory, on one data set per rank."""
    for rank in _ranks(build):
        base = build.case(
            f"places, rank {rank}",
            data_of(build, rank),
            eps=2.0**-10,
            calls="short",
            tags=frozenset({Tag.TURN}),
        )
        yield base
        yield from _begins(build, base)
        yield from _parts(build, base)
        yield from _expanded(build, base)
        if not build.declaration.in_place:
            yield from _shared(base)
        if build.declaration.keeps_strides is not True:
            yield from _copied(build, base)


def _ranks(build: Builder) -> tuple[int, ...]:
    ranks = build.declaration.ranks
    if not build.rotates:
        return ranks
    return (SHOWS_MOST,) if SHOWS_MOST in ranks else ranks[:1]


def _begins(build: Builder, base: Case) -> Iterator[Case]:
    """Where arrays begin, and arrays that cannot be written to."""
    everything = _everything(build, base)
    for layout in (*CONTIGUOUS, *STRIDED):
        if layout == "sides swapped" and base.x.ndim < SHOWS_MOST:
            continue
        yield _laid(base, f"x {layout}", {"x": layout})
        yield _laid(base, f"dy {layout}", {"dy": layout})
        if layout in CONTIGUOUS:
            yield _laid(base, f"all {layout}", dict.fromkeys(everything, layout))
    read_only = _laid(base, "all read-only", dict.fromkeys(everything, "read-only"))
    yield read_only.with_(calls="full")


def _parts(build: Builder, base: Case) -> Iterator[Case]:
    """Crops, every second place, and flips along each axis, of x and of dy.

    Each in one of the dtypes that are checked: the quick profile has them in turns by their tags.
    """
    rank = base.x.ndim
    layouts = (PARTS if rank > 2 else ()) + (PARTS_OF_PLANES if rank > 3 else ())
    flips = build.declaration.keeps_strides is True
    cases = [
        _laid(base, f"{name} {layout}", {name: layout})
        for layout in layouts
        if flips or layout not in NEGATIVE_LAYOUTS
        for name in WHOLE
    ]
    for number, case in enumerate(cases, start=rank):
        if build.rotates or build.in_turn(number):
            yield case


def _expanded(build: Builder, base: Case) -> Iterator[Case]:
    """Arrays with a stride of zero, beside the same numbers in plain memory."""
    last = np.broadcast_to(base.x[..., :1], base.x.shape).copy()
    yield from _both(base.with_(name=f"{base.name}: x same at its end", x=last), {"x": "expanded"})
    if base.x.ndim > 2:
        rows = np.broadcast_to(base.x[:1], base.x.shape).copy()
        yield from _both(
            base.with_(name=f"{base.name}: x one sample", x=rows), {"x": "zero stride"}
        )
    names = [name for name in (*PARAMETERS, *STATISTICS) if getattr(base, name) is not None]
    one = {
        n: np.full_like(getattr(base, n), v)
        for n, v in zip(names, (1.5, -0.75, 0.5, 2), strict=False)
    }
    if "running_var" in one:
        one["running_var"] = np.full_like(base.running_var, 2)
    if build.declaration.in_place:
        names = [name for name in names if name not in STATISTICS]
    same = base.with_(name=f"{base.name}: parameters the same").with_arrays(one)  # type: ignore[arg-type]  # names of arguments
    yield from _both(same, dict.fromkeys(names, "zero stride"))


def _shared(base: Case) -> Iterator[Case]:
    """Two arrays as four parameters."""
    for pairs in SHARED:
        there = {
            name: of
            for name, of in pairs.items()
            if getattr(base, name) is not None and getattr(base, of) is not None
        }
        if not there:
            continue
        what = ", ".join(f"{name} is {of}" for name, of in there.items())
        arrays: dict[Argument, Array | None] = {}
        for name, of in there.items():
            arrays[name] = arrays[of] = abs(getattr(base, of))
        layouts: dict[Argument, Place] = {name: Alias(of) for name, of in there.items()}
        made = base.with_(name=f"{base.name}: {what}", data_key="", layouts=layouts)
        yield made.with_arrays(arrays)


def _both(plain: Case, layouts: dict[Argument, Place]) -> Iterator[Case]:
    """A data set of its own, in plain memory and laid out."""
    plain = plain.with_(data_key=plain.name)
    yield plain
    if layouts:
        yield _laid(plain, "zero stride", layouts)


def _copied(build: Builder, base: Case) -> Iterator[Case]:
    """Memory that the target declares to copy."""
    positive = build.declaration.keeps_strides == "positive"
    for layout in NEGATIVE if positive else (*COPIED, *NEGATIVE):
        yield _laid(base, f"x and dy {layout}", {"x": layout, "dy": layout})
    if not build.declaration.in_place:
        several: Layout = "reversed" if positive else "stepped"
        yield _laid(base, f"all {several}", dict.fromkeys(_everything(build, base), several))


def _everything(build: Builder, base: Case) -> list[Argument]:
    """All arguments; statistics that are updated in place have memory that can be written to."""
    names: list[Argument] = ["x", "dy", *PARAMETERS]
    if not build.declaration.in_place:
        names += STATISTICS
    return [name for name in names if getattr(base, name) is not None]


def _laid(base: Case, what: str, layouts: dict[Argument, Place]) -> Case:
    return base.with_(name=f"{base.name}: {what}", layouts=layouts, tags=base.tags | {Tag.LAYOUT})
