"""The portfolio: a fixed set of directed cases, each with a reason, the same for the same seed."""

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import (
    algebra,
    degenerate,
    finite_differences,
    gradients,
    layer_data,
    memory,
    numerics,
    offsets,
    relations,
    running_statistics,
    sizes,
)
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.double_arguments import given, with_double

CHAPTERS = (
    algebra,
    gradients,
    finite_differences,
    relations,
    running_statistics,
    numerics,
    sizes,
    memory,
    degenerate,
    layer_data,
    offsets,  # last: what it draws leaves the data of all others as it is
)


def portfolio(
    declaration: Declaration, dtype: str, *, seed: int = 0, quick: bool = False
) -> list[Case]:
    """All directed cases of one dtype that the implementation can be given.

    ``quick`` leaves out those of more than 2^15 values or channels, gives a case in one rank
    instead of all, in turns, and makes all calls around only a third of them, and around those
    that are about memory.  Some cases have what double backward is given.  An early case comes
    back at the end, after all other shapes and settings.

    >>> len(portfolio(Declaration(), "float32")) > 200
    True
    """
    build = Builder(declaration, dtype, seed, rotate=quick)
    made = [case for chapter in CHAPTERS for case in chapter.cases(build)]
    chosen = with_double(_fewer(made) if quick else made, seed)
    if chosen:
        chosen.append(chosen[0].with_(name=f"{chosen[0].name}, once more at the end"))
    return chosen


def _fewer(cases: list[Case]) -> list[Case]:
    kept = [case for case in cases if Tag.LARGE not in case.tags]
    return [
        case.with_(calls="short")
        if case.calls == "full" and Tag.LAYOUT not in case.tags and number % 3
        else case
        for number, case in enumerate(kept)
    ]


def ordinary_case(declaration: Declaration) -> Case:
    """Ordinary data, for the first calls of a target."""
    build = Builder(declaration, declaration.dtypes[0])
    case = build.case("ordinary data", build.normal(8, 4), calls="short")
    return given(next(iter(build.every_rank(case))), "", 0)
