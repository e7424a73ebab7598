"""Arithmetic that loses more than rounding: crude roots, and formats that are too short."""

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

AGREEMENT = ("forward/agreement", "forward/unit-variance")


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


class _TensorCores(Parts):
    def read(self, call: Call, x: Array) -> Array:
        rows = super().read(call, x).astype(np.float32)
        short = (rows.view(np.uint32) + 0x1000) & np.uint32(0xFFFFE000)
        return short.view(np.float32).astype(super().read(call, x).dtype)


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
        "numerics/ten-bit-products",
        "x passes through a unit that keeps ten bits of its significand.",
        "Switch reduced precision off for this operation.",
        (),
        AGREEMENT,
        _TensorCores,
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
