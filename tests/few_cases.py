"""A portfolio of a few cases, for tests of what is done with failures once they are found."""

from collections.abc import Sequence
from functools import partial

import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio

FEW = 30

MADE: dict[tuple[object, ...], list[Case]] = {}


def few(
    declaration: Declaration,
    dtype: str,
    *,
    seed: int = 0,
    quick: bool = False,
    thorough: bool = False,  # noqa: ARG001  # as `portfolio`
    among: Sequence[str] = (),  # noqa: ARG001  # as `portfolio`
    number: int = FEW,
) -> list[Case]:
    """Small cases of all sizes and ranks in plain memory, and lives of layers; each made once."""
    key = repr(declaration), dtype, seed, quick, number
    if key not in MADE:
        cases = portfolio(declaration, dtype, seed=seed, quick=True)
        plain = [c for c in cases if c.calls in ("full", "short") and Tag.LAYOUT not in c.tags]
        small = [c for c in plain if c.x.size <= 64]
        of_each_size = {(c.count, c.x.ndim): c for c in reversed(small)}
        kept = sorted(small, key=lambda c: c is not of_each_size[c.count, c.x.ndim])[:number]
        MADE[key] = [*kept, *(c for c in cases if Tag.LAYER in c.tags)]
    return MADE[key]


def check_few_cases(patch: pytest.MonkeyPatch, number: int = FEW) -> None:
    """Have checks and replays make do with them, or fewer, and with a short search."""
    for module in ("check.one_implementation", "engine.judging.rerun"):
        patch.setattr(f"bnproof.{module}.portfolio", partial(few, number=number))
    searched = {"quick": 0, "standard": 10, "thorough": 20}
    patch.setattr("bnproof.check.one_implementation.SEARCHED", searched)
