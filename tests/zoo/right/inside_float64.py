"""Kernels that work in a wider precision than they store, or read settings in a narrower one."""

from __future__ import annotations

from typing import Any

import numpy as np
from sound import Call, Sound


class DoubleInside(Sound):
    """Works in float64 throughout and rounds each result once."""

    dtypes = ("float32", "float16", "bfloat16", "float64")

    def _work(self, dtype: Any) -> Any:  # noqa: ARG002
        return np.float64


class ExtendedInside(Sound):
    """Works in np.longdouble throughout and rounds each result once."""

    def _work(self, dtype: Any) -> Any:  # noqa: ARG002
        return np.longdouble


class DoubleStatistics(Sound):
    """Takes statistics in float64 and everything else in the precision of x."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        wide = call.x.astype(np.float64)
        mean, var = wide.mean(axis=0), wide.var(axis=0)
        return mean.astype(call.x.dtype), var.astype(call.x.dtype)


class DoubleGradientSums(Sound):
    """Works in float32 but takes the sums of the backward pass in float64."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dbeta = call.dy.sum(axis=0, dtype=np.float64)
        dgamma = np.einsum("nc,nc->c", call.dy.astype(np.float64), xhat.astype(np.float64))
        mean, slope = (dbeta / count).astype(xhat.dtype), (dgamma / count).astype(xhat.dtype)
        return call.gamma * call.root * (call.dy - mean - xhat * slope), dgamma, dbeta


class SettingsInSingle(Sound):
    """Passes eps and momentum through float32, also in a float64 kernel."""

    dtypes = ("float64", "float32")

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        settings = float(np.float32(momentum)), float(np.float32(eps))
        return super().train(*arrays, momentum=settings[0], eps=settings[1])

    def infer(self, *arrays: Any, eps: float) -> Any:
        """Normalise with the running statistics."""
        return super().infer(*arrays, eps=float(np.float32(eps)))


class OldSettingsInSingle(SettingsInSingle):
    """Passes eps and momentum through float32 and takes 1 - momentum there."""

    momentum_weighs = "old"
    running_variance = "biased"

    def _weight(self, call: Call) -> float:
        return float(np.float32(1) - np.float32(call.momentum))

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        return old * call.momentum + new * self._weight(call)
