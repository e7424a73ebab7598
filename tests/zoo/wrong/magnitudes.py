"""Mistakes that need small or large numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


class VarianceCapped(Flawed):
    """Caps the variance at 1e6."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        return mean, np.minimum(var, 1e6)


class RunningVarianceCapped(Flawed):
    """Caps the running variance at 65504."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean, np.minimum(var, 65504)


class TinyRunningVarianceRaised(Flawed):
    """Raises a running variance below 1e-4 to 1e-4 in inference."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        given = replace(call, var=np.maximum(call.var, 1e-4))
        return self._forward(replace(given, root=self._root(given)))


class TinyGammaIsOne(Flawed):
    """Takes a gamma below 1e-6 for one that was not set."""

    reveals = ("y", "dx")

    def _call(self, *arrays: Any, eps: float) -> Call:
        call = super()._call(*arrays, eps=eps)
        call.gamma = np.where(np.abs(call.gamma) < 1e-6, 1, call.gamma).astype(call.gamma.dtype)
        return call


class TinyGammaStopsDx(Flawed):
    """Returns no dx where the scale is below 1e-7."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return np.where(np.abs(call.gamma * call.root) < 1e-7, 0, dx), dgamma, dbeta


class TinyDyIsZero(Flawed):
    """Takes a dy below 1e-7 for zero."""

    reveals = ("dx", "dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, dy=np.where(np.abs(call.dy) < 1e-7, 0, call.dy)))


class LargeDyClipped(Flawed):
    """Clips dy to 1000."""

    reveals = ("dx", "dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, dy=np.clip(call.dy, -1000, 1000)))


class LargeXIsMissing(Flawed):
    """Takes values beyond 1e8 for missing ones."""

    reveals = ("y", "running_mean")

    def _rows(self, x: Any, work: Any) -> Any:
        rows = super()._rows(x, work)
        return np.where(np.abs(rows) > 1e8, 0, rows).astype(work)


class SmallDifferencesIgnored(Flawed):
    """Takes centred values below 1e-7 of the largest magnitude of the batch for zero."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        centred = call.x - call.mean
        limit = 1e-7 * np.max(np.abs(call.x), initial=0)
        centred = np.where(np.abs(centred) < limit, 0, centred)
        return centred * call.root * call.gamma + call.beta


class ProjectionWithoutEps(Flawed):
    """Divides the projection of dy by var + 1e-12, whatever eps is."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        _, dgamma, dbeta = super()._gradients(call)
        dot = self._sum(call.dy * centred) / (call.var + 1e-12)
        inner = call.dy - dbeta / count - centred * dot / count
        return call.gamma * call.root * inner, dgamma, dbeta


class FourthPowers(Flawed):
    """Takes the root of the mean fourth power in place of the variance for large values."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        fourth = np.sqrt(self._mean((call.x - mean) ** 4))
        return mean, np.where(var > 1e4, fourth, var)


class FlushesUndeclared(Flawed):
    """Takes everything below the smallest normal number for zero, without saying so."""

    reveals = ("dx",)

    def _restore(self, rows: Any, like: Any) -> Any:
        whole = super()._restore(rows, like)
        small = np.abs(whole) < np.finfo(whole.dtype).smallest_normal
        return np.where(small, 0, whole)


class RootFloor(Flawed):
    """Caps the inverse root at 1000."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return np.minimum(super()._root(call), 1000)


class OffsetOfThousands(Flawed):
    """Rounds means beyond 1000 to integers."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        return np.where(np.abs(mean) > 1000, np.rint(mean), mean), var
