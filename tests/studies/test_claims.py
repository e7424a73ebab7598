"""Each claim that a picture shows, as a number with a threshold.

Where a claim is about chance, the threshold is SIGMAS standard errors, which chance exceeds once in
1e10 comparisons, or a sign test: of N independent pairs all go one way, which they do by chance
once in 2^N.  The rate is said with each.  All seeds are fixed, so a failure means a change.
"""

import numpy as np
import pytest
from tests.studies.progress import no_progress

from bnproof.engine.network.batches import Batch
from bnproof.engine.network.moments import moments
from bnproof.engine.network.scatter import exact_variance, standard_error
from bnproof.properties.network.noise import SIGMAS
from bnproof.reference.checks import Array
from bnproof.studies import (
    accuracy,
    batch_noise,
    black_cats,
    digits,
    hidden_distribution,
    inputs,
    internal_shift,
    learning_rates,
    running_averages,
)
from bnproof.studies.catalogue import STUDIES


def test_inputs_normalized_make_the_bowl_round() -> None:
    """Catch contours that are not those of the descent.

    The Hessian of normalized inputs is the identity, but for the rounding of means of M numbers;
    and each step shrinks the distance by (kappa - 1) / (kappa + 1), in the valley just by that.
    """
    numbers = STUDIES["inputs"].run(0, no_progress)
    rounding = 2 * inputs.M * 2.0**-53
    assert np.abs(numbers["hessian, normalized"] - np.eye(2)).max() < rounding
    path = numbers["path, normalized"]
    assert np.linalg.norm(path[1]) <= 2 * rounding * np.linalg.norm(path[0])

    kappa = numbers["condition, raw"]
    off = np.linalg.norm(numbers["path, raw"], axis=1)
    assert (off[1:] <= off[:-1] * (kappa - 1) / (kappa + 1) * (1 + 1e-12)).all()
    assert off[20] > 0.5 * off[0] * ((kappa - 1) / (kappa + 1)) ** 20


def test_learning_rates_and_scales_at_which_only_batch_normalization_learns() -> None:
    """Catch a claim that one lucky seed made: a sign test with ten seeds, 2^-10 by chance."""
    shares = []
    for seed in range(10):
        numbers = learning_rates.trained_grid(
            seed, no_progress, rates=np.array([1.0]), scales=np.array([0.125, 8.0])
        )
        shares.append([learning_rates.learned(numbers[name]) for name in ("with", "without")])

    assert all(normalized > plain for normalized, plain in shares), shares


def test_hidden_moments_are_those_of_the_theorem() -> None:
    """Catch Z~ whose mean and variance are not beta and gamma^2 var / (var + eps), at any step.

    No statistics: judged by the derived bound of the property.
    """
    numbers = STUDIES["hidden-distribution"].run(0, no_progress)
    for step in (0, 1, 60, -1):
        Z = numbers["Z, with"][step]
        batch = Batch(
            A=Z,
            W=np.eye(len(Z)),
            gamma=numbers["gamma, with"][step],
            beta=numbers["beta, with"][step],
            dZ_tilde=np.zeros_like(Z),
            eps=hidden_distribution.EPS,
        )
        for finding in moments(numbers["Z_tilde, with"][step], batch):
            assert finding.holds, (step, finding)


def test_hidden_units_drift_more_without(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catch a picture of one unit that drifts: the median of all; ten seeds, 2^-10 by chance."""
    monkeypatch.setattr(hidden_distribution, "EPOCHS", 2)
    monkeypatch.setattr(hidden_distribution, "EXAMPLES", 256)
    for seed in range(10):
        numbers = STUDIES["hidden-distribution"].run(100 * seed, no_progress)
        normalized, plain = (
            float(np.median(hidden_distribution.drift(numbers[f"Z_tilde, {name}"])))
            for name in ("with", "without")
        )
        assert plain > normalized, seed


def test_internal_shift_is_no_smaller_where_learning_is_best() -> None:
    """Catch a discussion that the numbers do not bear out.

    With batch normalization, from a learning rate of 0.1 to 1: the gradient shifts more, and cost
    is lower, in each of ten trainings, 2^-10 by chance for each of the two.  At 0.01 the shift is
    not reduced by half in any of them, where a reduction that matters would be.
    """
    for seed in range(10):
        slow, slow_cost = internal_shift.trained(seed, 0.1, normalize=True)
        fast, fast_cost = internal_shift.trained(seed, 1.0, normalize=True)
        assert fast > slow, seed
        assert fast_cost < slow_cost, seed
        at_small = [
            internal_shift.trained(seed, 0.01, normalize=normalize)[0]
            for normalize in (True, False)
        ]
        assert at_small[0] > 0.5 * at_small[1], seed


def test_black_cats_are_told_from_coloured_ones_only_with_their_own_statistics() -> None:
    """Catch curves drawn of something else.

    Accuracy with the shifted batch's statistics does not change by one example, as the theorem
    says; the others fall by more than SIGMAS standard errors of a difference of two shares.
    """
    numbers = STUDIES["black-cats"].run(0, no_progress)
    plain, running, own = (numbers[name] for name, _, _ in black_cats.CURVES)
    error = np.sqrt(2 * 0.25 / black_cats.TESTED)

    assert len(set(own.tolist())) == 1
    for curve in (plain, running):
        assert curve[0] - curve[-1] > SIGMAS * error
    assert min(plain[0], running[0], own[0]) > 0.9


@pytest.mark.parametrize("z", batch_noise.SAMPLES)
def test_batch_noise_of_normal_data_is_exactly_as_derived(z: float) -> None:
    """Catch a measurement that is off: within SIGMAS standard errors of the exact variance."""
    rng = np.random.default_rng(0)
    column = batch_noise.SAMPLES.index(z)
    for m in (32, 128, 512):
        values = batch_noise.normalized("normal", m, rng)[:, column]
        off = values.var(ddof=1) - exact_variance(z, m)
        assert abs(off) <= SIGMAS * standard_error(values), m


def test_batch_noise_of_skewed_data_is_not_the_same_on_both_sides() -> None:
    """Catch the skewness left out of the theorem's formula: 1 + 2 z + 2 z^2 is 5 or 1 for z = +-1.

    The difference of the variances, 4/m to first order, is beyond SIGMAS standard errors of 0, and
    nearer to 4/m than to what normal data have.
    """
    values = batch_noise.normalized("exponential", 512, np.random.default_rng(0))
    low, high = (values[:, batch_noise.SAMPLES.index(z)] for z in (-1.0, 1.0))
    difference = high.var(ddof=1) - low.var(ddof=1)

    assert difference > SIGMAS * (standard_error(high) + standard_error(low))
    assert difference > 2 / 512


@pytest.mark.parametrize("name", ["running mean", "running variance"])
@pytest.mark.parametrize("step", [3, 20, running_averages.STEPS])
def test_running_averages_are_within_their_band(name: str, step: int) -> None:
    """Catch a band that is not the theorem's: mean and variance of 500 runs, SIGMAS errors each."""
    values: Array = STUDIES["running-averages"].run(0, no_progress)[name][step]
    expected, variance = running_averages.bands()[name]
    off = values.mean() - expected[step]

    assert abs(off) <= SIGMAS * np.sqrt(variance[step] / running_averages.UNITS)
    assert abs(values.var(ddof=1) - variance[step]) <= SIGMAS * standard_error(values)


def test_accuracy_stays_within_the_bounds_and_one_pass_loses_it_first() -> None:
    """Catch bounds that are not met, or so wide that the three could not be told apart.

    No statistics: bounds are bounds.  At a mean of 2^12 deviations one pass has a bound and an
    error above 1, two passes have both below a hundredth.
    """
    numbers = STUDIES["accuracy"].run(0, no_progress)
    for name in accuracy.VARIANCES:
        assert (numbers[name] <= numbers[f"bound, {name}"]).all(), name
    at = numbers["ratios"].tolist().index(2.0**12)
    assert numbers["one-pass"][at] > 1
    assert numbers["bound, two-pass"][at] < 0.01
    lost = [accuracy.lost_at(numbers, name) for name in ("one-pass", "streaming", "two-pass")]
    assert lost == sorted(set(lost))


def test_digits_are_told_apart_by_their_bitmaps() -> None:
    """Catch two digits with one bitmap, or a bitmap of a wrong size."""
    pictures = digits.templates()
    apart = np.abs(pictures[:, :, None] - pictures[:, None, :]).sum(axis=0)

    assert pictures.shape == (digits.INPUTS, digits.CLASSES)
    assert apart[~np.eye(digits.CLASSES, dtype=bool)].min() >= 3
