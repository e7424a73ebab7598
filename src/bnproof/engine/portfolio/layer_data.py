"""The data with which layers live through their script (`bnproof.engine.execution.layer_life`)."""

from collections.abc import Iterator

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder

SHAPES = {2: (6, 3), 3: (4, 3, 2), 4: (3, 3, 2, 2), 5: (2, 3, 2, 1, 2)}


def ranks(declaration: Declaration) -> tuple[int, ...]:
    """The ranks in which layers can be made: each that is declared, or the first."""
    return declaration.ranks if "rank" in declaration.layer_options else declaration.ranks[:1]


def accumulates(declaration: Declaration) -> bool:
    """Whether momentum may be None, for the cumulative average."""
    return declaration.cumulative and not declaration.fixes("momentum")


def is_made_for(declaration: Declaration, dtype: str) -> bool:
    """Whether layers of a dtype can be made."""
    known = "dtype" in declaration.layer_options or dtype == declaration.dtypes[0]
    return declaration.has("layer") and known


def has_lives(declaration: Declaration, dtype: str) -> bool:
    """Whether layers of a dtype can be made, and given batches of any size as a whole."""
    extra = (declaration.residual or declaration.mask) and not declaration.made_of_layers
    sizes = not declaration.fixes("shape") and declaration.virtual_batch is None
    return is_made_for(declaration, dtype) and sizes and not extra


def cases(build: Builder) -> Iterator[Case]:
    """One life per rank, and one of the cumulative average; none where there are no layers."""
    if not has_lives(build.declaration, build.dtype):
        return
    wanted = [rank for rank in ranks(build.declaration) if rank in build.main_ranks]
    for rank in wanted:
        x = build.normal(*SHAPES[rank])
        tags = frozenset({Tag.LAYER})
        yield build.case(f"layer, rank {rank}", x, weight=0.25, calls="layer", tags=tags)
        if accumulates(build.declaration):
            name = f"layer, cumulative average, rank {rank}"
            yield build.case(name, x, weight=None, calls="layer", tags=tags)
