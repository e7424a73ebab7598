"""Truth and bounds of distinct channels and rows are those of all."""

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.portfolio import many_values, network_sizes
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.truth.bounds.expected import Conventions, Expected, make_subject
from bnproof.engine.truth.bounds.repeated import Repeated, rows_of, subject_of

ROUNDED = 2.0**-30
"""Of a bound: it is a product of fewer than eight sums of up to 2^17 terms, added in two orders."""


def cases(dtype: str) -> list[Case]:
    """Repeated channels, repeated rows, both, and one of three channels."""
    build = Builder(Declaration(), dtype)
    shapes = ((9, 20, 7, 7), (40, 2, 13, 12), (5, 256, 14, 13), (6000, 3), (3, 40, 501))
    made = [network_sizes._case(build, shape, 0) for shape in shapes]  # as they come
    return [*made, *many_values._integers(build, (4099,))]  # likewise


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("unbiased", [False, True])
def test_same_as_whole(dtype: str, *, unbiased: bool) -> None:
    """Catches a count of distinct rows in place of all, and a row or channel in another's place."""
    judge = Judge(Declaration(), dtype)
    for case in cases(dtype):
        known: tuple[Expected | None, Expected | None] = None, None
        for inference in (False, True):
            conventions = Conventions(
                inference=inference, unbiased=True, normalises_unbiased=unbiased and not inference
            )
            settings = judge.settings(case)[0]
            few = subject_of(case, settings, known[0], **conventions)
            whole = make_subject(case, settings, known[1], **conventions)
            known = few, whole
            assert isinstance(few, Repeated), case.name
            assert_same(few, whole, judge, case.name)
            few.lighten()
            assert_same(few, whole, judge, case.name)


def assert_same(few: Expected, whole: Expected, judge: Judge, name: str) -> None:
    """Truth to a small part of its bound, and bounds to rounding."""
    assert few.quantities.truth.statistics == whole.quantities.truth.statistics
    for output, exact in whole.quantities.truth.values.items():
        found = few.quantities.truth.values[output]
        assert found[0].shape == exact[0].shape, (name, output)
        for arithmetic in judge.classes.values():
            bound = whole.bound(arithmetic, output)
            assert near(found, exact, ROUNDED * bound), (name, output)
            same = np.abs(few.bound(arithmetic, output) - bound) <= ROUNDED * bound
            assert same.all(), (name, output, arithmetic.name)


def near(one: tuple[Array, Array], other: tuple[Array, Array], most: Array) -> bool:
    """Whether two truths are no farther apart than that."""
    return bool((np.abs((one[0] - other[0]) + (one[1] - other[1])) <= most).all())


def test_ends_are_rows_of_their_own() -> None:
    """Algorithms that begin with the first or the last value are bounded by what stands there."""
    x = np.ones((5000, 1), np.float32)
    one = np.ones(1, np.float32)
    found = rows_of(Case("ones", x, x, one, None, one, one, 0.5, 0.1), 1)
    assert found is not None
    assert (found.first[0], found.first[-1]) == (0, 4999)
    assert found.times.tolist() == [1, 4998, 1]


def test_rows_that_differ_are_all_looked_at() -> None:
    """Catches keys that stand for rows without a look at the rows themselves."""
    x = np.random.default_rng(0).normal(size=(5000, 1))
    one = np.ones(1)
    assert rows_of(Case("normal", x, x, one, None, one, one, 0.5, 0.1), 1) is None
