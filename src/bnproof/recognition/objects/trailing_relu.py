"""Batch normalization followed by a ReLU, judged as batch normalization.

relu(z) - relu(-z) = z, and -z is the same batch normalization with -gamma and -beta.  So two calls,
one with the parameters and one with their negatives, give z without loss, and their gradients add
up to those of z, wherever z is not 0.  Where it is, the slope of a ReLU is a matter of convention,
and no gradient is offered for that call; nor where z is not finite, since a ReLU passes no gradient
through NaN.
"""

from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array


class TrailingReLU:
    """An implementation whose y has passed a ReLU, as one whose y has not."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.recognition, self.name, self.version = inner.recognition, inner.name, inner.version
        self.train = self._train if inner.train is not None else None
        self.infer = self._infer if inner.infer is not None else None

    def __getattr__(self, name: str) -> Any:
        if name in ("layer", "_inner", "default_layer", "standalone"):
            raise AttributeError(name)
        return getattr(self._inner, name)

    def _train(
        self, x: Array, gamma: Array, beta: Array, mean: Array, var: Array, **settings: Any
    ) -> Any:
        positive = self._inner.train(x, gamma, beta, mean, var, **settings)
        negative = self._inner.train(x, -gamma, -beta, mean, var, **settings)
        return _joined(positive, negative)

    def _infer(
        self, x: Array, gamma: Array, beta: Array, mean: Array, var: Array, **settings: Any
    ) -> Any:
        positive = self._inner.infer(x, gamma, beta, mean, var, **settings)
        negative = self._inner.infer(x, -gamma, -beta, mean, var, **settings)
        return _joined(positive, negative)


def _joined(positive: Any, negative: Any) -> tuple[Any, Any, Any, Any]:
    """The results of z from those of relu(z) and relu(-z)."""
    y, mean, var, up = positive
    other, _, _, down = negative
    z = y - other
    if up is None or down is None:
        return z, mean, var, None

    def backward(dy: Array) -> tuple[Any, Any, Any]:
        if not (np.isfinite(z) & np.asarray(z).astype(bool)).all():
            return None, None, None
        dx, dgamma, dbeta = up(dy)
        dx_, dgamma_, dbeta_ = down(-dy)
        return _added(dx, dx_), _added(dgamma, _negated(dgamma_)), _added(dbeta, _negated(dbeta_))

    return z, mean, var, backward


def _added(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def _negated(a: Any) -> Any:
    return None if a is None else -a
