"""The same data at larger and larger offsets, a channel each: how many digits are kept.

How fast digits are lost as |mean|/std grows is what tells algorithms apart: the first power of it
is lost by all, the second by the one-pass variance.  One case is enough for the whole curve, since
channels do not know of each other.  Gamma is 1 and beta 0, so that what is lost is lost by xhat.
"""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder

COUNT = 32
EXPONENTS = {
    "float64": range(0, 49, 4),
    "float32": range(0, 21, 2),
    "float16": range(11),
    "bfloat16": range(8),
}
"""Powers of two that are added to standard normal data.

Beyond the last, x has so few digits of its own left that its sums are exact again.
"""


def cases(build: Builder) -> Iterator[Case]:
    """One case, or as many as it takes where the number of channels is fixed and small."""
    exponents = np.array(EXPONENTS[build.dtype])
    data = build.normal(COUNT, 1)
    dy = build.normal(COUNT, 1) + 0.5
    width = build.only_channels or len(exponents)
    for start in range(0, len(exponents), width):
        part = exponents[start : start + width]
        case = build.case(
            f"offsets 2^{part[0]} to 2^{part[-1]}",
            data + 2.0**part,
            dy=np.tile(dy, len(part)),
            gamma=1.0,
            beta=0.0,
            running_mean=0.0,
            running_var=1.0,
            eps=2.0**-16,
            calls="short",
            tags=frozenset({Tag.OFFSETS}),
        )
        yield from build.every_rank(case)
