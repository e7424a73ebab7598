"""Arithmetic that is worse than what is declared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


def half(values: Any) -> Any:
    """Round to float16 and back."""
    with np.errstate(all="ignore"):
        return values.astype(np.float16).astype(values.dtype)


class OnePassUndeclared(Flawed):
    """Takes E[x^2] - E[x]^2, clamped, without saying so (Flax)."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        return mean, np.maximum(self._mean(call.x * call.x) - mean * mean, 0)


class OnePassNegative(Flawed):
    """Takes E[x^2] - E[x]^2, declared but not clamped, so that the variance can be negative."""

    accuracy = "one-pass"
    reveals = ("y",)

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        return mean, self._mean(call.x * call.x) - mean * mean


class ShiftedByGuess(Flawed):
    """Shifts one-pass sums by 1000, which helps nothing far from there."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        moved = call.x - 1000
        mean = self._mean(moved)
        return 1000 + mean, np.maximum(self._mean(moved * moved) - mean * mean, 0)


class SingleInside(Flawed):
    """Works in float32 for float64 too."""

    reveals = ("y", "dx", "running_mean")

    def _work(self, dtype: Any) -> Any:  # noqa: ARG002
        return np.float32


class SingleRootForDouble(Flawed):
    """Takes the inverse root in float32 for float64."""

    dtypes = ("float64",)
    reveals = ("y", "dx")

    def _root(self, call: Call) -> Any:
        return (1 / np.sqrt((call.var + call.eps).astype(np.float32))).astype(np.float64)


class SingleGradientsForDouble(Flawed):
    """Rounds dgamma and dbeta of float64 to float32."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma.astype(np.float32), dbeta.astype(np.float32)


class SingleStatisticsForDouble(Flawed):
    """Keeps running statistics in float32 for float64."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean.astype(np.float32), var.astype(np.float32)


class OneNewtonStep(Flawed):
    """Takes one Newton step from the integer trick, which leaves an error of 2e-3."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        fraction, exponent = np.frexp((call.var + call.eps).astype(np.float64))
        fraction = np.ldexp(fraction, exponent % 2).astype(np.float32)
        bits = np.int32(0x5F3759DF) - (fraction.view(np.int32) >> 1)
        start = bits.view(np.float32)
        root = start * (1.5 - 0.5 * fraction * start * start)
        return np.ldexp(root.astype(call.var.dtype), -(exponent // 2))


class TwelveBitRoot(Flawed):
    """Takes an inverse root of twelve bits, as a vector instruction gives it."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        fraction, exponent = np.frexp(super()._root(call))
        return np.ldexp(np.rint(fraction * 4096) / 4096, exponent)


class XhatKeptInHalf(Flawed):
    """Keeps the normalised values in float16 for the backward pass."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), half(self._xhat(call))
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * xhat)
        inner = call.dy - dbeta / count - xhat * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta


class DyInHalf(Flawed):
    """Rounds dy to float16 before working with it."""

    reveals = ("dx", "dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, dy=half(call.dy)))


class MeanInHalf(Flawed):
    """Rounds the mean to float16."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        return half(mean), var


class RunningInHalf(Flawed):
    """Keeps running statistics in float16."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return half(mean), half(var)


class MomentumInHalf(Flawed):
    """Rounds momentum to float16."""

    reveals = ("running_mean", "running_var")

    def _weight(self, call: Call) -> float:
        return float(np.float16(super()._weight(call)))


class SumsInHalf(Flawed):
    """Adds in float16 whatever the storage is."""

    reveals = ("y", "running_mean", "dbeta")

    def _sum(self, rows: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.add.accumulate(rows.astype(np.float16), axis=0)[-1:].sum(axis=0)


class TinyVarianceIsZero(Flawed):
    """Takes a variance below 1e-6 for rounding noise and returns beta there."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        xhat = np.where(call.var < 1e-6, 0, self._xhat(call))
        return xhat * call.gamma + call.beta


class FixedPointMean(Flawed):
    """Rounds the mean to multiples of 2^-12."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        return np.rint(mean * 4096) / 4096, var


class TabulatedRoot(Flawed):
    """Interpolates the square root between 33 values of its fraction."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        fraction, exponent = np.frexp(call.var + call.eps)
        knots = np.linspace(0.25, 1, 33)
        odd = exponent % 2
        root = np.interp(np.ldexp(fraction, -odd), knots, np.sqrt(knots))
        return (1 / np.ldexp(root, (exponent + odd) // 2)).astype(call.var.dtype)
