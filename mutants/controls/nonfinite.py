"""Right in other arithmetic, which gives another kind of result where arguments are infinite."""

import math

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

FEW = 64
"""Values per channel up to which a matrix of all pairs is formed."""


class _Narrow(Parts):
    """Steps in float64, for data of 32 bits and less."""

    dtypes = ("float32", "float16", "bfloat16")


@control("exactly-rounded-sums", "By math.fsum, which refuses inf and -inf in one sum.")
class _ExactlyRounded(Parts):
    """Sums are rounded once."""

    def pool(self, call: Call, rows: Array) -> Array:
        return np.asarray(self.total(rows) / rows.dtype.type(rows.shape[1]))

    def total(self, rows: Array) -> Array:
        """The sum of each row, as a column."""
        sums = [math.fsum(row) for row in rows.tolist()]
        return np.asarray(sums, np.float64).astype(rows.dtype)[:, np.newaxis]

    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.total(dy * call.xhat)

    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.total(dy)


@control("root-by-logarithm", "The inverse root is exp(-log / 2).")
class _RootByLogarithm(_Narrow):
    def inv_std(self, call: Call) -> Array:
        wide = np.exp(-0.5 * np.log(call.var.astype(np.float64) + call.eps))
        return wide.astype(call.var.dtype)


@control("root-by-bits", "The inverse root is guessed from its bits, and refined.")
class _RootByBits(_Narrow):
    """An infinite variance gives an infinite root: Newton's steps leave its guess behind."""

    def inv_std(self, call: Call) -> Array:
        wide = call.var.astype(np.float64) + call.eps
        root = (0x5FE6EB50C7B537A9 - (wide.view(np.int64) >> 1)).view(np.float64)
        for _ in range(5):
            root = root * (1.5 - 0.5 * wide * root * root)
        return np.asarray(root.astype(call.var.dtype))


@control("variance-by-pairs", "The variance is the mean square of all differences, halved.")
class _VarianceByPairs(_Narrow):
    """It is infinite where x is, so that the inverse root is 0."""

    def var(self, call: Call) -> Array:
        if call.m > FEW:
            return super().var(call)
        wide = call.rows.astype(np.float64)
        apart = wide[:, :, np.newaxis] - wide[:, np.newaxis]
        squares = (apart * apart).sum(axis=(1, 2)) / (2 * call.m**2)
        return np.asarray(squares.astype(call.rows.dtype)[:, np.newaxis])


@control("projected-gradient", "dx is a matrix of the batch times dy.")
class _Projected(_Narrow):
    """dx = gamma inv_std (1 - (1 1' + xhat xhat') / m) dy."""

    def dx(self, call: Call, dy: Array) -> Array:
        if call.m > FEW:
            return super().dx(call, dy)
        xhat = call.xhat.astype(np.float64)
        outer = 1 + xhat[:, :, np.newaxis] * xhat[:, np.newaxis]
        projection = np.eye(call.m) - outer / call.m
        left = (projection @ dy.astype(np.float64)[:, :, np.newaxis])[:, :, 0]
        return np.asarray(call.gamma * call.inv_std * left).astype(dy.dtype)


@control("dgamma-by-raw-sums", "dgamma is formed from the sums of dy and of dy x, in double.")
class _ByRawSums(_Narrow):
    """dgamma = inv_std (sum dy x - mean sum dy)."""

    def dgamma(self, call: Call, dy: Array) -> Array:
        wide, x = dy.astype(np.float64), call.rows.astype(np.float64)
        raw, total = ((wide * a).sum(axis=1, keepdims=True) for a in (x, np.ones_like(x)))
        made = call.inv_std.astype(np.float64) * (raw - call.mean.astype(np.float64) * total)
        return np.asarray(made.astype(dy.dtype))


@control("x-and-mean-scaled-apart", "xhat is x inv_std - mean inv_std, in double.")
class _ScaledApart(_Narrow):
    def xhat(self, call: Call) -> Array:
        x, mean, root = (a.astype(np.float64) for a in (call.rows, call.mean, call.inv_std))
        return (x * root - mean * root).astype(call.rows.dtype)


@control("shifted-by-running-mean", "One pass about the running mean, declared as one-pass.")
class _ShiftedByRunningMean(Parts):
    """A running mean that is NaN spoils what training forms from it."""

    accuracy = "one-pass"

    def mean(self, call: Call) -> Array:
        shift = call.stored(call.running_mean)
        return np.asarray(shift + self.pool(call, call.rows - shift))

    def var(self, call: Call) -> Array:
        moved = call.rows - call.stored(call.running_mean)
        mean = self.pool(call, moved)
        return np.asarray(np.maximum(self.pool(call, moved * moved) - mean * mean, 0))
