"""Two passes, with the second one in another form."""

from __future__ import annotations

from typing import Any

import numpy as np
from sound import Call, Sound


class Corrected(Sound):
    """Corrects the sum of squares by the rest that the rounded mean leaves."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        mean = self._mean(call.x)
        centred = call.x - mean
        rest = self._sum(centred)
        spread = self._sum(centred * centred) - rest * rest / count
        return mean, np.maximum(spread, 0) / count


class Recentred(Sound):
    """Improves the mean by the mean of what is left after subtracting it."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        rough = self._mean(call.x)
        mean = rough + self._mean(call.x - rough)
        centred = call.x - mean
        return mean, self._mean(centred * centred)


class SquaredNorm(Sound):
    """Takes the variance as the squared norm of the centred column."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        norm = np.linalg.norm(call.x - mean, axis=0)
        return mean, norm * norm / len(call.x)


class DotProducts(Sound):
    """Takes sums of squares and of products by einsum, without a temporary."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        centred = call.x - mean
        return mean, np.einsum("nc,nc->c", centred, centred) / len(call.x)

    def _gradients(self, call: Call) -> Any:
        count = len(call.x)
        xhat = self._xhat(call)
        dgamma, dbeta = np.einsum("nc,nc->c", call.dy, xhat), np.einsum("nc->c", call.dy)
        inner = call.dy - dbeta / count - xhat * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta


class PairDifferences(Sound):
    """Takes the variance from all pairs of differences when there are at most eight values."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        count = len(call.x)
        if count > 8:
            return super()._moments(call)
        gaps = call.x[:, None] - call.x
        return self._mean(call.x), (gaps * gaps).sum(axis=0).sum(axis=0) / (2 * count * count)


class ChannelByChannel(Sound):
    """Computes one contiguous channel after the other."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean, var = np.empty_like(call.running_mean), np.empty_like(call.running_var)
        for k in range(call.x.shape[1]):
            column = np.ascontiguousarray(call.x[:, k])
            mean[k] = column.mean()
            centred = column - mean[k]
            var[k] = np.dot(centred, centred) / len(column)
        return mean, var


class ScaledSquares(Sound):
    """Divides by a power of two before squaring, so that squares never leave the range."""

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        centred = call.x - mean
        _, exponent = np.frexp(np.max(np.abs(centred), axis=0))
        small = np.ldexp(centred, -exponent)
        return mean, np.ldexp(self._mean(small * small), 2 * exponent)
