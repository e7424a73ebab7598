"""Variances by algorithms that cancel, and recurrences that are wrong."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")
VARIANCE = (*AGREEMENT, "running/one-step")
CANCELLATION = (
    "tensorflow/tensorflow#118701",
    "google/flax#1491",
    "google/objax#182",
    "keras-team/keras#18795",
)


def _moments(call: Call) -> tuple[Array, Array]:
    """E[x] and E[x^2]."""
    rows = call.rows
    return rows.mean(axis=1, keepdims=True), (rows * rows).mean(axis=1, keepdims=True)


@mutant(
    "variance/one-pass",
    "The variance is E[x^2] - E[x]^2, which cancels and can be negative.",
    "Subtract the mean first, or use Welford's recurrence.",
    caught_by=VARIANCE,
    issues=CANCELLATION,
    group="variance/one-pass",
)
class _OnePass(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(square - mean * mean)


@mutant(
    "variance/one-pass-clipped",
    "The variance is max(0, E[x^2] - E[x]^2): clipping hides the NaN, not the error.",
    "Subtract the mean first, or use Welford's recurrence.",
    caught_by=VARIANCE,
    issues=CANCELLATION,
    group="variance/one-pass",
)
class _OnePassClipped(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(np.maximum(square - mean * mean, 0))


@mutant(
    "variance/one-pass-absolute",
    "The variance is |E[x^2] - E[x]^2|.",
    "Subtract the mean first, or use Welford's recurrence.",
    caught_by=VARIANCE,
    issues=CANCELLATION,
    group="variance/one-pass",
)
class _OnePassAbsolute(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(np.abs(square - mean * mean))


@mutant(
    "variance/shifted-by-running-mean",
    "The variance is formed in one pass about the running mean, which may be far off.",
    "Shift by a value of the batch itself, or subtract the mean first.",
    caught_by=VARIANCE,
    issues=("tensorflow/tensorflow#3290",),
)
class _ShiftedByRunningMean(Parts):
    def var(self, call: Call) -> Array:
        shifted = call.rows - call.stored(call.running_mean)
        mean = shifted.mean(axis=1, keepdims=True)
        square = (shifted * shifted).mean(axis=1, keepdims=True)
        return np.asarray(np.maximum(square - mean * mean, 0))


@mutant(
    "variance/one-pass-of-sums",
    "The variance is (N sum x^2 - (sum x)^2) / N^2, which cancels.",
    "Subtract the mean first, or use Welford's recurrence.",
    caught_by=VARIANCE,
    issues=CANCELLATION,
    group="variance/one-pass",
)
class _PairsOfDifferences(Parts):
    def var(self, call: Call) -> Array:
        rows, m = call.rows, call.m
        total = rows.sum(axis=1, keepdims=True)
        squares = (rows * rows).sum(axis=1, keepdims=True)
        return np.asarray(np.maximum((m * squares - total * total) / m**2, 0))


class _Welford(Parts):
    """Welford's recurrence in the hands of somebody who gets it wrong."""

    def mean(self, call: Call) -> Array:
        return self.welford(call)[0]

    def var(self, call: Call) -> Array:
        return np.asarray(self.welford(call)[1] / call.m)

    def welford(self, call: Call) -> tuple[Array, Array]:
        """The mean and the sum of squares about it."""
        mean = np.zeros_like(call.rows[:, :1])
        squares = np.zeros_like(mean)
        for k in range(call.m):
            mean, squares = self.step(call.rows[:, k : k + 1], k, mean, squares)
        return mean, squares

    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        """Take in value number k, counted from 0."""
        delta = x - mean
        mean = mean + delta / (k + 1)
        return mean, squares + delta * (x - mean)


@mutant(
    "variance/welford-old-difference",
    "Welford's sum of squares takes the square of x - (mean before).",
    "Add (x - mean before) (x - mean after).",
    caught_by=AGREEMENT,
)
class _WelfordOldDelta(_Welford):
    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        delta = x - mean
        return mean + delta / (k + 1), squares + delta * delta


@mutant(
    "variance/welford-new-difference",
    "Welford's sum of squares takes the square of x - (mean after).",
    "Add (x - mean before) (x - mean after).",
    caught_by=AGREEMENT,
)
class _WelfordNewDelta(_Welford):
    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        mean = mean + (x - mean) / (k + 1)
        return mean, squares + (x - mean) ** 2


@mutant(
    "variance/welford-off-by-one",
    "Welford's mean divides by one more than the number of values so far.",
    "Count the value at hand: divide by 1 for the first.",
    caught_by=(*AGREEMENT, "forward/zero-mean"),
)
class _WelfordOffByOne(_Welford):
    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        delta = x - mean
        mean = mean + delta / (k + 2)
        return mean, squares + delta * (x - mean)


class _Merged(Parts):
    """Statistics of blocks of four values, merged by somebody who gets it wrong."""

    block = 4

    def blocks(self, call: Call) -> list[Array]:
        """The rows in blocks, of which the last may be shorter."""
        return [call.rows[:, k : k + self.block] for k in range(0, call.m, self.block)]


@mutant(
    "variance/mean-of-block-means",
    "Means of blocks are averaged without regard to their sizes.",
    "Weight each by its number of values.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    issues=("google/flax#2417", "facebookresearch/fvcore#152"),
)
class _UnweightedMean(_Merged):
    def mean(self, call: Call) -> Array:
        means = [b.mean(axis=1, keepdims=True) for b in self.blocks(call)]
        return np.asarray(np.mean(means, axis=0, dtype=call.rows.dtype))


@mutant(
    "variance/mean-of-block-variances",
    "Variances of blocks are averaged, the spread of their means is left out.",
    "Add the variance of the means of the blocks.",
    caught_by=AGREEMENT,
)
class _MeanOfVariances(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        return np.asarray(sum(b.var(axis=1, keepdims=True) * b.shape[1] for b in parts) / call.m)


@mutant(
    "variance/merged-with-first-count",
    "All blocks are merged with the number of values of the first.",
    "Merge each with its own number of values.",
    caught_by=AGREEMENT,
    issues=("pytorch/pytorch#22192", "pytorch/pytorch#22248"),
)
class _FirstCountForAll(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        means = [b.mean(axis=1, keepdims=True) for b in parts]
        within = [b.var(axis=1, keepdims=True) for b in parts]
        count = parts[0].shape[1]
        pairs = zip(within, means, strict=True)
        squares = sum(count * (v + (a - call.mean) ** 2) for v, a in pairs)
        return np.asarray(squares / (count * len(parts)))


@mutant(
    "variance/merged-without-square",
    "Blocks are merged with the difference of their means where its square is due.",
    "Add n_a n_b / n (mean_a - mean_b)^2.",
    caught_by=AGREEMENT,
)
class _MergeWithoutSquare(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        off = [np.abs(b.mean(axis=1, keepdims=True) - call.mean) for b in parts]
        within = [b.var(axis=1, keepdims=True) for b in parts]
        pairs = zip(within, off, parts, strict=True)
        return np.asarray(sum(b.shape[1] * (v + a) for v, a, b in pairs) / call.m)
