"""The portfolio and the strategies: what they promise about the data."""

import numpy as np
import pytest
from hypothesis import find, given, settings

from bnproof.engine.contract.choices import Fixable
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.portfolio import portfolio
from bnproof.engine.portfolio.exact_data import exact_data
from bnproof.engine.search.strategies import arrays, cases
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED

ALL = Declaration(
    dtypes=tuple(FORMATS), ranks=(2, 3, 4, 5), cumulative=True, affine_parameters="optional"
)


@pytest.mark.parametrize("dtype", list(FORMATS))
def test_names_are_unique(dtype: str) -> None:
    """Relations find their other case by its name, and truth is kept by it."""
    names = [case.name for case in portfolio(ALL, dtype)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("dtype", list(FORMATS))
def test_the_same_seed_gives_the_same_data(dtype: str) -> None:
    """A counterexample that cannot be had again is worth little."""
    first, second = portfolio(ALL, dtype, seed=3), portfolio(ALL, dtype, seed=3)

    assert all(a.x.tobytes() == b.x.tobytes() for a, b in zip(first, second, strict=True))


def test_fixed_settings_are_kept() -> None:
    """An instance with one eps, momentum and width must never be given another."""
    fixed: dict[Fixable, float] = {"eps": 1e-5, "momentum": 0.1, "channels": 5}
    for case in portfolio(Declaration(fixed=fixed), "float32"):
        assert (case.eps, case.momentum, case.channels) == (1e-5, 0.1, 5)


def test_a_fixed_shape_is_kept() -> None:
    """A compiled kernel takes one shape only."""
    made = portfolio(Declaration(ranks=(4,), fixed={"shape": (4, 3, 2, 2)}), "float32")

    assert made
    assert all(case.x.shape == (4, 3, 2, 2) for case in made)


def test_settings_stay_within_what_is_accepted() -> None:
    """Outside them nothing is tried."""
    declaration = Declaration(accepts={"eps": (1e-6, 1e-2), "momentum": (0.1, 0.5)})
    for case in portfolio(declaration, "float32"):
        assert 1e-6 <= case.eps <= 1e-2
        assert case.momentum is not None
        assert 0.1 <= case.momentum <= 0.5


@pytest.mark.parametrize("dtype", list(FORMATS))
@pytest.mark.parametrize("count", [4, 8, 64, 256])
def test_exact_data_is_exact(count: int, dtype: str) -> None:
    """Every output is a number of the format, or bit equality would be asked for in vain."""
    form = FORMATS[dtype]
    data = exact_data(count, 3, np.random.default_rng(count))
    case = next(c for c in portfolio(ALL, dtype) if c.name.startswith("exact 4,"))
    case = case.with_(
        x=form.round(data.x),
        dy=form.round(data.dy),
        eps=data.eps,
        gamma=data.gamma,
        beta=data.beta,
        ddx=None,
    )
    settings_ = Judge(ALL, dtype).settings(case)[0]
    truth = EXPECTED.of(case.with_(
        running_mean=np.zeros(3), running_var=np.ones(3)), settings_, inference=False
    ).quantities.truth.values  # fmt: skip
    assert (case.x.astype(np.float64) == data.x).all()
    for name in ("mean", "inv_std", "y", "dx", "dgamma", "dbeta"):
        high, low = truth[name]
        assert (low == 0).all()
        assert (form.round(high).astype(np.float64) == high).all(), name


def test_strategies_refuse_what_they_cannot_make() -> None:
    """Silently making nothing would be a test of nothing."""
    with pytest.raises(ValueError, match="unknown"):
        arrays(count=2, channels=1, families=["nonsense"])  # type: ignore[list-item]  # as a caller without types
    with pytest.raises(ValueError, match="not declared"):
        cases(declaration=Declaration(), dtype="float16")


@given(case=cases(declaration=Declaration(dtypes=("float16",), ranks=(2, 4)), dtype="float16"))
@settings(max_examples=50, deadline=None, database=None)
def test_searched_cases_are_of_the_declaration(case) -> None:  # type: ignore[no-untyped-def]  # a Case
    """A case outside of what is declared would accuse the innocent."""
    assert case.dtype == "float16"
    assert case.parameter_dtype == "float32"
    assert case.x.ndim in (2, 4)
    assert np.isfinite(case.x.astype(np.float64)).all()


def test_cases_shrink_to_small_arrays() -> None:
    """A counterexample is read by people."""
    smallest = find(cases(declaration=Declaration(ranks=(2,)), dtype="float32"), lambda c: True)

    assert smallest.x.size <= 2
    assert smallest.layouts == {}
