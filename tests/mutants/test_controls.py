"""Controls are right, each by another way: a suite that rejects one of them is wrong."""

import re
from typing import Any

import numpy as np
import pytest

from bnproof.check.one_implementation import check
from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.mutants import cumulative, degenerate, folding, graded, single_value, state
from bnproof.mutants import variance as variances
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.mutants.controls.control import Control
from bnproof.mutants.parts import InPlace

BASES: dict[str, Any] = {  # what several mutants of a family start from
    "folding": folding._Folded,
    "cumulative": cumulative._Cumulative,
    "welford": variances._Welford,
    "merged": variances._Merged,
    "in place": InPlace,
    "remembering": state._Remembering,
    "single value": single_value._Single,
    "empty": degenerate._Empty,
    "graded by 0": lambda: graded._Graded(size=0.0),
}
EVERY = 9


def violated(implementation: Any, dtype: str) -> list[str]:
    """Ids of the violated properties."""
    with np.errstate(all="ignore"):
        session = InProcess(implementation).try_out()
        results = check(session, session.declaration, profile="quick", dtypes=[dtype]).results
    return [r.property for r in results if r.verdict == "fail"]


@pytest.mark.filterwarnings("ignore")  # a control may overflow on the way
@pytest.mark.parametrize("control", CONTROLS, ids=lambda c: c.id)
def test_control_is_accepted(control: Control, request: pytest.FixtureRequest) -> None:
    """A bound that is too tight, or a property that asks too much, accuses one of these.

    Without ``--whole`` some are judged: the kill table judges them all, on more cases.
    """
    whole = request.config.getoption("whole")
    if CONTROLS.index(control) % EVERY and not whole:
        pytest.skip("one in nine without --whole; bnproof selftest judges all")
    implementation = control.make()
    dtypes = declaration_of(implementation).dtypes
    turn = CONTROLS.index(control) // EVERY % len(dtypes)
    looked_at = dtypes if whole else dtypes[turn : turn + 1]
    for dtype in looked_at:
        assert violated(implementation, dtype) == []


@pytest.mark.filterwarnings("ignore")  # it may overflow on the way
@pytest.mark.parametrize("name", list(BASES))
def test_what_mutants_start_from_is_right(name: str) -> None:
    """Otherwise all mutants of a family are rejected for the wrong reason."""
    implementation = BASES[name]()
    dtypes = declaration_of(implementation).dtypes

    assert violated(implementation, dtypes[list(BASES).index(name) % len(dtypes)]) == []


def test_controls_are_well_formed() -> None:
    """Ids are unique, and each says in a sentence what it is."""
    assert len({c.id for c in CONTROLS}) == len(CONTROLS) >= 15
    for control in CONTROLS:
        assert re.fullmatch(r"[a-z-]+", control.id)
        assert control.what.endswith(".")
