"""Running averages over random batches of a known population, with McDiarmid's threshold.

This test is coarse on purpose (research on it is in docs/): at a false-alarm rate of 1e-12 it
tells a wrong weight or a forgotten update, but biased from unbiased variance only after thousands
of steps.  The deterministic property `running/convergence` tells those apart.
"""

import math
from typing import Any

import numpy as np
import pytest

from bnproof.implementations import variants
from bnproof.reference import BatchNorm

REACH = 1.0  # samples lie in [-1, 1]
COUNT, STEPS, WEIGHT = 16, 400, 2.0**-5
RATE = 1e-12


def threshold(change: float) -> float:
    """How far an average may be from its expectation but with probability RATE.

    McDiarmid: P(|f - E f| >= t) <= 2 exp(-2 t^2 / sum c_i^2), where changing sample i changes f by
    at most c_i.  A sample of the batch j steps back changes the average by w (1 - w)^j times what
    it changes the batch's own value by, ``change``; the squares add up to at most
    N change^2 w / (2 - w).
    """
    squares = COUNT * change**2 * WEIGHT / (2 - WEIGHT)
    return math.sqrt(squares * math.log(2 / RATE) / 2)


def after_steps(implementation: Any) -> tuple[float, float]:
    """The averages of one channel after all batches, from statistics 0 and 1."""
    rng = np.random.default_rng(2015)
    gamma, beta = np.ones(1), np.zeros(1)
    mean, var = np.zeros(1), np.ones(1)
    for _ in range(STEPS):
        x = np.where(rng.random((COUNT, 1)) < 0.75, REACH, -REACH)
        _, mean, var, _ = implementation.train(x, gamma, beta, mean, var, momentum=WEIGHT, eps=0.5)
    return float(mean[0]), float(var[0])


def implementations() -> list[Any]:
    """The reference, and torch's module."""
    import torch  # noqa: PLC0415  # slow to import, and only one test needs it

    return [BatchNorm(), variants(torch.nn.BatchNorm1d)[0]]


@pytest.mark.parametrize("implementation", implementations(), ids=lambda i: str(i.name))
def test_averages_go_to_the_population(implementation: Any) -> None:
    """A wrong weight, a wrong batch value, or no update at all leaves the band."""
    mean, var = after_steps(implementation)
    forgotten = (1 - WEIGHT) ** STEPS
    population_mean, population_var = 0.5 * REACH, 0.75 * REACH**2
    expected_mean = (1 - forgotten) * population_mean
    expected_var = (1 - forgotten) * population_var + forgotten

    # one of N samples changes the mean by 2 / N, and the unbiased variance by at most 4 / N
    assert abs(mean - expected_mean) <= threshold(2 * REACH / COUNT)
    assert abs(var - expected_var) <= threshold(4 * REACH**2 / COUNT)


def test_the_threshold_can_fail() -> None:
    """The band must not be wider than what it is there to see: statistics never updated."""
    assert threshold(2 * REACH / COUNT) < 0.5
    assert threshold(4 * REACH**2 / COUNT) < 1 - 0.75 + 0.75
