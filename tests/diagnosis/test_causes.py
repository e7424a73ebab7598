"""Causes: mistakes written without the library are named, and unknown ones are not misnamed."""

from typing import Any

import numpy as np
import pytest

from bnproof.causes.known_mistakes import causes
from bnproof.check.one_implementation import check
from bnproof.engine.execution.in_process import InProcess
from bnproof.mutants.catalogue import BY_ID
from bnproof.mutants.variants.catalogue import COMBINED, SINGLE, UNKNOWN, VARIANTS
from bnproof.mutants.variants.columns import Columns
from bnproof.mutants.variants.turns import CONVENTIONS
from bnproof.selftest.named_causes import DUE, Naming, NamingTable, named

TURN = 7  # without --whole one in so many pairs and unknown mistakes; bnproof selftest takes all


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_causes_of_single_mistakes_are_named() -> None:
    """A true cause that does not reproduce a variant, or more names than a reader can use."""
    table = NamingTable(tuple(named(variant.id) for variant in SINGLE))

    assert all(len(row.named) <= 3 for row in table.rows)
    assert table.single >= DUE, table.wrong


@pytest.mark.filterwarnings("ignore")  # mutants may divide by 0
def test_pairs_are_told_apart_and_nothing_is_misnamed(request: pytest.FixtureRequest) -> None:
    """A mistake that hides behind another one, or a cause for everything."""
    turn = 1 if request.config.getoption("whole") else TURN
    chosen = [*COMBINED[::turn], *UNKNOWN[::turn]]
    table = NamingTable(tuple(named(variant.id) for variant in chosen))

    assert all(len(row.named) <= 3 for row in table.rows)
    assert table.combined >= DUE, table.wrong
    assert table.misnamed <= 1 - DUE, table.wrong


@pytest.mark.filterwarnings("ignore")  # a target may overflow on the way
@pytest.mark.parametrize("conventions", CONVENTIONS, ids=str)
def test_what_variants_start_from_is_right(conventions: dict[str, Any]) -> None:
    """Otherwise what is named is the cause of something else."""
    implementation = type("Right", (Columns,), conventions)()
    with np.errstate(all="ignore"):
        session = InProcess(implementation).try_out()
        found = check(session, session.declaration, profile="quick")

    assert [r.property for r in found.results if r.violations] == []


def test_variants_are_well_formed() -> None:
    """A cause that the library does not have can never be named."""
    assert len({variant.id for variant in VARIANTS}) == len(VARIANTS)
    assert {len(variant.causes) for variant in SINGLE} == {1}
    assert {len(variant.causes) for variant in COMBINED} == {2}
    assert not any(variant.causes for variant in UNKNOWN)
    for variant in VARIANTS:
        for group in variant.causes:
            assert set(group) <= set(BY_ID)


def test_shares_are_counted() -> None:
    """A share that is formed of the wrong rows."""
    one, other, unknown = SINGLE[0], SINGLE[1], UNKNOWN[0]
    right = Naming(one.id, one.causes, one.causes[0][:1])
    wrong = Naming(other.id, other.causes, ("eps/none", "eps/twice"))
    table = NamingTable((right, wrong, Naming(unknown.id, (), ("eps/none",))))

    assert (table.single, table.mean_named, table.misnamed) == (0.5, 1.5, 1.0)
    assert table.wrong == (other.id, unknown.id)


def test_nothing_to_explain() -> None:
    """No failing case, no cause."""
    assert causes([]) == ()
