"""Results of the wrong shape or dtype."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts
from bnproof.reference.checks import Array

FORM = ("forward/dtype-and-shape",)


@mutant(
    "form/shape-flattened",
    "y and dx come back with the spatial axes merged.",
    "Return them in the shape of x.",
    caught_by=FORM,
)
class _ShapeFlattened(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        return made.reshape(*made.shape[:2], -1) if made.ndim > 3 and made.size else made


@mutant(
    "form/axis-of-length-1-dropped",
    "A last axis of length 1 is dropped.",
    "Return y and dx in the shape of x.",
    caught_by=FORM,
)
class _OneAxisDropped(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        return made[..., 0] if made.ndim > 2 and made.shape[-1] == 1 else made


@mutant(
    "form/channels-moved-last",
    "y and dx come back with the channels last.",
    "Return them in the shape of x.",
    caught_by=FORM,
)
class _ChannelsMovedLast(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        return np.moveaxis(made, 1, -1) if made.ndim > 2 else made


@mutant(
    "form/gradients-as-columns",
    "dgamma and dbeta come back as (C, 1).",
    "Return them as (C,).",
    caught_by=FORM,
)
class _ParametersAsColumns(Parts):
    def write_parameter(self, call: Call, values: Array) -> Array:
        return super().write_parameter(call, values)[:, np.newaxis]


@mutant(
    "form/statistics-with-an-axis",
    "The running statistics come back as (1, C).",
    "Return them as (C,).",
    caught_by=FORM,
    issues=("pytorch/pytorch#100970",),
)
class _StatisticsWithAxes(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old, new)[np.newaxis]


@mutant(
    "form/y-in-float64",
    "y and dx come back as float64.",
    "Return them in the dtype of x.",
    caught_by=FORM,
)
class _WideY(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        return super().write(call, rows).astype(np.float64)


@mutant(
    "form/statistics-in-float64",
    "The running statistics come back as float64.",
    "Keep them in the dtype that they have.",
    caught_by=(*FORM, "running/dtype"),
)
class _WideStatistics(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old, new).astype(np.float64)


@mutant(
    "form/gradients-in-dtype-of-x",
    "dgamma and dbeta come back in the 16 bits of x.",
    "Return them in the dtype of gamma.",
    caught_by=FORM,
    dtypes=("float16",),
)
class _GradientsInDtypeOfX(Parts):
    def write_parameter(self, call: Call, values: Array) -> Array:
        return super().write_parameter(call, values).astype(call.x.dtype)


@mutant(
    "form/statistics-in-dtype-of-x",
    "The running statistics come back in the 16 bits of x.",
    "Keep them in the dtype that they have.",
    caught_by=(*FORM, "running/dtype"),
    issues=("tensorflow/tensorflow#8535",),
    dtypes=("bfloat16",),
)
class _StatisticsInDtypeOfX(Parts):
    def average(self, call: Call, old: Array, new: Array) -> Array:
        return super().average(call, old, new).astype(call.x.dtype)


@mutant(
    "form/results-in-float32",
    "y and dx of 16-bit data come back as float32.",
    "Round them to the dtype of x.",
    caught_by=FORM,
    dtypes=("bfloat16",),
)
class _ResultsInFloat32(Parts):
    def write(self, call: Call, rows: Array) -> Array:
        return super().write(call, rows).astype(np.float32)


@mutant(
    "form/zero-gradients-are-none",
    "dgamma and dbeta are None where dy is 0.",
    "Return zeros: a gradient of 0 is an array like any other.",
    caught_by=FORM,
)
class _NoneForZero(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        return (dx, dgamma, dbeta) if dy.any() else (dx, None, None)


@mutant(
    "form/dx-is-none-without-scale",
    "dx is None where gamma is 0, since nothing flows back.",
    "Return zeros.",
    caught_by=FORM,
)
class _NoneWithoutScale(Parts):
    def gradients(self, call: Call, dy: Array) -> Any:
        dx, *others = super().gradients(call, dy)
        return dx if dx.any() else None, *others
