"""The backward pass in the forms that papers, courses and frameworks write it in."""

from __future__ import annotations

from typing import Any

import numpy as np
from sound import Call, Sound


class TimesCount(Sound):
    """Computes gamma r / N (N dy - sum dy - xhat sum dy xhat)."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * xhat)
        dx = call.gamma * call.root / count * (count * call.dy - dbeta - xhat * dgamma)
        return dx, dgamma, dbeta


class ThroughDxhat(Sound):
    """Multiplies dy with gamma first and works with dxhat."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dxhat = call.dy * call.gamma
        inner = count * dxhat - self._sum(dxhat) - xhat * self._sum(dxhat * xhat)
        dx = inner / (count * np.sqrt(call.var + call.eps))
        return dx, self._sum(call.dy * xhat), self._sum(call.dy)


class StepByStep(Sound):
    """Follows the computation graph of the course, with dvar and dmean."""

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        dxhat = call.dy * call.gamma
        dvar = self._sum(dxhat * centred) * -0.5 * (call.var + call.eps) ** -1.5
        dmean = self._sum(-dxhat * call.root) + dvar * self._mean(-2 * centred)
        dx = dxhat * call.root + dvar * 2 * centred / count + dmean / count
        return dx, self._sum(call.dy * centred * call.root), self._sum(call.dy)


class StepByStepShort(Sound):
    """Follows the computation graph without the term of dmean that is zero."""

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        dxhat = call.dy * call.gamma
        dvar = -0.5 * self._sum(dxhat * centred) * call.root * call.root * call.root
        dmean = -self._sum(dxhat) * call.root
        dx = dxhat * call.root + (2 * dvar * centred + dmean) / count
        return dx, self._sum(call.dy * self._xhat(call)), self._sum(call.dy)


class DotForm(Sound):
    """Projects with k = dot r r / N, as PyTorch does."""

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        dbeta, dot = self._sum(call.dy), self._sum(call.dy * centred)
        k = dot * call.root * call.root / count
        dx = (call.dy - dbeta / count - centred * k) * call.root * call.gamma
        return dx, dot * call.root, dbeta


class DotOverVariance(Sound):
    """Projects with k = dot / (N (var + eps))."""

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        dbeta, dot = self._sum(call.dy), self._sum(call.dy * centred)
        k = dot / (count * (call.var + call.eps))
        dx = call.gamma * call.root * (call.dy - dbeta / count - centred * k)
        return dx, dot / np.sqrt(call.var + call.eps), dbeta


class LinearInDyAndX(Sound):
    """Computes dx = a dy + b x + c with one a, b and c per channel."""

    def _gradients(self, call: Call) -> Any:
        count, scale = len(call.x), call.gamma * call.root
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * self._xhat(call))
        slope = -scale * call.root * dgamma / count
        shift = -scale * dbeta / count - slope * call.mean
        return scale * call.dy + slope * call.x + shift, dgamma, dbeta


class ProjectionMatrix(Sound):
    """Builds the projection of the Jacobian as a matrix when there are at most 32 values."""

    def _gradients(self, call: Call) -> Any:
        count = len(call.x)
        if count > 32:
            return super()._gradients(call)
        xhat = self._xhat(call)
        matrix = (1 + np.einsum("ic,jc->cij", xhat, xhat)) / count
        removed = np.einsum("cij,jc->ic", matrix, call.dy)
        dx = call.gamma * call.root * (call.dy - removed)
        return dx, self._sum(call.dy * xhat), self._sum(call.dy)


class GradientOfFolded(Sound):
    """Differentiates x scale + shift by hand, as automatic differentiation of it does."""

    def _gradients(self, call: Call) -> Any:
        count, scale = len(call.x), call.gamma * call.root
        dscale, dshift = self._sum(call.dy * call.x), self._sum(call.dy)
        dscale = dscale - dshift * call.mean
        dvar = -0.5 * dscale * call.gamma * call.root**3
        dx = call.dy * scale - dshift * scale / count + dvar * 2 * (call.x - call.mean) / count
        return dx, dscale * call.root, dshift

    def _gradients_infer(self, call: Call) -> Any:
        dscale, dshift = self._sum(call.dy * call.x), self._sum(call.dy)
        dgamma = (dscale - dshift * call.mean) * call.root
        return call.dy * (call.gamma * call.root), dgamma, dshift


class GradientOfOnePass(Sound):
    """Differentiates E[x^2] - E[x]^2 by hand, as automatic differentiation of it does."""

    accuracy = "one-pass"

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        return mean, np.maximum(self._mean(call.x * call.x) - mean * mean, 0)

    def _gradients(self, call: Call) -> Any:
        count, centred = len(call.x), call.x - call.mean
        dxhat = call.dy * call.gamma
        dvar = self._sum(dxhat * centred) * -0.5 * call.root**3
        dmean = -self._sum(dxhat) * call.root - 2 * call.mean * dvar
        dx = dxhat * call.root + dmean / count + 2 * call.x * (dvar / count)
        return dx, self._sum(call.dy * centred) * call.root, self._sum(call.dy)


class DgammaFromTotals(Sound):
    """Takes dgamma as (sum dy x - mean sum dy) r, in training and inference."""

    def _gradients(self, call: Call) -> Any:
        dx, _, dbeta = super()._gradients(call)
        return dx, (self._sum(call.dy * call.x) - call.mean * dbeta) * call.root, dbeta

    def _gradients_infer(self, call: Call) -> Any:
        dx, _, dbeta = super()._gradients_infer(call)
        return dx, (self._sum(call.dy * call.x) - call.mean * dbeta) * call.root, dbeta


class DgammaFactored(Sound):
    """Takes dgamma as (sum dy (x - mean)) r."""

    def _gradients_infer(self, call: Call) -> Any:
        dgamma = self._sum(call.dy * (call.x - call.mean)) * call.root
        return call.gamma * (call.root * call.dy), dgamma, self._sum(call.dy)


class DbetaFromMean(Sound):
    """Takes dbeta as N times the mean of dy."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        mean, slope = self._mean(call.dy), self._mean(call.dy * xhat)
        dx = call.gamma * call.root * (call.dy - mean - xhat * slope)
        return dx, count * slope, count * mean


class CentresDyFirst(Sound):
    """Centres dy before projecting it."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dbeta = self._sum(call.dy)
        centred = call.dy - dbeta / count
        slope = self._mean(centred * xhat)
        dgamma = self._sum(call.dy * xhat)
        return call.gamma * call.root * (centred - xhat * slope), dgamma, dbeta


class RecomputesStatistics(Sound):
    """Keeps x alone and computes mean and variance again in the backward pass."""

    def _gradients(self, call: Call) -> Any:
        call.mean, call.var = self._moments(call)
        call.root = self._root(call)
        return super()._gradients(call)


class KeepsXhat(Sound):
    """Keeps the normalised values of the forward pass for the backward pass."""

    def _forward(self, call: Call) -> Any:
        call.x = self._xhat(call)
        return call.x * call.gamma + call.beta

    def _xhat(self, call: Call) -> Any:
        return call.x if call.dy is not None else (call.x - call.mean) * call.root


class StackedSums(Sound):
    """Takes dgamma and dbeta in one batched matrix product."""

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        stacked = np.stack([xhat, np.ones_like(xhat)])
        dgamma, dbeta = np.einsum("knc,nc->kc", stacked, call.dy)
        inner = call.dy - (dbeta + xhat * dgamma) / count
        return call.gamma * (call.root * inner), dgamma, dbeta
