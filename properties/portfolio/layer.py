"""The data with which layers live through their script (see `bnproof.properties.layers`)."""

from collections.abc import Iterator

from bnproof.properties.cases import Case
from bnproof.properties.portfolio.builder import Builder

SHAPES = {2: (6, 3), 3: (4, 3, 2), 4: (3, 3, 2, 2), 5: (2, 3, 2, 1, 2)}


def cases(build: Builder) -> Iterator[Case]:
    """One life per rank, and one of the cumulative average; none where there are no layers."""
    if "layer" not in build.declaration.methods or "shape" in build.declaration.fixed:
        return
    options = build.declaration.layer_options
    if "dtype" not in options and build.dtype != build.declaration.dtypes[0]:
        return
    for rank in build.main_ranks if "rank" in options else build.declaration.ranks[:1]:
        x = build.normal(*SHAPES[rank])
        tags = frozenset({"layer"})
        yield build.case(f"layer, rank {rank}", x, weight=0.25, calls="layer", tags=tags)
        if build.declaration.cumulative and "momentum" not in build.declaration.fixed:
            name = f"layer, cumulative average, rank {rank}"
            yield build.case(name, x, weight=None, calls="layer", tags=tags)
