"""The portfolio: a fixed set of directed cases, each with a reason, the same for the same seed."""

from collections.abc import Sequence

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.portfolio import (
    added_inputs,
    algebra,
    call_orders,
    combined_sizes,
    degenerate,
    finite_differences,
    gradients,
    huge,
    layer_data,
    long_lives,
    many_values,
    masks,
    memory,
    network_sizes,
    numerics,
    offsets,
    places,
    relations,
    running_statistics,
    settings,
    sizes,
    spoiled_arguments,
    virtual_batches,
    whole_modules,
)
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.double_arguments import given, with_double
from bnproof.engine.portfolio.fitting import fitting
from bnproof.engine.portfolio.quick import choose, informative_first
from bnproof.engine.portfolio.stock import few_programs
from bnproof.engine.portfolio.through_layer import FEW, through_layer

AT_THE_END = "once more at the end"
"""What follows the name of the case that comes back."""

CHAPTERS = (
    algebra,
    gradients,
    finite_differences,
    relations,
    running_statistics,
    numerics,
    sizes,
    combined_sizes,
    memory,
    degenerate,
    layer_data,
    offsets,  # what it draws leaves the data of all others as it is
    virtual_batches,
    added_inputs,
    masks,
    call_orders,
    places,
    spoiled_arguments,  # likewise
    long_lives,
    whole_modules,
    network_sizes,  # likewise
    many_values,  # likewise
    settings,  # likewise
)
"""What every profile chooses from."""


def portfolio(
    declaration: Declaration,
    dtype: str,
    *,
    seed: int = 0,
    quick: bool = False,
    thorough: bool = False,
    among: Sequence[str] = (),
) -> list[Case]:
    """All directed cases of one dtype that the implementation can be given.

    Those that reject most wrong implementations come first.  ``quick`` takes the cases that
    `bnproof.engine.portfolio.quick` chooses, each in one rank, in turns, and shares them between
    the dtypes that are checked, which ``among`` are (by default this dtype alone).  All profiles
    share large cases between them, and ``thorough`` adds the largest.  Some cases have what double
    backward is given.  Of a target that compiles each shape, cases come in a stock of
    shapes, and sizes come last.  An early case comes back at the end, after all other shapes and
    settings.

    >>> len(portfolio(Declaration(), "float32")) > 200
    True
    """
    if quick:
        chosen = choose(pool(declaration, dtype, seed=seed, among=among), dtype, among)
        chosen += through_layer(chosen, declaration, dtype, among, most=FEW)
    else:
        build = Builder(declaration, dtype, seed, among=among)
        large = [*huge.cases(build), *call_orders.large(build), *long_lives.lives(build)]
        large += [*masks.large(build), *added_inputs.large(build)]
        large += [*many_values.million(build), *many_values.one_image(build)]
        if thorough:
            large += [*many_values.largest(build), *network_sizes.above_2_24(build)]
        made = _with_double(declaration, [*_made(build), *large], seed)
        chosen = informative_first(made, dtype)
        chosen += through_layer(chosen, declaration, dtype, among)
    return with_end(few_programs(chosen) if declaration.compiles_per_shape else chosen)


def pool(
    declaration: Declaration, dtype: str, *, seed: int = 0, among: Sequence[str] = ()
) -> list[Case]:
    """What the quick profile chooses from: no case of more than 2^15 values or channels."""
    build = Builder(declaration, dtype, seed, rotate=True, among=among)
    return _with_double(declaration, _made(build), seed)


def _made(build: Builder) -> list[Case]:
    return [case for chapter in CHAPTERS for case in chapter.cases(build)]


def _with_double(declaration: Declaration, cases: Sequence[Case], seed: int) -> list[Case]:
    """The cases that fit, some with what double backward is given, where its truth is known."""
    kept = [case for case in cases if fitting(declaration, case)]
    return with_double(kept, seed) if declaration.is_plain else kept


def with_end(cases: list[Case]) -> list[Case]:
    """Return the cases with the first of them once more at the end."""
    again = [case.with_(name=f"{case.name}, {AT_THE_END}") for case in cases[:1]]
    return [*cases, *again]


def ordinary_case(declaration: Declaration) -> Case:
    """Ordinary data, for the first calls of a target."""
    build = Builder(declaration, declaration.dtypes[0])
    count = declaration.virtual_batch or 8
    case = build.case("ordinary data", build.ordinary(count, 4), calls="short")
    made = next(iter(build.every_rank(case)))
    return given(made, "", 0) if declaration.is_plain else made
