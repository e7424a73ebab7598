"""Mistakes with eps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


class EpsOutsideRoot(Flawed):
    """Adds eps to the standard deviation instead of the variance (ncnn)."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / (np.sqrt(call.var) + call.eps)


class NoEpsInInference(Flawed):
    """Forgets eps in inference (Chainer)."""

    reveals = ("infer.y",)

    def _forward_infer(self, call: Call) -> Any:
        return super()._forward(replace(call, root=1 / np.sqrt(call.var)))


class NoEps(Flawed):
    """Forgets eps everywhere."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var)


class EpsTwice(Flawed):
    """Adds eps twice."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + call.eps + call.eps)


class LargerOfVarianceAndEps(Flawed):
    """Takes the larger of variance and eps instead of their sum."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(np.maximum(call.var, call.eps))


class EpsInRunningVariance(Flawed):
    """Averages var + eps into the running variance (Chainer, nntrainer)."""

    reveals = ("running_var",)

    def _unbiased(self, call: Call) -> Any:
        return super()._unbiased(call) + call.eps


class EpsOffRunningVariance(Flawed):
    """Subtracts eps from the running variance (detectron2)."""

    reveals = ("running_var",)

    def _running(self, call: Call) -> tuple[Any, Any]:
        mean, var = super()._running(call)
        return mean, var - call.eps


class EpsIsConstant(Flawed):
    """Uses 1e-5 whatever eps is."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + 1e-5)


class EpsSquared(Flawed):
    """Adds the square of eps."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + call.eps * call.eps)


class EpsAtLeast(Flawed):
    """Raises eps to at least 1e-5, as cuDNN demanded, without a word."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + max(call.eps, 1e-5))


class EpsAtMost(Flawed):
    """Lowers eps to at most 1e-2."""

    reveals = ("y", "dx", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + min(call.eps, 1e-2))


class EpsInHalf(Flawed):
    """Rounds eps to float16."""

    reveals = ("y", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + float(np.float16(call.eps)))


class EpsOutsideInBackward(Flawed):
    """Adds eps outside of the root in the backward pass alone (darknet)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, root=1 / (np.sqrt(call.var) + call.eps)))


class EpsForgottenInBackward(Flawed):
    """Forgets eps in the backward pass alone."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, root=1 / np.sqrt(call.var)))


class DefaultEpsInBackward(Flawed):
    """Uses the default eps in the backward pass of inference."""

    reveals = ("infer.dx",)

    def _gradients_infer(self, call: Call) -> Any:
        return super()._gradients_infer(replace(call, root=1 / np.sqrt(call.var + 1e-5)))


class EpsBesideX(Flawed):
    """Adds eps to the centred value as well."""

    reveals = ("y", "infer.y")

    def _forward(self, call: Call) -> Any:
        return (call.x - call.mean + call.eps) * call.root * call.gamma + call.beta


class EpsOnlyForSmallVariance(Flawed):
    """Adds eps to variances below it alone."""

    reveals = ("y", "infer.y")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(np.where(call.var < call.eps, call.var + call.eps, call.var))


class EpsScaledByCount(Flawed):
    """Adds eps to the sum of squares, so that it is divided by the count."""

    reveals = ("y", "dx")

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + call.eps / max(len(call.x), 1))
