"""Other arithmetic: wider, fused, flushed, or declared to be low in precision."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array


@control("double-inside", "Everything in float64, each result rounded once.")
class _DoubleInside(Parts):
    """Everything in float64, each result rounded once."""

    dtypes = ("float32", "float16", "bfloat16")
    accuracy = "two-pass"

    def read(self, call: Call, x: Array) -> Array:
        return super().read(call, x).astype(np.float64)

    def read_dy(self, call: Call, dy: Array) -> Array:
        return super().read_dy(call, dy).astype(np.float64)


def fused(a: Array, b: Array, c: Array) -> Array:
    """A b + c, rounded once (for float64 as far as longdouble goes)."""
    wide = np.longdouble if a.dtype == np.float64 else np.float64
    return np.asarray((a.astype(wide) * b + c).astype(a.dtype))


@control("fused", "Products and sums are fused.")
class _Fused(Parts):
    """Products and sums fused wherever a compiler might fuse them."""

    def var(self, call: Call) -> Array:
        centred = call.rows - call.mean
        total = np.zeros_like(call.mean)
        for k in range(call.m):
            total = fused(centred[:, k : k + 1], centred[:, k : k + 1], total)
        return np.asarray(total / call.m)

    def xhat(self, call: Call) -> Array:
        return fused(call.rows, call.inv_std, -call.mean * call.inv_std)

    def y(self, call: Call) -> Array:
        return fused(call.xhat, call.gamma, call.beta)

    def dx(self, call: Call, dy: Array) -> Array:
        dxhat = self.dxhat(call, dy)
        direct = dxhat - self.mean_term(call, dxhat)
        share = self.pool(call, dxhat * call.xhat)
        return np.asarray(call.inv_std * fused(call.xhat, -share, direct))


def flushed(a: Array) -> Array:
    """Subnormal numbers as 0."""
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, 0, a).astype(a.dtype)


@control("flush-to-zero", "Subnormals are flushed, as is declared.")
class _FlushToZero(Parts):
    """Subnormal inputs, intermediates and results become 0, as is declared."""

    dtypes = ("float32", "float64")
    flush_to_zero = True

    def read(self, call: Call, x: Array) -> Array:
        return flushed(super().read(call, x))

    def read_dy(self, call: Call, dy: Array) -> Array:
        return flushed(super().read_dy(call, dy))

    def write(self, call: Call, rows: Array) -> Array:
        return super().write(call, flushed(rows))

    def write_parameter(self, call: Call, values: Array) -> Array:
        return super().write_parameter(call, flushed(values))

    def pool(self, call: Call, rows: Array) -> Array:
        return flushed(super().pool(call, flushed(rows)))

    def xhat(self, call: Call) -> Array:
        return flushed(super().xhat(call))

    def average(self, call: Call, old: Array, new: Array) -> Array:
        return flushed(super().average(call, flushed(old), flushed(new)))


def short(a: Array, call: Call) -> Array:
    """Rounded to the 16 bits of x."""
    return np.asarray(a.astype(call.x.dtype).astype(a.dtype))


@control("short-statistics", "Mean and inv_std in 16 bits, as is declared.")
class _ShortStatistics(Parts):
    """Mean and inv_std of a batch are kept in 16 bits, as is declared."""

    dtypes = ("float16", "bfloat16")
    accuracy = "low-precision statistics"

    def xhat(self, call: Call) -> Array:
        if call.training:
            call.mean, call.inv_std = short(call.mean, call), short(call.inv_std, call)
        return super().xhat(call)

    def running_mean(self, call: Call) -> Array:
        call.mean = self.pool(call, call.rows)
        return super().running_mean(call)


@control("short-elementwise", "Scale and shift in 16 bits, as is declared.")
class _ShortElementwise(Parts):
    """Scale and shift are computed in 16 bits, as is declared."""

    dtypes = ("float16", "bfloat16")
    accuracy = "low-precision arithmetic"

    def y(self, call: Call) -> Array:
        scaled = short(short(call.gamma, call) * short(call.xhat, call), call)
        return short(scaled + short(call.beta, call), call)


@control("settings-in-single", "eps and momentum pass through float32.")
class _SettingsInSingle(Parts):
    """eps and momentum pass through float32, which every dtype allows."""

    def train(self, *arguments: Any, momentum: float | None, eps: float, **more: Any) -> Any:
        momentum = momentum if momentum is None else float(np.float32(momentum))
        return super().train(*arguments, momentum=momentum, eps=float(np.float32(eps)), **more)

    def infer(self, *arguments: Any, eps: float) -> Any:
        return super().infer(*arguments, eps=float(np.float32(eps)))


@control("half-module", "gamma, beta and statistics are float16.")
class _HalfModule(Parts):
    """gamma, beta and statistics in 16 bits, computed in 32."""

    dtypes = ("float16",)
    parameter_dtypes = {"float16": "float16"}  # noqa: RUF012  # an attribute of the contract
