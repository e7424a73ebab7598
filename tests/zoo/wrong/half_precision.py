"""Mistakes with storage in 16 bits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import ml_dtypes
import numpy as np
from flawed import Call, Flawed

HALF, BRAIN = np.float16, ml_dtypes.bfloat16


def rounded(values: Any, kind: Any) -> Any:
    """Round to a narrower type and back."""
    with np.errstate(all="ignore"):
        return values.astype(kind).astype(values.dtype)


def added(rows: Any, kind: Any) -> Any:
    """Add row after row in a narrow type."""
    with np.errstate(all="ignore"):
        total = np.zeros(rows.shape[1], kind)
        for row in rows.astype(kind):
            total = total + row
    return total.astype(rows.dtype)


class _Half(Flawed):
    abstract = True
    dtypes = ("float16",)


class _Brain(Flawed):
    abstract = True
    dtypes = ("bfloat16",)


class HalfSums(_Half):
    """Adds in float16."""

    reveals = ("y", "running_mean", "dbeta")

    def _sum(self, rows: Any) -> Any:
        return added(rows, HALF)


class BrainSums(_Brain):
    """Adds in bfloat16."""

    reveals = ("y", "running_mean", "dbeta")

    def _sum(self, rows: Any) -> Any:
        return added(rows, BRAIN)


class DeclaredHalfSums(HalfSums):
    """Adds in float16, which the declared statistics in 16 bits do not cover."""

    accuracy = "low-precision statistics"


class DeclaredBrainArithmeticSums(BrainSums):
    """Adds in bfloat16, which the declared arithmetic in 16 bits does not cover."""

    accuracy = "low-precision arithmetic"


class SquaresInHalf(_Half):
    """Squares in float16 before widening, which overflows beyond 256 (brainchop)."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        narrow = (call.x - mean).astype(HALF)
        return mean, self._mean((narrow * narrow).astype(call.x.dtype))


class OnePassInBrain(_Brain):
    """Takes E[x^2] - E[x]^2 of squares in bfloat16 (tt-metal)."""

    accuracy = "one-pass"
    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        squares = self._mean(rounded(call.x * call.x, BRAIN))
        return mean, np.maximum(squares - mean * mean, 0)


class HalfStatisticsUndeclared(_Half):
    """Keeps mean and inverse root in float16 without saying so."""

    reveals = ("y", "dgamma")

    def _root(self, call: Call) -> Any:
        return rounded(super()._root(call), HALF)

    def _xhat(self, call: Call) -> Any:
        return (call.x - rounded(call.mean, HALF)) * call.root


class BrainStatisticsUndeclared(_Brain):
    """Keeps mean and inverse root in bfloat16 without saying so."""

    reveals = ("y", "dgamma")

    def _root(self, call: Call) -> Any:
        return rounded(super()._root(call), BRAIN)

    def _xhat(self, call: Call) -> Any:
        return (call.x - rounded(call.mean, BRAIN)) * call.root


class RunningVarianceInHalf(_Half):
    """Passes the running variance through float16, where it overflows and underflows (coreai)."""

    reveals = ("running_var", "infer.y")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean, rounded(var, HALF)

    def _forward_infer(self, call: Call) -> Any:
        var = rounded(call.running_var, HALF)
        return self._forward(replace(call, root=self._root(replace(call, var=var))))


class RunningStatisticsInBrain(_Brain):
    """Passes running statistics through bfloat16."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return rounded(mean, BRAIN), rounded(var, BRAIN)


class CountInHalf(_Half):
    """Counts values in float16, which is inexact beyond 2048."""

    reveals = ("running_mean", "dx")

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / np.float32(np.float16(len(rows)))


class CountInBrain(_Brain):
    """Counts values in bfloat16, which is inexact beyond 256."""

    reveals = ("running_mean",)

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / np.float32(BRAIN(len(rows)))


class DyTimesGammaInHalf(_Half):
    """Multiplies dy with gamma in float16, which overflows for a scaled loss."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        dxhat = rounded(call.dy * call.gamma, HALF)
        xhat, count = self._xhat(call), len(call.x)
        inner = dxhat - self._sum(dxhat) / count - xhat * (self._sum(dxhat * xhat) / count)
        return call.root * inner, dgamma, dbeta


class GradientSumsInHalf(_Half):
    """Adds gradients in float16."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, _, _ = super()._gradients(call)
        return dx, added(call.dy * self._xhat(call), HALF), added(call.dy, HALF)


class GradientsRoundedToBrain(_Brain):
    """Rounds dgamma and dbeta to bfloat16 although parameters are in float32."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, rounded(dgamma, BRAIN), rounded(dbeta, BRAIN)


class HalfDgamma(_Half):
    """Returns dgamma and dbeta in float16 although parameters are in float32."""

    reveals = ("dtype",)

    def _pullback(self, *arguments: Any) -> Any:
        whole = super()._pullback(*arguments)

        def backward(dy: Any) -> Any:
            dx, dgamma, dbeta = whole(dy)
            return dx, dgamma.astype(HALF), dbeta.astype(HALF)

        return backward


class SingleOutput(_Half):
    """Returns y in float32."""

    reveals = ("dtype",)

    def _restore(self, rows: Any, like: Any) -> Any:
        return super()._restore(rows, like.astype(np.float32))


class HalfArithmeticUndeclared(_Half):
    """Multiplies with a scale and adds a shift in float16 without saying so."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        shift = call.beta - call.mean * scale
        return call.x.astype(HALF) * scale.astype(HALF) + shift.astype(HALF)


class BrainArithmeticUndeclared(_Brain):
    """Multiplies with a scale and adds a shift in bfloat16 without saying so."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        shift = call.beta - call.mean * scale
        return call.x.astype(BRAIN) * scale.astype(BRAIN) + shift.astype(BRAIN)


class BrainThroughHalf(_Brain):
    """Reads bfloat16 through float16, which loses large and small values."""

    reveals = ("y", "dx")

    def _rows(self, x: Any, work: Any) -> Any:
        return rounded(super()._rows(x, work), HALF)


class EpsVanishes(_Half):
    """Adds eps in float16, where it vanishes beside the variance or below 6e-8."""

    reveals = ("dgamma",)

    def _root(self, call: Call) -> Any:
        narrow = call.var.astype(HALF) + HALF(call.eps)
        return 1 / np.sqrt(narrow.astype(np.float32))


class HalfParametersHalfSums(Flawed):
    """Adds in float16 where everything is stored in float16."""

    dtypes = ("float16",)
    parameter_dtypes: ClassVar[dict[str, str]] = {"float16": "float16"}
    accuracy = "low-precision statistics"
    reveals = ("running_mean", "running_var")

    def _sum(self, rows: Any) -> Any:
        return added(rows, HALF)


class SettingsInBrain(_Brain):
    """Rounds momentum to bfloat16."""

    reveals = ("running_mean",)

    def _weight(self, call: Call) -> float:
        return float(BRAIN(call.momentum))
