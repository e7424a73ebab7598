"""Storage in 16 bits: with wide parameters, wholly in 16 bits, and with 16-bit arithmetic."""

from __future__ import annotations

from typing import Any, ClassVar

import ml_dtypes
import numpy as np
from sound import Call, Sound


class Mixed(Sound):
    """Stores x in 16 bits and parameters in float32, and works in float32."""

    dtypes: tuple[str, ...] = ("float16", "bfloat16")


class MixedFolded(Mixed):
    """Works in float32 with one scale and one shift."""

    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        return call.x * scale + (call.beta - call.mean * scale)


class MixedBesideSingle(Sound):
    """Takes float16, float32 and float64 in one implementation."""

    dtypes = ("float16", "float32", "float64")


class MixedInDouble(Mixed):
    """Stores x in 16 bits and works in float64."""

    def _work(self, dtype: Any) -> Any:  # noqa: ARG002
        return np.float64


class WhollyHalf(Mixed):
    """Stores parameters and statistics in 16 bits too, and works in float32."""

    parameter_dtypes: ClassVar[dict[str, str]] = {"float16": "float16", "bfloat16": "bfloat16"}
    accuracy = "low-precision statistics"


class WhollyHalfSaved(WhollyHalf):
    """Keeps the batch's mean and inverse root in 16 bits between its passes."""

    def train(self, x: Any, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        return _Saving(self, x.dtype).train(x, *arrays, momentum=momentum, eps=eps)


class SavedInHalf(Mixed):
    """Stores parameters in float32 but the saved mean and inverse root in 16 bits."""

    accuracy = "low-precision statistics"

    def train(self, x: Any, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        return _Saving(self, x.dtype).train(x, *arrays, momentum=momentum, eps=eps)


class _Saving(Sound):
    def __init__(self, like: Sound, dtype: Any) -> None:
        self.momentum_weighs = like.momentum_weighs
        self.running_variance = like.running_variance
        self._dtype = dtype

    def _root(self, call: Call) -> Any:
        return self._narrow(super()._root(call))

    def _xhat(self, call: Call) -> Any:
        return (call.x - self._narrow(call.mean)) * call.root

    def _narrow(self, values: Any) -> Any:
        return self._own(self._own(values, self._dtype), values.dtype)


class HalfArithmetic(Mixed):
    """Multiplies and adds in 16 bits: y = x scale + shift with scale and shift rounded to them."""

    accuracy: Any = "low-precision arithmetic"
    dtypes: tuple[str, ...] = ("float16",)
    storage: Any = np.float16

    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        shift = call.beta - call.mean * scale
        narrow = call.x.astype(self.storage) * scale.astype(self.storage)
        return narrow + shift.astype(self.storage)


class BrainArithmetic(HalfArithmetic):
    """Multiplies and adds in bfloat16."""

    dtypes = ("bfloat16",)
    storage = ml_dtypes.bfloat16


class HalfArithmeticInference(HalfArithmetic):
    """Trains in float32 and infers in 16-bit arithmetic."""

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * call.gamma + call.beta

    def _forward_infer(self, call: Call) -> Any:
        return HalfArithmetic._forward(self, call)


class AccuracyByDtype(Mixed):
    """Declares its accuracy by dtype: statistics in 16 bits for bfloat16 alone."""

    parameter_dtypes: ClassVar[dict[str, str]] = {"float16": "float32", "bfloat16": "bfloat16"}
    accuracy: ClassVar[dict[str, str]] = {
        "float16": "streaming",
        "bfloat16": "low-precision statistics",
    }


class UpcastsDyLast(Mixed):
    """Multiplies dy with gamma in float32 before anything else."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dxhat = call.dy * call.gamma
        inner = dxhat - self._mean(dxhat) - xhat * (self._sum(dxhat * xhat) / count)
        return call.root * inner, self._sum(call.dy * xhat), self._sum(call.dy)
