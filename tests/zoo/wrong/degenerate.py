"""Mistakes with single values, empty batches, constant channels, NaN and infinity."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed, refuse


class SingleValueAccepted(Flawed):
    """Returns beta for a single value although it declares an error."""

    reveals = ("raises",)

    def _check(self, call: Call) -> None:
        if not len(call.x):
            refuse("the batch is empty")


class EmptyAccepted(Flawed):
    """Returns an empty result for an empty batch, with statistics of NaN, undeclared."""

    reveals = ("raises",)

    def _check(self, call: Call) -> None:
        if len(call.x) == 1:
            refuse("one value per channel")


class _Single(Flawed):
    abstract = True
    single_value = "beta"

    def _check(self, call: Call) -> None:
        if not len(call.x):
            refuse("the batch is empty")


class SingleValueNan(_Single):
    """Makes the running variance NaN for a single value (TensorFlow, Flux)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return call.var * (np.float64(len(call.x)) / np.float64(len(call.x) - 1))


class SingleValueDx(_Single):
    """Returns dy as dx for a single value (Paddle)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return call.dy if len(call.x) == 1 else dx, dgamma, dbeta


class SingleValueRunning(_Single):
    """Normalises a single value with the running statistics."""

    running_variance = "biased"
    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        if len(call.x) > 1:
            return super()._forward(call)
        given = replace(call, mean=call.running_mean, var=call.running_var)
        return super()._forward(replace(given, root=self._root(given)))


class SingleValuePassed(_Single):
    """Returns a single value as it is."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        return call.x.copy() if len(call.x) == 1 else super()._forward(call)


class OneImageRefused(Flawed):
    """Refuses a batch of one image, although it has many pixels (Chainer)."""

    reveals = ("raises",)

    def _check(self, call: Call) -> None:
        super()._check(call)
        if call.shape[0] == 1:
            refuse("one example")


class SingleInferenceRefused(Flawed):
    """Refuses a single value in inference (an early PyTorch)."""

    reveals = ("raises",)

    def _forward_infer(self, call: Call) -> Any:
        if len(call.x) == 1:
            refuse("one value per channel")
        return super()._forward_infer(call)


class RefusesAfterUpdate(Flawed):
    """Raises for a single value after it has updated the running statistics."""

    in_place = True
    reveals = ("inputs",)

    def train(self, *arrays: Any, momentum: float, eps: float) -> Any:
        """Normalise with the statistics of the batch."""
        rows = self._rows(arrays[0], self._work(arrays[0].dtype))
        if len(rows) == 1:
            arrays[3][...] = (1 - momentum) * arrays[3] + momentum * rows[0]
        y, mean, var, backward = super().train(*arrays, momentum=momentum, eps=eps)
        arrays[3][...], arrays[4][...] = mean, var
        return y, arrays[3], arrays[4], backward


class _Empty(Flawed):
    abstract = True
    empty = "empty"

    def _check(self, call: Call) -> None:
        if len(call.x) == 1:
            refuse("one value per channel")


class EmptyGivesNan(_Empty):
    """Makes the running statistics NaN for an empty batch (TensorFlow with MKL)."""

    reveals = ("running_mean", "running_var")

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / np.float64(len(rows))


class EmptyDecays(_Empty):
    """Decays the running statistics for an empty batch."""

    reveals = ("running_mean", "running_var")

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / max(len(rows), 1)


class ConstantGivesZero(Flawed):
    """Returns zero instead of beta for a constant channel."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        constant = (call.x == call.x[:1]).all(axis=0)
        return np.where(constant, 0, super()._forward(call))


class ConstantPassed(Flawed):
    """Divides a constant channel by one instead of the root of eps, in the backward pass."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        constant = (call.x == call.x[:1]).all(axis=0)
        return super()._gradients(replace(call, root=np.where(constant, 1, call.root)))


class ZeroGammaDivides(Flawed):
    """Divides by gamma and multiplies with it again, which is NaN at gamma = 0 (QAT)."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        inside = self._xhat(call) + call.beta / call.gamma
        return inside * call.gamma


class ZeroGammaStopped(Flawed):
    """Returns no dgamma where gamma is zero."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, np.where(call.gamma == 0, 0, dgamma), dbeta


class NegativeGammaStopped(Flawed):
    """Takes negative gamma for zero."""

    reveals = ("y", "dx")

    def _call(self, *arrays: Any, eps: float) -> Call:
        call = super()._call(*arrays, eps=eps)
        call.gamma = np.maximum(call.gamma, 0)
        return call


class NanSpreads(Flawed):
    """Lets NaN in one channel spread to all, by a product with a matrix of zeros and ones."""

    reveals = ("y",)

    def _forward(self, call: Call) -> Any:
        return super()._forward(call) + 0 * call.x.sum(axis=1, keepdims=True)


class NanSpreadsToStatistics(Flawed):
    """Gives up on the running statistics of all channels when one is NaN."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return (mean, var) if np.isfinite(var).all() else (call.running_mean, call.running_var)


class NanSpreadsBackward(Flawed):
    """Lets NaN in one channel of dy spread to the dgamma of all."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma + 0 * dbeta.sum(), dbeta


class SkipsNonFiniteBatch(Flawed):
    """Returns zero gradients for all channels when dy has NaN anywhere (loss scaling)."""

    reveals = ("dx", "dgamma")

    def _gradients(self, call: Call) -> Any:
        finite = np.isfinite(call.dy).all()
        results = super()._gradients(call)
        return results if finite else tuple(np.zeros_like(r) for r in results)


class NanIgnoredInStatistics(Flawed):
    """Takes statistics of the values that are not NaN."""

    reveals = ("running_mean", "y")

    def _moments(self, call: Call) -> tuple[Any, Any]:
        if not np.isnan(call.x).any():
            return super()._moments(call)
        known = np.where(np.isnan(call.x), 0, call.x)
        return super()._moments(replace(call, x=known))


class InfinityClipped(Flawed):
    """Clips infinities in x to 1e4."""

    reveals = ("y", "running_mean")

    def _rows(self, x: Any, work: Any) -> Any:
        rows = super()._rows(x, work)
        return np.where(np.isinf(rows), np.sign(rows) * np.array(1e4, work), rows)


class NanRunningHidden(Flawed):
    """Keeps the old running statistics of a channel whose new ones are not finite."""

    reveals = ("running_mean", "running_var")

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        fine = np.isfinite(mean) & np.isfinite(var)
        return np.where(fine, mean, call.running_mean), np.where(fine, var, call.running_var)


class ZeroRunningVarianceStops(Flawed):
    """Returns beta in inference where the running variance is zero."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return np.where(call.var == 0, call.beta, super()._forward_infer(call))
