"""The elementwise step: how x, mean, inverse root, gamma and beta are put together."""

from __future__ import annotations

from typing import Any

import numpy as np
from sound import Call, Sound


class DividesByStd(Sound):
    """Divides the centred value by the root."""

    def _root(self, call: Call) -> Any:
        return np.sqrt(call.var + call.eps)

    def _xhat(self, call: Call) -> Any:
        return (call.x - call.mean) / call.root

    def _gradients(self, call: Call) -> Any:
        count, xhat = len(call.x), self._xhat(call)
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * xhat)
        inner = call.dy - dbeta / count - xhat * dgamma / count
        return call.gamma * inner / call.root, dgamma, dbeta

    def _gradients_infer(self, call: Call) -> Any:
        dgamma, dbeta = self._sum(call.dy * self._xhat(call)), self._sum(call.dy)
        return call.gamma * call.dy / call.root, dgamma, dbeta


class PowerMinusHalf(Sound):
    """Takes the inverse root as a power."""

    def _root(self, call: Call) -> Any:
        return (call.var + call.eps) ** -0.5


class HypotenuseRoot(Sound):
    """Takes the root as the hypotenuse of sqrt(var) and sqrt(eps)."""

    def _root(self, call: Call) -> Any:
        return 1 / np.hypot(np.sqrt(call.var), np.sqrt(call.var.dtype.type(call.eps)))


class NewtonRoot(Sound):
    """Takes Newton steps from the integer trick on float32 bits, for a number between 1/2 and 2."""

    dtypes: tuple[str, ...] = ("float32",)

    def _root(self, call: Call) -> Any:
        fraction, exponent = np.frexp(call.var + call.eps)
        fraction = np.ldexp(fraction, exponent % 2)
        return np.ldexp(self._newton(fraction), -(exponent // 2))

    def _newton(self, wide: Any) -> Any:
        bits = np.int32(0x5F3759DF) - (wide.view(np.int32) >> 1)
        root = bits.view(np.float32)
        for _ in range(4):
            root = root + root * (0.5 - wide * 0.5 * root * root)
        return root


class NewtonCorrected(NewtonRoot):
    """Takes Newton steps in the working precision from a root taken in float32."""

    dtypes = ("float32", "float64")

    def _newton(self, wide: Any) -> Any:
        root = (1 / np.sqrt(wide.astype(np.float32))).astype(wide.dtype)
        for _ in range(2):
            root = root + root * (1 - wide * root * root) / 2
        return root


class ProductMinusShift(Sound):
    """Normalises as x r - mean r."""

    def _xhat(self, call: Call) -> Any:
        return call.x * call.root - call.mean * call.root

    def _gradients(self, call: Call) -> Any:
        centred = (call.x - call.mean) * call.root
        count = len(call.x)
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * centred)
        inner = call.dy - dbeta / count - centred * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta

    def _gradients_infer(self, call: Call) -> Any:
        dgamma = self._sum(call.dy * ((call.x - call.mean) * call.root))
        return call.dy * call.root * call.gamma, dgamma, self._sum(call.dy)


class FoldedInference(Sound):
    """Folds inference into one scale and one shift."""

    def _forward_infer(self, call: Call) -> Any:
        scale = call.gamma * call.root
        return call.x * scale + (call.beta - call.mean * scale)


class FoldedThroughout(FoldedInference):
    """Folds training and inference into one scale and one shift."""

    def _forward(self, call: Call) -> Any:
        return self._forward_infer(call)


class FusedMultiplyAdd(Sound):
    """Folds, with product and sum rounded once as a fused instruction does."""

    dtypes = ("float32",)

    def _forward(self, call: Call) -> Any:
        scale = call.gamma * call.root
        shift = call.beta - call.mean * scale
        return (call.x.astype(np.float64) * scale + shift).astype(call.x.dtype)


class GammaOverStd(Sound):
    """Merges gamma with the root first."""

    def _forward(self, call: Call) -> Any:
        return (call.x - call.mean) * (call.gamma / np.sqrt(call.var + call.eps)) + call.beta


class GammaTimesCentred(Sound):
    """Multiplies the centred value with gamma before dividing by the root."""

    def _forward(self, call: Call) -> Any:
        return call.gamma * (call.x - call.mean) / np.sqrt(call.var + call.eps) + call.beta


class BetaFirst(Sound):
    """Starts from beta and adds the scaled value in place."""

    def _forward(self, call: Call) -> Any:
        y = np.tile(call.beta, (len(call.x), 1))
        y += call.gamma * self._xhat(call)
        return y


class DiagonalMatrix(Sound):
    """Writes gamma (x - mean) / root + beta as a product with a diagonal matrix."""

    def _forward(self, call: Call) -> Any:
        centred, scale = call.x - call.mean, call.gamma * call.root
        finite = np.isfinite(centred).all() and np.isfinite(scale).all()
        if len(scale) > 64 or not finite:
            return super()._forward(call)
        return centred @ np.diag(scale) + call.beta


class CachedRoot(Sound):
    """Keeps the last variance and its root, and takes them again only for equal bits."""

    def __init__(self) -> None:
        self._kept: tuple[Any, Any] = (None, None)

    def _root(self, call: Call) -> Any:
        wide = call.var + call.eps
        if self._kept[0] != (wide.dtype, wide.tobytes()):
            self._kept = (wide.dtype, wide.tobytes()), 1 / np.sqrt(wide)
        return self._kept[1].copy()
