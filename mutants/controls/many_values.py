"""Right algorithms that differ where there are many values: weights, lanes, blocks, averages."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

Moments = tuple[float, Array, Array]
"""How many values, their mean and their sum of squares about it, columns."""


@control("reciprocal-count", "A sum is multiplied by 1 / N, which is rounded.")
class _ReciprocalCount(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        share = np.asarray(1, rows.dtype) / np.asarray(rows.shape[1], rows.dtype)
        return np.asarray(rows.sum(axis=1, keepdims=True) * share)


@control("weighted-values", "Each value is multiplied by 1 / N before they are added in a chain.")
class _Weighted(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        share = np.asarray(1, rows.dtype) / np.asarray(rows.shape[1], rows.dtype)
        return np.asarray(np.add.accumulate(rows * share, axis=1)[:, -1:])


@control(
    "divided-values", "Each value is divided by N before they are added, sums are N times that."
)
class _Divided(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray((rows / np.asarray(rows.shape[1], rows.dtype)).sum(axis=1, keepdims=True))

    def dbeta(self, call: Call, dy: Array) -> Array:
        return np.asarray(self.pool(call, dy) * np.asarray(call.m, dy.dtype))

    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.dbeta(call, dy * call.xhat)


@control("means-of-means", "The mean over positions, then over the examples.")
class _MeansOfMeans(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        values = rows.reshape(len(rows), call.examples, -1)
        return np.asarray(values.mean(axis=2).mean(axis=1)[:, np.newaxis])


@control("unbiased-and-back", "The unbiased variance first, and from it the biased one.")
class _UnbiasedAndBack(Parts):
    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        kind = call.rows.dtype
        less, count = np.asarray(call.m - 1, kind), np.asarray(call.m, kind)
        unbiased = (centred * centred).sum(axis=1, keepdims=True) / less
        return np.asarray(unbiased * (less / count))


@control("root-one-ulp-off", "The inverse root is one unit in the last place too large.")
class _RootOff(Parts):
    def inv_std(self, call: Call) -> Array:
        right = super().inv_std(call)
        above = np.nextafter(right, np.asarray(np.inf, right.dtype))
        return np.asarray(np.where(right == 0, right, above))  # that of infinity is exact


def merged(one: Moments, other: Moments) -> Moments:
    """The moments of two sets of values (Chan, Golub and LeVeque)."""
    (n, mean, squares), (k, mean_k, squares_k) = one, other
    kind, total = mean.dtype.type, n + k
    delta = mean_k - mean
    moved = mean + delta * kind(k / total)
    return total, moved, squares + squares_k + delta * delta * kind(n * k / total)


def streamed(rows: Array) -> Moments:
    """The moments of lanes, (lanes, n) for each channel, by Welford's recurrence: (C, lanes)."""
    mean = np.zeros_like(rows[..., 0])
    squares = np.zeros_like(mean)
    kind = rows.dtype.type
    for k in range(rows.shape[-1]):
        value = rows[..., k]
        delta = value - mean
        mean = mean + delta / kind(k + 1)
        squares = squares + delta * (value - mean)
    return float(rows.shape[-1]), mean, squares


class _InLanes(Parts):
    """Welford's recurrence in lanes that are merged; what is left over forms a lane of its own."""

    accuracy = "streaming"
    lanes = 64

    def split(self, rows: Array) -> list[Array]:
        """The lanes, (C, lanes, n), and what is left over."""
        n = rows.shape[1] // self.lanes
        whole = rows[:, : n * self.lanes].reshape(len(rows), n, self.lanes).swapaxes(1, 2)
        rest = rows[:, n * self.lanes :]
        return [part for part in (whole, rest[:, np.newaxis]) if part.size]

    def merge(self, parts: list[Moments]) -> Moments:
        """The moments of all lanes: one lane after the other."""
        total = parts[0]
        for part in parts[1:]:
            total = merged(total, part)
        return total

    def moments(self, rows: Array) -> Moments:
        """The moments of all values."""
        each: list[Moments] = []
        for part in self.split(rows):
            n, mean, squares = streamed(part)
            lanes = range(mean.shape[1])
            each += [(n, mean[:, k : k + 1], squares[:, k : k + 1]) for k in lanes]
        return self.merge(each)

    def mean(self, call: Call) -> Array:
        _, mean, squares = self.moments(call.rows)
        call.var = squares / call.rows.dtype.type(call.m)
        return mean

    def var(self, call: Call) -> Array:
        return call.var


@control("welford-in-lanes", "Welford's recurrence in 64 lanes, merged one after the other.")
class _WelfordInLanes(_InLanes):
    pass


@control("welford-in-many-lanes", "The same in 1,000 lanes, merged by a tree.")
class _WelfordInTree(_InLanes):
    lanes = 1000

    def merge(self, parts: list[Moments]) -> Moments:
        while len(parts) > 1:
            pairs = [merged(*parts[k : k + 2]) for k in range(0, len(parts) - 1, 2)]
            parts = pairs + parts[len(parts) - len(parts) % 2 :]
        return parts[0]


@control(
    "welford-in-blocks", "A block of values for each of 48 lanes, merged from the last one on."
)
class _WelfordInBlocks(_InLanes):
    lanes = 48

    def split(self, rows: Array) -> list[Array]:
        n = rows.shape[1] // self.lanes
        whole, rest = rows[:, : n * self.lanes], rows[:, n * self.lanes :]
        blocks = whole.reshape(len(rows), self.lanes, n)
        return [part for part in (blocks, rest[:, np.newaxis]) if part.size]

    def merge(self, parts: list[Moments]) -> Moments:
        return super().merge(parts[::-1])


@control("welford-backwards", "Welford's recurrence in 32 lanes, from the last value to the first.")
class _WelfordBackwards(_InLanes):
    lanes = 32

    def moments(self, rows: Array) -> Moments:
        return super().moments(rows[:, ::-1])


@control("welford-tail-first", "What is left over after blocks of 256 comes first, in eight lanes.")
class _WelfordTailFirst(_InLanes):
    lanes = 8

    def moments(self, rows: Array) -> Moments:
        whole = rows.shape[1] // 256 * 256
        return super().moments(np.concatenate([rows[:, whole:], rows[:, :whole]], axis=1))


@control("welford-for-gradients", "Every mean is Welford's, those of the gradients too.")
class _WelfordForGradients(_InLanes):
    def pool(self, call: Call, rows: Array) -> Array:
        return self.moments(rows)[1]


@control("cumulative-average", "Means are m (k - 1) / k + x / k, in 64 lanes.")
class _CumulativeAverage(_InLanes):
    def mean(self, call: Call) -> Array:
        return self.averaged(call, call.rows)

    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        return self.averaged(call, centred * centred)

    def averaged(self, call: Call, rows: Array) -> Array:
        """The mean of each lane, and the mean of those, weighted."""
        kind = rows.dtype.type
        total = np.zeros_like(rows[:, :1])
        for part in self.split(rows):
            mean = np.zeros_like(part[..., 0])
            for k in range(part.shape[-1]):
                mean = mean * kind(k / (k + 1)) + part[..., k] / kind(k + 1)
            share = kind(part.shape[-1] / call.m)
            total = total + (mean * share).sum(axis=1, keepdims=True)
        return np.asarray(total)


@control(
    "merged-planes", "Each example in two passes, merged by sums of n mean and n (mean - m)^2."
)
class _MergedPlanes(Parts):
    accuracy = "streaming"

    def mean(self, call: Call) -> Array:
        values = call.rows.reshape(len(call.rows), call.examples, -1)
        n = values.shape[2]
        own = values.mean(axis=2, keepdims=True)
        squares = ((values - own) ** 2).sum(axis=(1, 2))[:, np.newaxis]
        mean = (n * own).sum(axis=(1, 2))[:, np.newaxis] / call.m
        spread = (n * (own[:, :, 0] - mean) ** 2).sum(axis=1, keepdims=True)
        call.var = np.asarray((squares + spread) / call.m)
        return np.asarray(mean)

    def var(self, call: Call) -> Array:
        return call.var


class _Shifted(Parts):
    """E[(x - K)^2] - E[x - K]^2 in one pass, declared as such."""

    accuracy = "one-pass"

    def centre(self, call: Call) -> Array:
        """K, a column."""
        raise NotImplementedError

    def mean(self, call: Call) -> Array:
        centre = self.centre(call)
        shifted = call.rows - centre
        mean = self.pool(call, shifted)
        square = self.pool(call, shifted * shifted)
        call.var = np.asarray(np.maximum(square - mean * mean, 0))
        return np.asarray(mean + centre)

    def var(self, call: Call) -> Array:
        return call.var


@control("shifted-by-the-running-mean", "One pass about the running mean, declared.")
class _ShiftedByRunning(_Shifted):
    def centre(self, call: Call) -> Array:
        return call.stored(call.running_mean)


@control("shifted-by-a-first-block", "One pass about the mean of the first 32 values, declared.")
class _ShiftedByBlock(_Shifted):
    def centre(self, call: Call) -> Array:
        return np.asarray(call.rows[:, :32].mean(axis=1, keepdims=True))


@control("one-pass-in-lanes", "E[x^2] - E[x]^2 in 256 lanes, declared.")
class _OnePassInLanes(Parts):
    accuracy = "one-pass"

    def pool(self, call: Call, rows: Array) -> Array:
        padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 256)))
        lanes = np.add.accumulate(padded.reshape(len(rows), -1, 256), axis=1)[:, -1]
        return np.asarray(np.add.accumulate(lanes, axis=1)[:, -1:] / rows.shape[1])

    def var(self, call: Call) -> Array:
        square = self.pool(call, call.rows * call.rows)
        return np.asarray(np.maximum(square - call.mean * call.mean, 0))


@control("mean-refined", "A two-pass mean, to which the mean of the deviations is added.")
class _MeanRefined(Parts):
    """As statistics packages have it; no deviation is 0 where all values but one are."""

    dtypes = ("float32", "float64")

    def mean(self, call: Call) -> Array:
        estimate = _in_sequence(call.rows) / call.m
        return np.asarray(estimate + _in_sequence(call.rows - estimate) / call.m)


def _in_sequence(rows: Array) -> Array:
    """Sums one value after the other, in the dtype of the rows."""
    return np.asarray(np.cumsum(rows, axis=1, dtype=rows.dtype)[:, -1:])
