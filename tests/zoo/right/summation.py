"""Two passes, with sums in every order and precision that real code uses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sound import Call, Sound


class NumpyOrder(Sound):
    """Sums rows one after the other, as NumPy does along the first axis."""


class PairwiseSums(Sound):
    """Sums contiguous columns, which NumPy does in pairs of blocks."""

    def _sum(self, rows: Any) -> Any:
        return np.ascontiguousarray(rows.T).sum(axis=1)


class RunningSums(Sound):
    """Sums strictly in sequence and takes the last partial sum."""

    def _sum(self, rows: Any) -> Any:
        return np.add.accumulate(rows, axis=0)[-1] if len(rows) else rows.sum(axis=0)


class BackwardSums(Sound):
    """Sums from the last row to the first."""

    def _sum(self, rows: Any) -> Any:
        return np.ascontiguousarray(rows[::-1]).sum(axis=0)


def lanes(rows: Any, steps: int) -> Any:
    """Cut rows into at most so many steps of equally wide lanes, padded with zeros."""
    count, channels = rows.shape
    width = max(1, -(-count // steps))
    depth = -(-count // width)
    padded = np.zeros((depth * width, channels), rows.dtype)
    padded[:count] = rows
    return padded.reshape(depth, width, channels)


class KahanSums(Sound):
    """Carries the rounding error of every addition into the next one (Kahan)."""

    def _sum(self, rows: Any) -> Any:
        total = rows
        while len(total) > 1:
            total = self._carry(lanes(total, 256))
        return total[0] if len(total) else rows.sum(axis=0)

    def _carry(self, steps: Any) -> Any:
        total = np.zeros_like(steps[0])
        lost = np.zeros_like(total)
        for term in steps:
            mended = term - lost
            grown = total + mended
            lost = (grown - total) - mended
            total = grown
        return total


class NeumaierSums(KahanSums):
    """Collects the rounding errors of all additions and adds them at the end (Neumaier)."""

    def _carry(self, steps: Any) -> Any:
        total = np.zeros_like(steps[0])
        lost = np.zeros_like(total)
        for term in steps:
            grown = total + term
            larger = np.abs(total) >= np.abs(term)
            lost += np.where(larger, (total - grown) + term, (term - grown) + total)
            total = grown
        return total + lost


class ExactlyRoundedSums(Sound):
    """Sums with math.fsum, and with NumPy where that refuses infinities."""

    def _sum(self, rows: Any) -> Any:
        return np.array([self._column(c) for c in rows.T], dtype=rows.dtype)

    def _column(self, column: Any) -> Any:
        try:
            return math.fsum(column.tolist())
        except (OverflowError, ValueError):
            return column.sum()


class ExtendedSums(Sound):
    """Sums in np.longdouble."""

    def _sum(self, rows: Any) -> Any:
        return rows.sum(axis=0, dtype=np.longdouble).astype(rows.dtype)


class DoubleSums(Sound):
    """Sums in float64 whatever the storage is."""

    def _sum(self, rows: Any) -> Any:
        return rows.sum(axis=0, dtype=np.float64).astype(rows.dtype)


class RandomOrderSums(Sound):
    """Sums in another random order at every call, as atomic additions do."""

    deterministic = False

    def __init__(self) -> None:
        self._order = np.random.default_rng()

    def _sum(self, rows: Any) -> Any:
        return rows[self._order.permutation(len(rows))].sum(axis=0)


class SortedSums(Sound):
    """Sums each channel from the smallest magnitude to the largest."""

    def _sum(self, rows: Any) -> Any:
        order = np.argsort(np.abs(rows), axis=0, kind="stable")
        return np.take_along_axis(rows, order, axis=0).sum(axis=0)


class TreeSums(Sound):
    """Adds neighbours until one row is left."""

    def _sum(self, rows: Any) -> Any:
        total = rows
        while len(total) > 1:
            odd = total[len(total) & ~1 :]
            total = np.concatenate([total[:-1:2] + total[1::2], odd])
        return total[0] if len(total) else rows.sum(axis=0)


class HalvingSums(Sound):
    """Adds the second half of the rows onto the first until one row is left, as GPU blocks do."""

    def _sum(self, rows: Any) -> Any:
        total = rows.copy()
        while len(total) > 1:
            half = -(-len(total) // 2)
            total[: len(total) - half] += total[half:]
            total = total[:half]
        return total[0] if len(total) else rows.sum(axis=0)


class EightLanes(Sound):
    """Keeps eight partial sums, adds the ragged rest, then the lanes, as vector code does."""

    def _sum(self, rows: Any) -> Any:
        whole = len(rows) // 8 * 8
        partial = rows[:whole].reshape(-1, 8, rows.shape[1]).sum(axis=0)
        return partial.sum(axis=0) + rows[whole:].sum(axis=0)


class BlocksOf256(Sound):
    """Sums blocks of 256 rows and then the sums of the blocks."""

    def _sum(self, rows: Any) -> Any:
        starts = np.arange(0, len(rows), 256)
        return np.add.reduceat(rows, starts, axis=0).sum(axis=0) if len(rows) else rows.sum(axis=0)


class MatrixSums(Sound):
    """Sums by a product with a row of ones."""

    def _sum(self, rows: Any) -> Any:
        return np.ones(len(rows), rows.dtype) @ rows


class EinsumSums(Sound):
    """Sums with np.einsum."""

    def _sum(self, rows: Any) -> Any:
        return np.einsum("nc->c", rows)


class ReciprocalMean(Sound):
    """Divides by the count by multiplying with its rounded reciprocal."""

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) * rows.dtype.type(1 / len(rows))


class AverageWithWeights(Sound):
    """Takes means with np.average and equal weights 1/N."""

    def _mean(self, rows: Any) -> Any:
        weights = np.full(len(rows), 1 / len(rows), rows.dtype)
        return np.average(rows, axis=0, weights=weights)


class DotWithWeights(Sound):
    """Takes means by a product with weights that are all 1/N."""

    def _mean(self, rows: Any) -> Any:
        return np.full(len(rows), 1 / len(rows), rows.dtype) @ rows


class NumpyVar(Sound):
    """Uses np.mean and np.var as they are."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        return call.x.mean(axis=0), call.x.var(axis=0)


class MeanOfMeans(Sound):
    """Takes the mean of every sample first and then the mean of those, all equally large."""

    ranks = (2, 3, 4)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        samples = call.x.reshape(call.shape[0], -1, call.x.shape[1])
        mean = samples.mean(axis=1).mean(axis=0)
        centred = samples - mean
        return mean, (centred * centred).mean(axis=1).mean(axis=0)
