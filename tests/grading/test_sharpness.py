"""The few cases of grading see the mistakes that can be named, and accuse nothing that is right."""

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.executor import Executor
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EventKind
from bnproof.grading.causes import FAMILIES
from bnproof.grading.grade_cases import cases
from bnproof.mutants.catalogue import BY_ID, MUTANTS
from bnproof.mutants.parts import Parts

RIGHT_HERE = (
    "running-values/biased-for-unbiased",
    "running-values/bessel-twice",
    "running-values/bessel-inverted",
    "running-values/bessel-by-examples",
    "running-values/bessel-by-all-values",
    "running-values/bessel-for-the-mean",
    "running-values/bessel-for-the-average",
)
"""Mistakes in a correction that the exercise does not make."""

ACCURATE_ENOUGH = (
    "variance/one-pass",
    "variance/one-pass-clipped",
    "variance/one-pass-absolute",
    "variance/one-pass-of-sums",
    "variance/shifted-by-running-mean",
)
"""Less accurate algorithms that float64 can afford: no mistakes in an exercise."""

ELSEWHERE = (
    "running/first-call-copies",
    "mode/inference-moves-statistics",
    "mode/inference-resets-statistics",
)
"""Seen by what grading looks at beside these cases: first calls, and statistics in test mode."""

NOT_ASKED = (
    "running-values/variance-at-least-eps",
    "running-values/not-finite-skipped",
    "mode/single-example-infers",
    "degenerate/empty-batch-not-a-number",
    "degenerate/empty-batch-averaged",
    "degenerate/empty-batch-refused",
    "degenerate/empty-batch-not-refused",
    "degenerate/absent-gamma-is-zero",
    "degenerate/absent-gamma-refused-in-inference",
    "degenerate/no-gradient-without-gamma",
)
"""They need what an exercise does not speak of: NaN, empty batches, a gamma of None."""

UNSEEN = {*RIGHT_HERE, *ACCURATE_ENOUGH, *ELSEWHERE, *NOT_ASKED}


def declaration(rank: int) -> Declaration:
    """What an exercise declares."""
    return Declaration(
        dtypes=("float64",),
        ranks=(rank,),
        accuracy="one-pass",
        running_variance="biased",
        momentum_weighs="old",
        deterministic=False,
    )


DATA = [(declaration(rank), case) for rank in (2, 4) for case in cases(declaration(rank))]


def is_wrong(make: type[Parts], declared: Declaration, case: Case) -> bool:
    """Whether an implementation is off on a case."""
    with np.errstate(all="ignore"):
        executor = Executor(make(running_variance="biased", momentum_weighs="old"), declared)
        observed = executor.run(case.with_(calls="short"), lambda _: None)
        if observed.of(EventKind.RAISED, EventKind.MALFORMED):
            return True
        return Judge(declared, "float64").judge(case, observed).worst > 1


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_mistakes_are_seen(family: str) -> None:
    """Catches data on which a mistake that has a hint makes no difference."""
    mutants = [m for m in MUTANTS if m.family == family]
    unseen = {
        mutant.id
        for mutant in mutants
        if not any(is_wrong(mutant.make, *each) for each in DATA)  # type: ignore[arg-type]  # they make Parts
    }

    assert unseen == {id_ for id_ in UNSEEN if id_.startswith(f"{family}/")}


def test_what_is_right_is_not_accused() -> None:
    """Catches a bound that plain code, or an algorithm that float64 can afford, does not meet."""
    right = [Parts, *(BY_ID[id_].make for id_ in ACCURATE_ENOUGH)]

    assert not [make for make in right for each in DATA if is_wrong(make, *each)]  # type: ignore[arg-type]  # likewise


def test_data_has_what_tells_mistakes_apart() -> None:
    """Catches data that was made plainer: sizes that hide an axis, a gamma of one sign."""
    plain = [case for declared, case in DATA if declared.ranks == (2,)]
    spatial = [case for declared, case in DATA if declared.ranks == (4,)]

    assert any(len(case.x) == case.channels for case in plain)
    assert len(set(spatial[0].x.shape)) == 4
    assert any(len(set(case.x.shape)) == 1 for case in spatial)
    for group in (plain, spatial):
        gammas = np.concatenate([case.gamma for case in group if case.gamma is not None])
        assert {-1.0, 0.0, 1.0} == set(np.sign(gammas))
        assert len({(case.eps, case.momentum) for case in group}) >= 4
        assert any(case.layouts for case in group)
        assert any((np.ptp(case.x, axis=(0, *range(2, case.x.ndim))) == 0).any() for case in group)
