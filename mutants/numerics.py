"""Arithmetic that loses more than rounding: cancellation, wrong recurrences, crude roots."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")
VARIANCE = ("forward/agreement", "forward/bias-invariance", "running/one-step")
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


class _OnePass(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(square - mean * mean)


class _OnePassClipped(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(np.maximum(square - mean * mean, 0))


class _OnePassAbsolute(Parts):
    def var(self, call: Call) -> Array:
        mean, square = _moments(call)
        return np.asarray(np.abs(square - mean * mean))


class _ShiftedByRunningMean(Parts):
    def var(self, call: Call) -> Array:
        shifted = call.rows - call.stored(call.running_mean)
        mean = shifted.mean(axis=1, keepdims=True)
        square = (shifted * shifted).mean(axis=1, keepdims=True)
        return np.asarray(np.maximum(square - mean * mean, 0))


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


class _WelfordOldDelta(_Welford):
    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        delta = x - mean
        return mean + delta / (k + 1), squares + delta * delta


class _WelfordNewDelta(_Welford):
    def step(self, x: Array, k: int, mean: Array, squares: Array) -> tuple[Array, Array]:
        mean = mean + (x - mean) / (k + 1)
        return mean, squares + (x - mean) ** 2


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


class _UnweightedMean(_Merged):
    def mean(self, call: Call) -> Array:
        means = [b.mean(axis=1, keepdims=True) for b in self.blocks(call)]
        return np.asarray(np.mean(means, axis=0, dtype=call.rows.dtype))


class _MeanOfVariances(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        return np.asarray(sum(b.var(axis=1, keepdims=True) * b.shape[1] for b in parts) / call.m)


class _FirstCountForAll(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        means = [b.mean(axis=1, keepdims=True) for b in parts]
        within = [b.var(axis=1, keepdims=True) for b in parts]
        count = parts[0].shape[1]
        pairs = zip(within, means, strict=True)
        squares = sum(count * (v + (a - call.mean) ** 2) for v, a in pairs)
        return np.asarray(squares / (count * len(parts)))


class _MergeWithoutSquare(_Merged):
    def var(self, call: Call) -> Array:
        parts = self.blocks(call)
        off = [np.abs(b.mean(axis=1, keepdims=True) - call.mean) for b in parts]
        within = [b.var(axis=1, keepdims=True) for b in parts]
        pairs = zip(within, off, parts, strict=True)
        return np.asarray(sum(b.shape[1] * (v + a) for v, a, b in pairs) / call.m)


class _CrudeRoot(Parts):
    """The inverse root from a bit trick, with one Newton step."""

    steps = 1

    def inv_std(self, call: Call) -> Array:
        w = np.asarray(call.var + call.eps, np.float32)
        root = (0x5F3759DF - (w.view(np.int32) >> 1)).astype(np.int32).view(np.float32)
        for _ in range(self.steps):
            root = root * (1.5 - 0.5 * w * root * root)
        return root.astype(call.rows.dtype)


class _CruderByOne(_CrudeRoot):
    steps = 2


class _HalfRoot(Parts):
    def inv_std(self, call: Call) -> Array:
        return super().inv_std(call).astype(np.float16).astype(call.rows.dtype)


class _TensorCores(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x).astype(np.float32)
        short = (rows.view(np.uint32) + 0x1000) & np.uint32(0xFFFFE000)
        return short.view(np.float32).astype(super().read(call, x).dtype)


class _MeanInHalf(Parts):
    def mean(self, call: Call) -> Array:
        return super().mean(call).astype(np.float16).astype(call.rows.dtype)


class _XhatFromY(Parts):
    def xhat(self, call: Call) -> Array:
        xhat = super().xhat(call)
        return np.asarray(((call.gamma * xhat + call.beta) - call.beta) / call.gamma)


class _ReciprocalCountInHalf(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        share = float(np.float16(1 / rows.shape[1]))
        return np.asarray(rows.sum(axis=1, keepdims=True) * share)


class _SingleInDouble(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x).astype(np.float32)


class _SingleStatistics(Parts):
    def inv_std(self, call: Call) -> Array:
        return super().inv_std(call).astype(np.float32).astype(call.rows.dtype)


class _SingleMean(Parts):
    def mean(self, call: Call) -> Array:
        return super().mean(call).astype(np.float32).astype(call.rows.dtype)


class _SingleSums(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return super().dgamma(call, dy).astype(np.float32).astype(call.rows.dtype)


class _SingleAverages(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old.astype(np.float32), new).astype(old.dtype)


DOUBLE = ("float64",)

MUTANTS = (
    Mutant(
        "numerics/one-pass",
        "The variance is E[x^2] - E[x]^2, which cancels and can be negative.",
        "Subtract the mean first, or use Welford's recurrence.",
        CANCELLATION,
        VARIANCE,
        _OnePass,
    ),
    Mutant(
        "numerics/one-pass-clipped",
        "The variance is max(0, E[x^2] - E[x]^2): clipping hides the NaN, not the error.",
        "Subtract the mean first, or use Welford's recurrence.",
        CANCELLATION,
        VARIANCE,
        _OnePassClipped,
    ),
    Mutant(
        "numerics/one-pass-absolute",
        "The variance is |E[x^2] - E[x]^2|.",
        "Subtract the mean first, or use Welford's recurrence.",
        CANCELLATION,
        VARIANCE,
        _OnePassAbsolute,
    ),
    Mutant(
        "numerics/shifted-by-running-mean",
        "The variance is formed in one pass about the running mean, which may be far off.",
        "Shift by a value of the batch itself, or subtract the mean first.",
        ("tensorflow/tensorflow#3290",),
        VARIANCE,
        _ShiftedByRunningMean,
    ),
    Mutant(
        "numerics/one-pass-of-sums",
        "The variance is (N sum x^2 - (sum x)^2) / N^2, which cancels.",
        "Subtract the mean first, or use Welford's recurrence.",
        CANCELLATION,
        VARIANCE,
        _PairsOfDifferences,
    ),
    Mutant(
        "numerics/welford-old-difference",
        "Welford's sum of squares takes the square of x - (mean before).",
        "Add (x - mean before) (x - mean after).",
        (),
        AGREEMENT,
        _WelfordOldDelta,
    ),
    Mutant(
        "numerics/welford-new-difference",
        "Welford's sum of squares takes the square of x - (mean after).",
        "Add (x - mean before) (x - mean after).",
        (),
        AGREEMENT,
        _WelfordNewDelta,
    ),
    Mutant(
        "numerics/welford-off-by-one",
        "Welford's mean divides by one more than the number of values so far.",
        "Count the value at hand: divide by 1 for the first.",
        (),
        (*AGREEMENT, "forward/zero-mean"),
        _WelfordOffByOne,
    ),
    Mutant(
        "numerics/mean-of-block-means",
        "Means of blocks are averaged without regard to their sizes.",
        "Weight each by its number of values.",
        ("google/flax#2417", "facebookresearch/fvcore#152"),
        ("forward/agreement", "forward/zero-mean"),
        _UnweightedMean,
    ),
    Mutant(
        "numerics/mean-of-block-variances",
        "Variances of blocks are averaged, the spread of their means is left out.",
        "Add the variance of the means of the blocks.",
        (),
        AGREEMENT,
        _MeanOfVariances,
    ),
    Mutant(
        "numerics/merged-with-first-count",
        "All blocks are merged with the number of values of the first.",
        "Merge each with its own number of values.",
        ("pytorch/pytorch#22192", "pytorch/pytorch#22248"),
        AGREEMENT,
        _FirstCountForAll,
    ),
    Mutant(
        "numerics/merged-without-square",
        "Blocks are merged with the difference of their means where its square is due.",
        "Add n_a n_b / n (mean_a - mean_b)^2.",
        (),
        AGREEMENT,
        _MergeWithoutSquare,
    ),
    Mutant(
        "numerics/bit-trick-root",
        "1 / sqrt comes from a bit trick with one Newton step, good to 2e-3.",
        "Use a correctly rounded root, or refine until the last bits.",
        (),
        AGREEMENT,
        _CrudeRoot,
    ),
    Mutant(
        "numerics/approximate-root",
        "1 / sqrt is refined by one Newton step too few, good to 5e-6.",
        "Refine once more.",
        (),
        AGREEMENT,
        _CruderByOne,
    ),
    Mutant(
        "numerics/root-in-half",
        "1 / sqrt is formed in 16 bits.",
        "Form it in at least 32 bits.",
        (),
        AGREEMENT,
        _HalfRoot,
    ),
    Mutant(
        "numerics/ten-bit-products",
        "x passes through a unit that keeps ten bits of its significand.",
        "Switch reduced precision off for this operation.",
        (),
        AGREEMENT,
        _TensorCores,
    ),
    Mutant(
        "numerics/mean-in-half",
        "The mean is rounded to 16 bits.",
        "Keep it in at least 32 bits.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _MeanInHalf,
    ),
    Mutant(
        "numerics/xhat-recovered-from-y",
        "xhat is (y - beta) / gamma, which is lost where gamma is small and NaN where it is 0.",
        "Keep xhat, or form it from x.",
        ("mapillary/inplace_abn#92",),
        ("forward/agreement", "backward/agreement"),
        _XhatFromY,
    ),
    Mutant(
        "numerics/reciprocal-count-in-half",
        "1 / N is rounded to 16 bits.",
        "Divide by N.",
        (),
        (*AGREEMENT, "forward/zero-mean"),
        _ReciprocalCountInHalf,
    ),
    Mutant(
        "numerics/double-in-single",
        "float64 data is computed in float32.",
        "Compute in the precision of the data.",
        (),
        AGREEMENT,
        _SingleInDouble,
        dtypes=DOUBLE,
    ),
    Mutant(
        "numerics/root-in-single",
        "1 / sqrt of float64 data is rounded to float32.",
        "Keep it in float64.",
        (),
        AGREEMENT,
        _SingleStatistics,
        dtypes=DOUBLE,
    ),
    Mutant(
        "numerics/mean-in-single",
        "The mean of float64 data is rounded to float32.",
        "Keep it in float64.",
        (),
        ("forward/agreement", "forward/zero-mean"),
        _SingleMean,
        dtypes=DOUBLE,
    ),
    Mutant(
        "numerics/dgamma-in-single",
        "dgamma of float64 data is accumulated into float32.",
        "Accumulate it in float64.",
        (),
        ("backward/agreement",),
        _SingleSums,
        dtypes=DOUBLE,
    ),
    Mutant(
        "numerics/averages-in-single",
        "Running statistics of float64 data are averaged in float32.",
        "Average them in their own dtype.",
        (),
        ("running/one-step",),
        _SingleAverages,
        dtypes=DOUBLE,
    ),
)
