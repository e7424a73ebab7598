"""What is formed a block of rows at a time is what is formed at once."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bnproof.certify import Call, certify
from bnproof.engine.judging.record import largest
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.truth.blocks import BLOCK
from bnproof.engine.truth.bounds import bounds, ladder
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.oracle import error

SINGLE = FORMATS["float32"]
LADDER = ladder(SINGLE, SINGLE)
SETTINGS = Settings(0.5, Fraction(3, 4), Fraction(1, 4))


def drawn(channels: int) -> dict[str, Any]:
    """Inputs of two blocks and a half."""
    rng = np.random.default_rng(channels)
    count = 5 * BLOCK // 2 // channels
    x, dy = rng.normal(size=(2, count, channels)).astype(np.float32)
    gamma, beta, mean, var = rng.normal(size=(4, channels)).astype(np.float32)
    return {
        "x": x + np.float32(3), "dy": dy, "gamma": gamma, "beta": beta,
        "running_mean": mean, "running_var": np.abs(var),
    }  # fmt: skip


def case_of(arrays: dict[str, Any]) -> Case:
    """A case of these arrays."""
    return Case(name="blocks", **arrays, eps=0.5, momentum=0.25)


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("channels", [1, 3, 64, BLOCK])
def test_bounds_of_blocks_are_those_of_the_whole(channels: int, *, inference: bool) -> None:
    """A quantity of a channel that is that of a block would change the bounds."""
    subject = make_subject(case_of(drawn(channels)), SETTINGS, inference=inference)
    q = subject.quantities
    for arithmetic in LADDER.values():
        whole = bounds(arithmetic, q)
        for rows, block in q.placed_blocks():
            here = whole.within(block).values
            assert set(here) == set(whole.values)
            for name, value in whole.values.items():
                expected = value[rows] if value.ndim == 2 else value
                assert np.array_equal(here[name], expected), name
                assert np.isfinite(expected).all()


@pytest.mark.parametrize("channels", [1, 64])
def test_certify_finds_the_worst_of_all_blocks(channels: int) -> None:
    """An error in the last row of the last block, and statistics that belong to all rows."""
    arrays = drawn(channels)
    x = arrays["x"].astype(np.float64)
    y = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.5) * arrays["gamma"] + arrays["beta"]
    y = y.astype(np.float32)
    y[-1, -1] += np.float32(1)
    given: dict[str, Any] = {**arrays, "eps": 0.5, "momentum": 0.25}
    found = certify(Call(**given, y=y, mean=x.mean(0).astype(np.float32)))
    subject = make_subject(case_of(arrays), SETTINGS, inference=False)
    truth = subject.quantities.truth.values["y"]
    for name, arithmetic in LADDER.items():
        whole = largest(error(y, truth), subject.bound(arithmetic, "y"))
        assert found[name]["y"] == whole > 1
        assert found[name]["mean"] <= 1


def test_a_channel_that_is_not_finite_stays_alone() -> None:
    """In one block of several there is a NaN, which takes away the whole channel and no other."""
    arrays = drawn(3)
    arrays["x"][-1, 1] = np.nan
    x = arrays["x"].astype(np.float64)
    y = (x - x.mean(0)) / np.sqrt(x.var(0) + 0.5) * arrays["gamma"] + arrays["beta"]
    found = certify(Call(**arrays, eps=0.5, y=y.astype(np.float32)))
    assert 0 < found["two-pass"]["y"] <= 1
