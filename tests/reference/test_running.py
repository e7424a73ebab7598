"""The running statistics of the reference, in every convention, against exact rationals."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bnproof.reference import running_update, train_forward

X = np.array([[1.0], [2.0], [3.0], [6.0]])  # mean 3, biased variance 7/2, unbiased 14/3


@pytest.mark.parametrize(
    ("weighs", "kind", "mean", "var"),
    [
        ("new", "unbiased", Fraction(7, 2), Fraction(8) * Fraction(3, 4) + Fraction(14, 3) / 4),
        ("new", "biased", Fraction(7, 2), Fraction(8) * Fraction(3, 4) + Fraction(7, 2) / 4),
        ("old", "unbiased", Fraction(5, 2), Fraction(8) / 4 + Fraction(14, 3) * Fraction(3, 4)),
        ("old", "biased", Fraction(5, 2), Fraction(8) / 4 + Fraction(7, 2) * Fraction(3, 4)),
    ],
)
def test_conventions(weighs: str, kind: str, mean: Fraction, var: Fraction) -> None:
    """Catch a momentum that weighs the wrong term, and the wrong variance."""
    start = {"new": np.array([11 / 3]), "old": np.array([1.0])}[weighs]
    got = running_update(
        start,
        np.array([8.0]),
        train_forward(X)[1],
        momentum=0.25,
        momentum_weighs=weighs,
        running_variance=kind,
    )
    assert got[0].item() == pytest.approx(float(mean), rel=1e-15)
    assert got[1].item() == pytest.approx(float(var), rel=1e-15)


@pytest.mark.parametrize(("weighs", "keeps"), [("new", 0), ("old", 1)])
def test_momentum_at_its_ends(weighs: str, keeps: float) -> None:
    """Catch a step that is not exact where one weight is 1 and the other 0."""
    cache = train_forward(X)[1]
    mean, var = np.array([5.0]), np.array([7.0])
    settings: Any = {"momentum_weighs": weighs, "running_variance": "biased"}
    kept = running_update(mean, var, cache, momentum=keeps, **settings)
    taken = running_update(mean, var, cache, momentum=1 - keeps, **settings)
    assert [a.item() for a in kept] == [5.0, 7.0]
    assert [a.item() for a in taken] == [3.0, 3.5]


def test_cumulative_average_is_the_mean_of_all_batches() -> None:
    """Catch a count that is off by one, and the starting value that is not forgotten."""
    rng = np.random.default_rng(0)
    batches = [rng.normal(size=(5, 2)) for _ in range(40)]
    mean, var = np.full(2, 100.0), np.full(2, 100.0)
    for seen, x in enumerate(batches):
        cache = train_forward(x)[1]
        mean, var = running_update(mean, var, cache, momentum=None, batches_seen=seen)
    np.testing.assert_allclose(mean, np.mean(batches, axis=(0, 1)), rtol=1e-12)
    np.testing.assert_allclose(
        var, np.mean([x.var(axis=0, ddof=1) for x in batches], axis=0), rtol=1e-12
    )


def test_given_arrays_stay() -> None:
    """Catch an update in place, which a caller who holds the arrays would not expect."""
    mean, var = np.zeros(1), np.ones(1)
    running_update(mean, var, train_forward(X)[1], momentum=0.5)
    assert (mean.item(), var.item()) == (0.0, 1.0)
