"""Statistics in one pass that never subtracts large squares: Welford, Chan and their kin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sound import Call, Sound

Parts = tuple[Any, Any, Any]  # counts (k, 1), means (k, C), sums of centred squares (k, C)


def merge(one: Parts, two: Parts) -> Parts:
    """Merge statistics pair by pair (Chan, Golub and LeVeque)."""
    (n_one, mean_one, m2_one), (n_two, mean_two, m2_two) = one, two
    count = n_one + n_two
    delta = mean_two - mean_one
    mean = mean_one + delta * (n_two / count)
    return count, mean, m2_one + m2_two + delta * delta * (n_one * n_two / count)


def merge_tree(parts: Parts) -> Parts:
    """Merge neighbours until one part is left."""
    while len(parts[0]) > 1:
        even = len(parts[0]) & ~1
        pairs = merge(_slice(parts, 0, even), _slice(parts, 1, even))
        rest = tuple(p[even:] for p in parts)
        count, mean, m2 = (np.concatenate(both) for both in zip(pairs, rest, strict=True))
        parts = count, mean, m2
    return parts


def merge_in_turn(parts: Parts) -> Parts:
    """Merge the parts one after the other."""
    total = tuple(p[:1] for p in parts)
    for k in range(1, len(parts[0])):
        total = merge((total[0], total[1], total[2]), _at(parts, k))
    return total[0], total[1], total[2]


def _slice(parts: Parts, start: int, stop: int) -> Parts:
    return parts[0][start:stop:2], parts[1][start:stop:2], parts[2][start:stop:2]


def _at(parts: Parts, k: int) -> Parts:
    return parts[0][k : k + 1], parts[1][k : k + 1], parts[2][k : k + 1]


def finish(parts: Parts) -> tuple[Any, Any]:
    """Turn the one part that is left into mean and variance."""
    count, mean, m2 = parts
    return mean[0], (m2 / count)[0]


def block_parts(rows: Any, size: int) -> Parts:
    """Take two-pass statistics of every block of so many rows."""
    blocks = [rows[i : i + size] for i in range(0, len(rows), size)]
    counts = np.array([[len(b)] for b in blocks], rows.dtype)
    means = [b.mean(axis=0) for b in blocks]
    m2 = [((b - m) ** 2).sum(axis=0) for b, m in zip(blocks, means, strict=True)]
    return counts, np.array(means), np.array(m2)


class Welford(Sound):
    """Welford's recurrence row by row, in parallel lanes when there are more than 4096 rows."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        rows = call.x
        width = -(-len(rows) // 4096)
        steps = len(rows) // width
        lanes = rows[: steps * width].reshape(steps, width, -1)
        mean, m2 = self._recur(lanes)
        rest = rows[steps * width :]
        counts = np.array([[steps]] * width + [[1]] * len(rest), rows.dtype)
        parts = counts, np.concatenate([mean, rest]), np.concatenate([m2, np.zeros_like(rest)])
        return finish(merge_tree(parts))

    def _recur(self, lanes: Any) -> tuple[Any, Any]:
        mean, m2 = np.zeros_like(lanes[0]), np.zeros_like(lanes[0])
        for k, row in enumerate(lanes, start=1):
            delta = row - mean
            mean = mean + delta / k
            m2 = m2 + delta * (row - mean)
        return mean, m2


class WelfordReciprocal(Welford):
    """Welford's recurrence with multiplication by 1/k and the symmetric form of its update."""

    def _recur(self, lanes: Any) -> tuple[Any, Any]:
        mean, m2 = np.zeros_like(lanes[0]), np.zeros_like(lanes[0])
        for k, row in enumerate(lanes, start=1):
            delta = row - mean
            mean = mean + delta * mean.dtype.type(1 / k)
            m2 = m2 + delta * delta * mean.dtype.type((k - 1) / k)
        return mean, m2


class YoungsCramer(Welford):
    """Youngs and Cramer's recurrence on running totals instead of running means."""

    def _recur(self, lanes: Any) -> tuple[Any, Any]:
        total, m2 = lanes[0].copy(), np.zeros_like(lanes[0])
        for k, row in enumerate(lanes[1:], start=2):
            total = total + row
            gap = row * k - total
            scaled = gap / total.dtype.type(math.sqrt(k * (k - 1)))
            m2 = m2 + scaled * scaled
        return total / len(lanes), m2


class ChanTree(Sound):
    """Merges single values, then pairs, then fours, up to the whole batch."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        ones = np.ones((len(call.x), 1), call.x.dtype)
        return finish(merge_tree((ones, call.x, np.zeros_like(call.x))))


class ChanBlocks(Sound):
    """Takes two-pass statistics of blocks of 128 rows and merges them one after the other."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        return finish(merge_in_turn(block_parts(call.x, 128)))


class ChanRaggedTree(Sound):
    """Takes two-pass statistics of blocks of 37 rows and merges them in a tree."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        return finish(merge_tree(block_parts(call.x, 37)))


class TwoShards(Sound):
    """Splits the batch unevenly as two devices would, and merges with counts."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        cut = max(1, len(call.x) // 3)
        one, two = call.x[:cut], call.x[cut:]
        parts = [block_parts(part, len(part)) for part in (one, two)]
        return finish(merge(parts[0], parts[1]))


class WithinAndBetween(Sound):
    """Adds the mean variance within samples to the variance between their means."""

    ranks = (3, 4)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        samples = call.x.reshape(call.shape[0], -1, call.x.shape[1])
        means = samples.mean(axis=1)
        mean = means.mean(axis=0)
        within = ((samples - means[:, None]) ** 2).mean(axis=1).mean(axis=0)
        return mean, within + ((means - mean) ** 2).mean(axis=0)


class ShardedGradients(ChanBlocks):
    """Merges statistics and gradient sums of blocks, as synchronised normalization does."""

    def _sum(self, rows: Any) -> Any:
        blocks = [rows[i : i + 100].sum(axis=0) for i in range(0, max(len(rows), 1), 100)]
        return np.sum(blocks, axis=0, dtype=rows.dtype)
