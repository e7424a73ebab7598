"""What is expected of a case does not depend on the cases that are formed beside it."""

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.portfolio import portfolio
from bnproof.engine.truth.bounds.evaluate import bounds
from bnproof.engine.truth.bounds.expected import Conventions, Expected, Settings, make_subject
from bnproof.engine.truth.bounds.expected_by_data import ExpectedByData
from bnproof.engine.truth.bounds.side_by_side import (
    SMALL,
    TOGETHER,
    OneOfMany,
    SideBySide,
    groups,
    is_small,
)
from bnproof.engine.truth.integers import Exact

ROUNDED = 2.0**-40
"""Of a bound: sums of columns side by side add in another order.  They have at most 2^9 terms, so a
sum moves by 2^10 2^-53 of its terms, and a bound is a product of less than eight such sums."""

UNBIASED = Declaration(normalising_variance="unbiased", single_value="undefined")


def assert_same(one: Expected, other: Expected, judge: Judge, name: str) -> None:
    """Statistics exactly, a truth to a small part of its bound, and the bounds to rounding."""
    assert set(one.quantities.truth.values) == set(other.quantities.truth.values)
    assert one.quantities.truth.statistics == other.quantities.truth.statistics
    weakest = list(judge.classes.values())[-1]
    for output, exact in other.quantities.truth.values.items():
        found = one.quantities.truth.values[output]
        bound = other.bound(weakest, output)
        assert found[0].shape == exact[0].shape, (name, output)
        assert (np.isnan(found[0]) == np.isnan(exact[0])).all(), (name, output)
        with np.errstate(all="ignore"):
            assert not (apart(found, exact) > ROUNDED * bound).any(), (name, output)
            same = np.abs(one.bound(weakest, output) - bound) <= ROUNDED * bound
            assert (same | np.isinf(bound)).all(), (name, output)
        assert (np.isinf(one.bound(weakest, output)) == np.isinf(bound)).all(), (name, output)


def apart(one: Exact, other: Exact) -> Array:
    """How far two truths are apart."""
    return np.asarray(np.abs((one[0] - other[0]) + (one[1] - other[1])))


@pytest.mark.parametrize("dtype", FORMATS)
@pytest.mark.parametrize("declaration", [Declaration(), UNBIASED], ids=["biased", "unbiased"])
def test_same_as_alone(declaration: Declaration, dtype: str) -> None:
    """Catches a channel that takes eps, a weight or a flag from the case beside it."""
    judge = Judge(declaration, dtype)
    cases = [c for c in portfolio(declaration, dtype, quick=True) if c.calls in ("full", "short")]
    plain = [case for case in cases if is_small(case)]
    pairs = [(case, judge.settings(case)[0]) for case in plain]
    together = 0
    for group in groups(pairs, declaration.unbiased):
        together += len(group)
        beside: SideBySide | None = None
        for inference in (False, True):
            conventions = Conventions(
                inference=inference,
                unbiased=declaration.unbiased(group[0][0].x.ndim),
                normalises_unbiased=declaration.normalises_unbiased and not inference,
            )
            beside = SideBySide(group, conventions, beside)
            for number, (case, settings) in enumerate(group):
                alone = make_subject(case, settings, **conventions)
                assert_same(beside.part(number), alone, judge, case.describe())
    assert together > 50


def test_groups_are_of_one_count_and_small() -> None:
    """Catches cases of two sizes in one batch, and a group that grows without limit."""
    judge = Judge(Declaration(), "float32")
    cases = portfolio(Declaration(), "float32")
    small = [(c, judge.settings(c)[0]) for c in cases if is_small(c)]
    made = groups(small, lambda rank: rank == 2)

    assert any(len(group) > 10 for group in made)
    for group in made:
        assert len({case.count for case, _ in group}) == 1
        assert len({case.x.ndim == 2 for case, _ in group}) == 1
        assert sum(case.x.size for case, _ in group) <= TOGETHER
        assert max(case.x.size for case, _ in group) <= SMALL


def test_what_was_foreseen_is_found() -> None:
    """Catches keys that do not meet, so that every truth would be formed alone again."""
    judge = Judge(Declaration(), "float64")
    cases = portfolio(Declaration(), "float64", quick=True)
    pairs = [(case, judge.settings(case)[0]) for case in cases if case.x.size in range(1, 100)]
    kept = ExpectedByData(2**18)
    kept.foresee(pairs, unbiased=lambda _: True, normalises_unbiased=False)
    case, settings = pairs[0]

    found = kept.of(case, settings, inference=False)
    assert found.back is None  # it is of more channels
    assert kept.of(case, settings, inference=False) is found
    kept.foresee(pairs[:1], unbiased=lambda _: True, normalises_unbiased=False)
    assert kept.of(case, settings, inference=False) is found
    large = next(case for case in cases if case.x.size > SMALL)
    twin = case.with_(name="twin", layouts={"x": "stepped"})
    fresh = ExpectedByData(2**18)
    given = [(case, settings), (twin, settings), (large, judge.settings(large)[0])]
    fresh.foresee(given, unbiased=lambda _: True, normalises_unbiased=False)
    found = fresh.of(twin, settings, inference=False)
    assert isinstance(found, OneOfMany)
    assert len(found.whole.quantities.gamma) == case.channels  # the data of both, once
    assert fresh.of(large, judge.settings(large)[0], inference=False).back is not None
    other = Settings(2 * settings.eps, settings.keep, settings.weight)
    assert kept.of(case, other, inference=False).back is not None


def test_bounds_of_a_part_are_those_of_its_quantities() -> None:
    """Catches a part whose own quantities are not of its channels: reports take terms from them."""
    judge = Judge(Declaration(), "float32")
    cases = portfolio(Declaration(), "float32", quick=True)
    pairs = [(c, judge.settings(c)[0]) for c in cases if c.count == 12 and c.ddx is not None]
    conventions = Conventions(inference=False, unbiased=True, normalises_unbiased=False)
    group = groups(pairs, lambda _: True)[0]
    assert len(group) > 1
    for number in range(len(group)):
        part = SideBySide(group, conventions).part(number)
        own = bounds(judge.declared, part.quantities).values
        for output in ("y", "dx", "running_var", *part.quantities.truth.values):
            assert np.allclose(part.bound(judge.declared, output), own[output], rtol=1e-12)
