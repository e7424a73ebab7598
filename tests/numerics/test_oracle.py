"""The oracle against other ways to the same numbers."""

from fractions import Fraction

import ml_dtypes
import numpy as np

from bnproof.engine.truth.oracle import batch_truth, error, running_truth


def test_rational_roots_are_exact() -> None:
    """With var + eps a square, every output is rational and has to come back exactly."""
    x, dy = np.array([[-1.0], [1.0]]), np.array([[1.0], [3.0]])
    truth = batch_truth(x, np.array([2.0]), np.array([0.5]), 3.0, dy=dy).values

    assert [float(v) for v in truth["y"][0].ravel()] == [-0.5, 1.5]
    assert float(truth["dgamma"][0][0]) == 1.0
    assert float(truth["dbeta"][0][0]) == 4.0
    # gamma inv_std (dy - dbeta / N - xhat dgamma / N) with xhat = -1/2 and 1/2
    assert [float(v) for v in truth["dx"][0].ravel()] == [-0.75, 0.75]


def test_inference_is_affine_in_exact_numbers() -> None:
    """A slip between batch and given statistics would show here."""
    x, one = np.array([[3.0], [5.0]]), np.ones(1)
    truth = batch_truth(x, 2 * one, one, 3.0, dy=x, statistics=(one, one)).values

    assert truth["y"][0].ravel().tolist() == [3.0, 5.0]
    assert truth["dx"][0].ravel().tolist() == [3.0, 5.0]
    assert truth["dgamma"][0].tolist() == [13.0]


def test_undefined_channels_are_nan_and_others_are_not_touched() -> None:
    """A NaN, or var + eps = 0, in one channel must not take the truth of another away."""
    x = np.array([[1.0, np.nan, 2.0], [1.0, 0.0, 4.0]])
    truth = batch_truth(x, np.ones(3), np.zeros(3), 0.0).values["y"][0]

    assert np.isnan(truth[:, :2]).all()
    assert truth[:, 2].tolist() == [-1.0, 1.0]


def test_running_average_is_exact() -> None:
    """The weights are fractions, so that 1 - momentum is not rounded."""
    keep = Fraction(9, 10)
    high, low = running_truth(np.ones(1), [(1, 1, 1)], keep, 1 - keep)

    off = Fraction(float(high[0])) + Fraction(float(low[0])) - Fraction(11, 10)
    assert abs(off) < Fraction(1, 2**100)


def test_error_of_nan_is_infinite() -> None:
    """NaN compares false with everything, and must not pass as no error."""
    truth = (np.array([1.0, 1.0]), np.zeros(2))

    assert error(np.array([np.nan, np.inf]), truth).tolist() == [np.inf, np.inf]


def test_blocks_are_the_whole() -> None:
    """Large arrays are formed a block of rows at a time, which must not show."""
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 2**14 + 5, 3)).astype(np.float32)
    truth = batch_truth(x, np.ones(3), np.ones(3), 1e-5, dy=dy)
    some = truth.rows(slice(2**14 - 3, 2**14 + 4)).rows(slice(1, 6))
    for name in ("y", "dx", "mean"):
        high, low = truth.values[name]
        rows = slice(2**14 - 2, 2**14 + 3) if name != "mean" else slice(None)
        assert np.array_equal(some.values[name][0], high[rows])
        assert np.array_equal(some.values[name][1], low[rows])


def test_formats_are_taken_as_they_are() -> None:
    """Values of any format are what float64 makes of them."""
    x = np.array([[1.5, np.inf], [-2.0, 1.0]])
    for dtype in (np.float32, np.float16, ml_dtypes.bfloat16):
        truth = batch_truth(x.astype(dtype), np.ones(2), np.ones(2), 0.5, dy=x.astype(dtype))
        wide = batch_truth(x, np.ones(2), np.ones(2), 0.5, dy=x)
        for name, value in wide.values.items():
            assert np.array_equal(truth.values[name][0], value[0], equal_nan=True), name
