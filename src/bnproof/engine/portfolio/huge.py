"""More channels than 16 bits can count; not in the quick profile."""

from collections.abc import Iterator

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder

CHANNELS = 65537


def cases(build: Builder) -> Iterator[Case]:
    """The case, in one dtype and one rank: the truth of so many channels takes seconds.

    None where the target has only one shape, or compiles each; many values are in `many_values`.
    """
    fixed = build.declaration.fixes("shape", "channels")
    if fixed or build.compiled or not build.in_turn(0):
        return
    case = build.case(
        f"{CHANNELS} channels",
        build.normal(4, CHANNELS),
        calls="short",
        tags=frozenset({Tag.LARGE}),
    )
    yield from build.every_rank(case, ranks=build.declaration.ranks[:1])
