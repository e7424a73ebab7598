"""More channels than 16 bits can count; not in the quick profile."""

from collections.abc import Iterator

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.repeating import PERIOD, repeating

CHANNELS = 65537


def cases(build: Builder) -> Iterator[Case]:
    """The case, in one dtype and one rank.

    None where the target has only one shape, or compiles each; many values are in `many_values`.
    """
    fixed = build.declaration.fixes("shape", "channels")
    if fixed or build.compiled or not build.in_turn(0):
        return
    case = build.case(
        f"{CHANNELS} channels",
        build.normal(4, PERIOD),
        calls="short",
        tags=frozenset({Tag.LARGE}),
    )
    yield from build.every_rank(repeating(case, CHANNELS), ranks=build.declaration.ranks[:1])
