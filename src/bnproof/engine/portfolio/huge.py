"""More values, or more channels, than 16 bits can count; not in the quick profile."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.sizes import edges

HUGE = (32769, 65537)


def cases(build: Builder) -> Iterator[Case]:
    """Huge cases; none where the target has only one shape, or compiles each."""
    if build.declaration.fixes("shape") or build.compiled:
        return
    large = frozenset({Tag.LARGE})
    for count in HUGE:
        x = build.normal(count, 1) + 3 * np.arange(count)[:, None] / count
        case = build.case(f"{count} values", x, calls="short", tags=large)
        yield from build.every_rank(case)
    if build.declaration.fixes("channels"):
        return
    for channels in HUGE:
        case = build.case(
            f"{channels} channels",
            build.normal(4, channels),
            calls="short",
            judged_channels=edges(channels),
            tags=large,
        )
        yield from build.every_rank(case)
