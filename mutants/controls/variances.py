"""Variances by every algorithm of the accuracy classes."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array


@control("two-pass", "The mean first, then the squares about it.")
class _TwoPass(Parts):
    accuracy = "two-pass"


@control("corrected-two-pass", "Two passes, and the rest of the mean.")
class _CorrectedTwoPass(Parts):
    """With what rounding of the mean left over subtracted (Chan, Golub and LeVeque)."""

    accuracy = "two-pass"

    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        residual = self.pool(call, centred)
        return np.asarray(np.maximum(self.pool(call, centred * centred) - residual * residual, 0))


@control("welford", "Welford's recurrence.")
class _Welford(Parts):
    accuracy = "streaming"

    def mean(self, call: Call) -> Array:
        mean = np.zeros_like(call.rows[:, :1])
        squares = np.zeros_like(mean)
        for k in range(call.m):
            value = call.rows[:, k : k + 1]
            delta = value - mean
            mean = mean + delta / (k + 1)
            squares = squares + delta * (value - mean)
        call.var = squares / call.m
        return mean

    def var(self, call: Call) -> Array:
        return call.var


@control("merged-blocks", "Blocks merged by Chan's formula.")
class _Merged(Parts):
    """Blocks of sixteen, each in two passes, merged one after the other (Chan)."""

    accuracy = "streaming"

    def mean(self, call: Call) -> Array:
        count, mean, squares = 0, np.zeros_like(call.rows[:, :1]), np.zeros_like(call.rows[:, :1])
        for k in range(0, call.m, 16):
            block = call.rows[:, k : k + 16]
            more = block.shape[1]
            own = block.mean(axis=1, keepdims=True)
            spread = ((block - own) ** 2).sum(axis=1, keepdims=True)
            delta = own - mean
            mean = mean + delta * (more / (count + more))
            squares = squares + spread + delta * delta * (count * more / (count + more))
            count += more
        call.var = squares / call.m
        return mean

    def var(self, call: Call) -> Array:
        return call.var


@control("one-pass", "E[x^2] - E[x]^2, declared as one-pass.")
class _OnePass(Parts):
    accuracy = "one-pass"

    def var(self, call: Call) -> Array:
        square = self.pool(call, call.rows * call.rows)
        return np.asarray(np.maximum(square - call.mean * call.mean, 0))


@control("shifted-one-pass", "The same about the first value, declared.")
class _ShiftedInSingle(Parts):
    """One pass about the first value of the channel."""

    accuracy = "one-pass"

    def mean(self, call: Call) -> Array:
        call.var = call.rows[:, :1]
        shifted = call.rows - call.var
        mean = self.pool(call, shifted)
        square = self.pool(call, shifted * shifted)
        mean_of_x = np.asarray(mean + call.var)
        call.var = np.asarray(np.maximum(square - mean * mean, 0))
        return mean_of_x

    def var(self, call: Call) -> Array:
        return call.var


@control("shifted-in-double", "One pass about the first value in float64.")
class _ShiftedInDouble(Parts):
    """One pass about the first value in float64, for data of 32 bits and less."""

    dtypes = ("float32", "float16", "bfloat16")

    def mean(self, call: Call) -> Array:
        wide = call.rows.astype(np.float64)
        shifted = wide - wide[:, :1]
        mean = shifted.mean(axis=1, keepdims=True)
        square = (shifted * shifted).mean(axis=1, keepdims=True)
        call.var = np.maximum(square - mean * mean, 0).astype(call.rows.dtype)
        return np.asarray((mean + wide[:, :1]).astype(call.rows.dtype))

    def var(self, call: Call) -> Array:
        return call.var


@control("one-pass-in-double", "One pass in float64 for 16-bit data.")
class _OnePassInDouble(Parts):
    """E[x^2] - E[x]^2 in float64, for data of 16 bits."""

    dtypes = ("float16", "bfloat16")

    def var(self, call: Call) -> Array:
        wide = call.rows.astype(np.float64)
        mean = wide.mean(axis=1, keepdims=True)
        square = (wide * wide).mean(axis=1, keepdims=True)
        return np.asarray(np.maximum(square - mean * mean, 0).astype(call.rows.dtype))
