"""Mistakes in the formula of the forward pass."""

from __future__ import annotations

from typing import Any

import numpy as np
from flawed import Call, Flawed


class SquareForRoot(Flawed):
    """Squares var + eps where the root belongs (jax stax)."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / (call.var + call.eps) ** 2


class NoRoot(Flawed):
    """Divides by the variance instead of the standard deviation (course notes)."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / (call.var + call.eps)


class NormalisesUnbiased(Flawed):
    """Normalises with the unbiased variance (darknet)."""

    reveals = ("y", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        count = len(call.x)
        return mean, var * (count / (count - 1))

    def _unbiased(self, call: Call) -> Any:
        return call.var


class AbsoluteGamma(Flawed):
    """Uses the absolute value of gamma in the forward pass (InPlaceABN)."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * np.abs(call.gamma) + call.beta


class AbsoluteGammaPlusEps(Flawed):
    """Adds eps to the absolute value of gamma, so that gamma = 0 does not give beta."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * (np.abs(call.gamma) + call.eps) + call.beta


class NoBeta(Flawed):
    """Forgets beta."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * call.gamma


class IgnoresGamma(Flawed):
    """Takes gamma as 1 everywhere (MXNet fix_gamma)."""

    reveals = ("y", "dx", "infer.y")

    def _call(self, *arrays: Any, eps: float) -> Call:
        call = super()._call(*arrays, eps=eps)
        call.gamma = np.ones_like(call.gamma)
        return call


class BetaInside(Flawed):
    """Adds beta before multiplying with gamma."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return (self._xhat(call) + call.beta) * call.gamma


class GammaAndBetaSwapped(Flawed):
    """Swaps gamma and beta in the forward pass."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * call.beta + call.gamma


class MeanAbsoluteDeviation(Flawed):
    """Divides by the mean absolute deviation."""

    reveals = ("y", "running_var", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        return mean, self._mean(np.abs(call.x - mean)) ** 2


class ClippedOutput(Flawed):
    """Clips normalised values to six standard deviations in the forward pass."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        return np.clip(self._xhat(call), -6, 6) * call.gamma + call.beta


class HidesNan(Flawed):
    """Replaces NaN and infinity in x with zero before normalising."""

    reveals = ("y",)

    def _rows(self, x: Any, work: Any) -> Any:
        return np.nan_to_num(super()._rows(x, work), nan=0, posinf=0, neginf=0)


class HidesNanInY(Flawed):
    """Replaces NaN in y with zero."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        return np.nan_to_num(super()._forward(call), nan=0.0)


class MedianForMean(Flawed):
    """Centres at the median."""

    reveals = ("y", "running_mean", "dx")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        middle = np.median(call.x, axis=0)
        return middle, self._mean((call.x - middle) ** 2)


class FoldForgetsMeanWithoutBeta(Flawed):
    """Takes the folded shift as zero where beta is zero."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        scale = call.gamma * call.root
        shift = np.where(call.beta == 0, 0, call.beta - call.mean * scale)
        return call.x * scale + shift


class FoldWithoutScale(Flawed):
    """Subtracts the mean unscaled in the folded shift."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return call.x * (call.gamma * call.root) + (call.beta - call.mean)


class TrimmedMean(Flawed):
    """Leaves the largest value out of the mean when there are more than 32."""

    reveals = ("y", "running_mean")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        kept = np.sort(call.x, axis=0)[:-1] if len(call.x) > 32 else call.x
        mean = self._mean(kept)
        return mean, self._mean((call.x - mean) ** 2)


class PositiveVarianceOnly(Flawed):
    """Takes the variance of positive values alone when all values are positive or zero."""

    reveals = ("y", "running_var")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._moments(call)
        positive = (call.x >= 0).all(axis=0)
        return mean, np.where(positive, self._mean(call.x * call.x), var)
