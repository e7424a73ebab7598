"""Mistakes in the backward pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from flawed import Call, Flawed


class DirectTermOnly(Flawed):
    """Differentiates as if mean and variance did not depend on x (CrypTen, DL4J)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        return self._gradients_infer(call)


class VarianceDetached(Flawed):
    """Lets no gradient through the variance."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        dx = call.gamma * call.root * (call.dy - dbeta / len(call.x))
        return dx, dgamma, dbeta


class MeanDetached(Flawed):
    """Lets no gradient through the mean (Keras 3)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        dx = call.gamma * call.root * (call.dy - self._xhat(call) * (dgamma / len(call.x)))
        return dx, dgamma, dbeta


class HalfOfVarianceTerm(Flawed):
    """Loses the 2 of the derivative of a square."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        inner = call.dy - (dbeta + self._xhat(call) * dgamma / 2) / len(call.x)
        return call.gamma * call.root * inner, dgamma, dbeta


class BesselInVarianceTerm(Flawed):
    """Divides the term of the variance by N - 1."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        count = len(call.x)
        inner = call.dy - dbeta / count - self._xhat(call) * (dgamma / (count - 1))
        return call.gamma * call.root * inner, dgamma, dbeta


class BesselInMeanTerm(Flawed):
    """Divides the term of the mean by N - 1."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        count = len(call.x)
        inner = call.dy - dbeta / (count - 1) - self._xhat(call) * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta


class ExtraMeanTerm(Flawed):
    """Counts a part of the mean twice, an error of 1/N (MXNet)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        count = len(call.x)
        return dx - call.gamma * call.root * dbeta / (count * count), dgamma, dbeta


class NoGammaInDx(Flawed):
    """Forgets gamma in dx (Knet)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, gamma=np.ones_like(call.gamma)))


class AbsoluteGammaInDx(Flawed):
    """Uses the absolute value of gamma in dx."""

    reveals = ("dx", "infer.dx")

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, gamma=np.abs(call.gamma)))

    def _gradients_infer(self, call: Call) -> Any:
        return super()._gradients_infer(replace(call, gamma=np.abs(call.gamma)))


class GammaOnlyInDirectTerm(Flawed):
    """Multiplies dy with gamma but not the two sums."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        removed = (dbeta + self._xhat(call) * dgamma) / len(call.x)
        return call.root * (call.dy * call.gamma - removed), dgamma, dbeta


class WrongSignOfVarianceTerm(Flawed):
    """Adds the term of the variance."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        inner = call.dy - dbeta / len(call.x) + self._xhat(call) * (dgamma / len(call.x))
        return call.gamma * call.root * inner, dgamma, dbeta


class InverseVarianceInDx(Flawed):
    """Takes the saved inverse root for an inverse variance (ONNX Runtime)."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx * call.root, dgamma, dbeta


class DividesDxByCount(Flawed):
    """Divides dx by the count."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx / len(call.x), dgamma, dbeta


class MeanForDgamma(Flawed):
    """Averages dgamma over the batch (course solutions)."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma / len(call.x), dbeta


class MeanForDbeta(Flawed):
    """Averages dbeta over the batch."""

    reveals = ("dbeta",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma, dbeta / len(call.x)


class DgammaOfX(Flawed):
    """Takes dgamma with x in place of its normalised value."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, _, dbeta = super()._gradients(call)
        return dx, self._sum(call.dy * call.x), dbeta


class DgammaTimesStd(Flawed):
    """Multiplies dgamma with the standard deviation instead of dividing by it (XLA)."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma * (call.var + call.eps), dbeta


class DgammaWithGamma(Flawed):
    """Multiplies dgamma with gamma."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma * call.gamma, dbeta


class DgammaOfY(Flawed):
    """Takes dgamma with y in place of the normalised value."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, _, dbeta = super()._gradients(call)
        return dx, self._sum(call.dy * self._forward(call)), dbeta


class DbetaWithGamma(Flawed):
    """Multiplies dbeta with gamma."""

    reveals = ("dbeta",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dgamma, dbeta * call.gamma


class DgammaAndDbetaSwapped(Flawed):
    """Returns dbeta and dgamma in the wrong order."""

    reveals = ("dgamma", "dbeta")

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, dbeta, dgamma


class ClippedGradients(Flawed):
    """Clips dx to the interval from -5 to 5."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return np.clip(dx, -5, 5), dgamma, dbeta


class TinyDgammaIsZero(Flawed):
    """Returns zero for a dgamma below 1e-6 (TensorFlow)."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return dx, np.where(np.abs(dgamma) < 1e-6, 0, dgamma), dbeta


class XhatFromY(Flawed):
    """Recovers normalised values as (y - beta) / gamma, which gamma = 0 does not allow."""

    reveals = ("dgamma",)

    def _gradients(self, call: Call) -> Any:
        count = len(call.x)
        xhat = (self._forward(call) - call.beta) / call.gamma
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * xhat)
        inner = call.dy - dbeta / count - xhat * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta


class ZeroForConstantX(Flawed):
    """Returns no dx for a channel with zero variance."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients(call)
        return np.where(call.var == 0, 0, dx), dgamma, dbeta


class CentredDy(Flawed):
    """Returns dgamma and dbeta of centred dy, so that dbeta is zero."""

    reveals = ("dbeta",)

    def _gradients(self, call: Call) -> Any:
        return super()._gradients(replace(call, dy=call.dy - self._mean(call.dy)))


class InferenceAsTraining(Flawed):
    """Uses the training formula in the backward pass of inference (Flux, cuDNN)."""

    reveals = ("infer.dx",)

    def _gradients_infer(self, call: Call) -> Any:
        return self._gradients(call) if len(call.x) else super()._gradients_infer(call)


class InferenceWithBatchStatistics(Flawed):
    """Takes the gradients of inference with the batch's statistics (MXNet)."""

    reveals = ("infer.dx", "infer.dgamma")

    def _gradients_infer(self, call: Call) -> Any:
        if len(call.x):
            call.mean, call.var = self._moments(call)
            call.root = self._root(call)
        return super()._gradients_infer(call)


class InferenceDgammaUncentred(Flawed):
    """Forgets the running mean in the dgamma of inference."""

    reveals = ("infer.dgamma",)

    def _gradients_infer(self, call: Call) -> Any:
        dx, _, dbeta = super()._gradients_infer(call)
        return dx, self._sum(call.dy * call.x * call.root), dbeta


class InferenceWithoutGamma(Flawed):
    """Forgets gamma in the dx of inference."""

    reveals = ("infer.dx",)

    def _gradients_infer(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients_infer(call)
        return call.dy * call.root, dgamma, dbeta


class NoInferenceGradientForImages(Flawed):
    """Returns a zero dx of inference for images (NNlib)."""

    reveals = ("infer.dx",)

    def _gradients_infer(self, call: Call) -> Any:
        dx, dgamma, dbeta = super()._gradients_infer(call)
        return dx * (call.rank != 4), dgamma, dbeta


class MeanOfExampleMeans(Flawed):
    """Projects images with the mean of dy of the first half of the examples."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        mean = self._mean(call.dy[: -(-len(call.dy) // 2)])
        inner = call.dy - mean - self._xhat(call) * (dgamma / len(call.x))
        return call.gamma * call.root * inner, dgamma, dbeta


class StaleXhat(Flawed):
    """Projects with centred but not scaled values."""

    reveals = ("dx",)

    def _gradients(self, call: Call) -> Any:
        _, dgamma, dbeta = super()._gradients(call)
        inner = call.dy - (dbeta + (call.x - call.mean) * dgamma) / len(call.x)
        return call.gamma * call.root * inner, dgamma, dbeta


class RunningStatisticsInBackward(Flawed):
    """Takes the gradients of training with the running statistics."""

    reveals = ("dx", "dgamma")

    def _gradients(self, call: Call) -> Any:
        given = replace(call, mean=call.running_mean, var=call.running_var)
        return super()._gradients(replace(given, root=self._root(given)))
