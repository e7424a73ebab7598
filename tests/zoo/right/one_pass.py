"""Variances from sums of squares, declared as such or taken in a wider precision."""

from __future__ import annotations

from typing import Any

import numpy as np
from sound import Call, Sound


class OnePass(Sound):
    """Takes E[x^2] - E[x]^2, never below zero."""

    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        return mean, np.maximum(self._mean(call.x * call.x) - mean * mean, 0)


class OnePassOfTotals(Sound):
    """Takes (sum of squares - sum^2 / N) / N, never below zero."""

    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        total, squares = self._sum(call.x), self._sum(call.x * call.x)
        return total / count, np.maximum(squares - total * total / count, 0) / count


class OnePassOfSamples(Sound):
    """Averages mean and mean square of every sample, as equal devices do."""

    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        samples = call.x.reshape(call.shape[0], -1, call.x.shape[1])
        mean = samples.mean(axis=1).mean(axis=0)
        squares = (samples * samples).mean(axis=1).mean(axis=0)
        return mean, np.maximum(squares - mean * mean, 0)


class OnePassEinsum(Sound):
    """Takes both sums by einsum over the array as it lies in memory."""

    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        mean = np.einsum("nc->c", call.x) / count
        squares = np.einsum("nc,nc->c", call.x, call.x) / count
        return mean, np.maximum(squares - mean * mean, 0)


class Shifted(Sound):
    """Subtracts the first value of the channel before taking one-pass sums."""

    accuracy = "one-pass"

    def _shift(self, call: Call) -> Any:
        return call.x[0]

    def _moments(self, call: Call) -> tuple[Any, Any]:
        shift = self._shift(call)
        moved = call.x - shift
        mean = self._mean(moved)
        return shift + mean, np.maximum(self._mean(moved * moved) - mean * mean, 0)


class ShiftedByLast(Shifted):
    """Subtracts the last value of the channel before taking one-pass sums."""

    def _shift(self, call: Call) -> Any:
        return call.x[-1]


class ShiftedByRunningMean(Shifted):
    """Subtracts the running mean before taking one-pass sums, as TensorFlow did."""

    def _shift(self, call: Call) -> Any:
        return call.running_mean


class ShiftedByMiddle(Shifted):
    """Subtracts the middle between smallest and largest value before taking one-pass sums."""

    def _shift(self, call: Call) -> Any:
        return call.x.min(axis=0) / 2 + call.x.max(axis=0) / 2


class OnePassInDouble(Sound):
    """Takes one-pass sums in float64 of values stored in at most 32 bits."""

    dtypes = ("float32", "float16", "bfloat16")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        wide = call.x.astype(np.float64)
        mean = wide.mean(axis=0)
        var = np.maximum((wide * wide).mean(axis=0) - mean * mean, 0)
        return mean.astype(call.x.dtype), var.astype(call.x.dtype)


class OnePassFromDoubleSums(Sound):
    """Squares in float32, sums in float64, and subtracts there: declared as one pass."""

    dtypes = ("float32",)
    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = call.x.mean(axis=0, dtype=np.float64)
        squares = (call.x * call.x).mean(axis=0, dtype=np.float64)
        var = np.maximum(squares - mean * mean, 0)
        return mean.astype(call.x.dtype), var.astype(call.x.dtype)
