"""What the quick profile chooses: enough of every kind, whichever dtypes share it."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest

from bnproof.check.one_implementation import check
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.portfolio import pool, portfolio
from bnproof.engine.portfolio.quick import STANDS_IN, choose, chosen_plans, unit_of
from bnproof.engine.portfolio.quick_table import TABLE
from bnproof.engine.wording.reasons import NO_CASE
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.reference import BatchNorm

ALL = Declaration(
    dtypes=tuple(FORMATS), ranks=(2, 3, 4, 5), cumulative=True, affine_parameters="optional"
)
SHARES = [chosen for size in (1, 2, 3, 4) for chosen in combinations(FORMATS, size)]


def layered() -> object:
    """A right implementation that offers layers too."""
    return next(c for c in CONTROLS if c.id == "parts-layered").make()


def test_the_table_names_cases_that_there_are() -> None:
    """Catches a case that was renamed: quick would quietly do without it."""
    layers = InProcess(layered()).declaration
    there = {
        unit_of(case.name)
        for declaration in (ALL, layers)
        for dtype in FORMATS
        for case in pool(declaration, dtype)
    }
    assert {unit for units in TABLE.values() for unit in units} <= there


def test_every_dtype_has_a_stand_in() -> None:
    """Catches a dtype whose cases nobody takes over."""
    assert all({dtype, *others} == set(FORMATS) for dtype, others in STANDS_IN.items())


@pytest.mark.parametrize("among", SHARES, ids=" ".join)
def test_no_case_is_lost(among: Sequence[str]) -> None:
    """Catches a case that is left out since its dtype is not checked, or loses its calls."""
    plans = [chosen_plans(dtype, among) for dtype in among]
    for units in TABLE.values():
        for unit, plan in units.items():
            given = {shared[unit] for shared in plans if unit in shared}
            assert given
            assert plan != "full" or "full" in given


def test_a_new_case_is_there_in_every_dtype() -> None:
    """Catches a case that quick does without until somebody makes the table anew."""
    known, other = (case.with_(twin=None) for case in pool(ALL, "float32")[:2])
    new = other.with_(name="never heard of, rank 2")
    for dtype in FORMATS:
        assert new.name in [case.name for case in choose([known, new], dtype, tuple(FORMATS))]


@pytest.mark.parametrize("dtype", list(FORMATS))
@pytest.mark.parametrize("quick", [True, False])
def test_twins_follow_each_other_as_they_were_made(dtype: str, *, quick: bool) -> None:
    """Catches an order by worth that swaps the two sides of a difference quotient."""
    made = [case.name for case in portfolio(ALL, dtype, quick=quick)]
    before = [case.name for case in (pool(ALL, dtype) if quick else portfolio(ALL, dtype))]
    sides = [n for n in made if n.startswith("finite differences, 8 values")]
    assert sides == [n for n in before if n in sides]


def test_every_property_is_judged_in_every_dtype() -> None:
    """Catches a dtype in which quick has no case of the kind that a property compares."""
    for implementation in (BatchNorm(), layered()):
        session = InProcess(implementation).try_out()
        with np.errstate(all="ignore"):
            found = check(session, session.declaration, profile="quick")
        assert not [(r.property, r.dtype) for r in found.results if r.reason == NO_CASE]
