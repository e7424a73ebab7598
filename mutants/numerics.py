"""Arithmetic that loses more than rounding: crude roots, and formats that are too short."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Dtype, mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")
DOUBLE: tuple[Dtype, ...] = ("float64",)


@mutant(
    "numerics/bit-trick-root",
    "1 / sqrt comes from a bit trick with one Newton step, good to 2e-3.",
    "Use a correctly rounded root, or refine until the last bits.",
    caught_by=AGREEMENT,
)
class _CrudeRoot(Parts):
    """The inverse root from a bit trick, with one Newton step."""

    steps = 1

    def inv_std(self, call: Call) -> Array:
        w = np.asarray(call.var + call.eps, np.float32)
        root = (0x5F3759DF - (w.view(np.int32) >> 1)).astype(np.int32).view(np.float32)
        for _ in range(self.steps):
            root = root * (1.5 - 0.5 * w * root * root)
        return root.astype(call.rows.dtype)


@mutant(
    "numerics/approximate-root",
    "1 / sqrt is refined by one Newton step too few, good to 5e-6.",
    "Refine once more.",
    caught_by=AGREEMENT,
)
class _CruderByOne(_CrudeRoot):
    steps = 2


@mutant(
    "numerics/ten-bit-products",
    "x passes through a unit that keeps ten bits of its significand.",
    "Switch reduced precision off for this operation.",
    caught_by=AGREEMENT,
)
class _TensorCores(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x).astype(np.float32)
        short = (rows.view(np.uint32) + 0x1000) & np.uint32(0xFFFFE000)
        return short.view(np.float32).astype(super().read(call, x).dtype)


@mutant(
    "numerics/xhat-recovered-from-y",
    "xhat is (y - beta) / gamma, which is lost where gamma is small and NaN where it is 0.",
    "Keep xhat, or form it from x.",
    caught_by=("forward/agreement", "backward/agreement"),
    issues=("mapillary/inplace_abn#92",),
)
class _XhatFromY(Parts):
    def xhat(self, call: Call) -> Array:
        xhat = super().xhat(call)
        return np.asarray(((call.gamma * xhat + call.beta) - call.beta) / call.gamma)


@mutant(
    "numerics/reciprocal-count-in-half",
    "1 / N is rounded to 16 bits.",
    "Divide by N.",
    caught_by=(*AGREEMENT, "forward/zero-mean"),
)
class _ReciprocalCountInHalf(Parts):
    def pool(self, call: Call, rows: Array) -> Array:
        share = float(np.float16(1 / rows.shape[1]))
        return np.asarray(rows.sum(axis=1, keepdims=True) * share)


@mutant(
    "numerics/double-in-single",
    "float64 data is computed in float32.",
    "Compute in the precision of the data.",
    caught_by=AGREEMENT,
    dtypes=DOUBLE,
)
class _SingleInDouble(Parts):
    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x).astype(np.float32)


@mutant(
    "numerics/root-in-single",
    "1 / sqrt of float64 data is rounded to float32.",
    "Keep it in float64.",
    caught_by=AGREEMENT,
    dtypes=DOUBLE,
)
class _SingleStatistics(Parts):
    def inv_std(self, call: Call) -> Array:
        return super().inv_std(call).astype(np.float32).astype(call.rows.dtype)


@mutant(
    "numerics/mean-in-single",
    "The mean of float64 data is rounded to float32.",
    "Keep it in float64.",
    caught_by=("forward/agreement", "forward/zero-mean"),
    dtypes=DOUBLE,
)
class _SingleMean(Parts):
    def mean(self, call: Call) -> Array:
        return super().mean(call).astype(np.float32).astype(call.rows.dtype)


@mutant(
    "numerics/dgamma-in-single",
    "dgamma of float64 data is accumulated into float32.",
    "Accumulate it in float64.",
    caught_by=("backward/agreement",),
    dtypes=DOUBLE,
)
class _SingleSums(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return super().dgamma(call, dy).astype(np.float32).astype(call.rows.dtype)


@mutant(
    "numerics/averages-in-single",
    "Running statistics of float64 data are averaged in float32.",
    "Average them in their own dtype.",
    caught_by=("running/one-step",),
    dtypes=DOUBLE,
)
class _SingleAverages(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old.astype(np.float32), new).astype(old.dtype)
