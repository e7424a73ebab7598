"""Plain batch normalization in small steps, each of which other files here get wrong.

Inside, an array is a table of rows: one row per value of a channel, one column per channel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Call:
    """The numbers of one call, as rows and as one value per channel."""

    x: Any
    gamma: Any
    beta: Any
    running_mean: Any
    running_var: Any
    eps: float
    rank: int
    shape: tuple[int, ...]
    affine: bool = True
    momentum: float = 0.0
    mean: Any = None
    var: Any = None
    root: Any = None
    dy: Any = None


def refuse(reason: str) -> NoReturn:
    """Raise a ValueError with this reason."""
    raise ValueError(reason)


class Flawed:
    """Batch normalization in two passes, without a mistake yet."""

    abstract = True
    reveals: tuple[str, ...] = ()
    dtypes: tuple[str, ...] = ("float32", "float64")
    ranks: tuple[int, ...] = (2, 4)
    channel_axis = 1
    momentum_weighs = "new"
    running_variance: Any = "unbiased"
    single_value = "error"
    empty = "error"

    def train(
        self,
        x: Any,
        gamma: Any,
        beta: Any,
        running_mean: Any,
        running_var: Any,
        *,
        momentum: float,
        eps: float,
    ) -> Any:
        """Normalise with the statistics of the batch."""
        with np.errstate(all="ignore"):
            call = self._call(x, gamma, beta, running_mean, running_var, eps=eps)
            call.momentum = momentum
            self._check(call)
            call.mean, call.var = self._moments(call)
            call.root = self._root(call)
            y = self._forward(call)
            statistics = self._running(call)
        kept = [self._own(s, running_mean.dtype) for s in statistics]
        return self._restore(y, x), *kept, self._pullback(call, x, gamma, self._gradients)

    def infer(
        self, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, *, eps: float
    ) -> Any:
        """Normalise with the running statistics."""
        with np.errstate(all="ignore"):
            call = self._call(x, gamma, beta, running_mean, running_var, eps=eps)
            call.mean, call.var = call.running_mean, call.running_var
            call.root = self._root(call)
            y = self._forward_infer(call)
        kept = running_mean.copy(), running_var.copy()
        return self._restore(y, x), *kept, self._pullback(call, x, gamma, self._gradients_infer)

    # -- the steps

    def _moments(self, call: Call) -> tuple[Any, Any]:
        mean = self._mean(call.x)
        centred = call.x - mean
        return mean, self._mean(centred * centred)

    def _root(self, call: Call) -> Any:
        return 1 / np.sqrt(call.var + call.eps)

    def _xhat(self, call: Call) -> Any:
        return (call.x - call.mean) * call.root

    def _forward(self, call: Call) -> Any:
        return self._xhat(call) * call.gamma + call.beta

    def _forward_infer(self, call: Call) -> Any:
        return self._forward(call)

    def _running(self, call: Call) -> tuple[Any, Any]:
        spread = call.var if self._biased(call) else self._unbiased(call)
        blend = self._blend
        return blend(call, call.running_mean, call.mean), blend(call, call.running_var, spread)

    def _unbiased(self, call: Call) -> Any:
        count = len(call.x)
        return call.var * (count / max(count - 1, 1))

    def _blend(self, call: Call, old: Any, new: Any) -> Any:
        weight = self._weight(call)
        return (1 - weight) * old + weight * new

    def _gradients(self, call: Call) -> Any:
        count = len(call.x)
        xhat = self._xhat(call)
        dbeta, dgamma = self._sum(call.dy), self._sum(call.dy * xhat)
        inner = call.dy - dbeta / count - xhat * (dgamma / count)
        return call.gamma * call.root * inner, dgamma, dbeta

    def _gradients_infer(self, call: Call) -> Any:
        xhat = self._xhat(call)
        dx = call.dy * (call.gamma * call.root)
        return dx, self._sum(call.dy * xhat), self._sum(call.dy)

    def _sum(self, rows: Any) -> Any:
        return rows.sum(axis=0)

    def _mean(self, rows: Any) -> Any:
        return self._sum(rows) / len(rows)

    # -- around them

    def _work(self, dtype: Any) -> Any:
        return np.float64 if dtype == np.float64 else np.float32

    def _call(self, x: Any, *parameters: Any, eps: float) -> Call:
        gamma, beta, running_mean, running_var = parameters
        work = self._work(x.dtype)
        width = running_mean.shape
        affine = gamma is not None
        return Call(
            self._rows(x, work),
            self._own(gamma, work) if affine else np.ones(width, work),
            self._own(beta, work) if affine else np.zeros(width, work),
            self._own(running_mean, work),
            self._own(running_var, work),
            eps,
            x.ndim,
            x.shape,
            affine,
        )

    def _check(self, call: Call) -> None:
        if len(call.x) < 2:
            refuse("batch normalization in training needs two values per channel")

    def _rows(self, x: Any, work: Any) -> Any:
        channels = x.shape[self.channel_axis]
        return np.array(np.moveaxis(x, self.channel_axis, -1).reshape(-1, channels), dtype=work)

    def _restore(self, rows: Any, like: Any) -> Any:
        moved = np.moveaxis(like, self.channel_axis, -1).shape
        whole = np.moveaxis(rows.reshape(moved), -1, self.channel_axis)
        return np.ascontiguousarray(self._own(whole, like.dtype))

    def _own(self, values: Any, dtype: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.array(values, dtype=dtype)

    def _biased(self, call: Call) -> bool:
        kind = self.running_variance
        return bool((kind[call.rank] if isinstance(kind, dict) else kind) == "biased")

    def _weight(self, call: Call) -> float:
        return call.momentum if self.momentum_weighs == "new" else 1 - call.momentum

    def _pullback(
        self, call: Call, x: Any, gamma: Any, formula: Callable[[Call], Any]
    ) -> Callable[[Any], Any]:
        def backward(dy: Any) -> Any:
            with np.errstate(all="ignore"):
                rows = self._rows(dy, call.x.dtype)
                dx, dgamma, dbeta = formula(replace(call, dy=rows))
            if gamma is None:
                return self._restore(dx, x), None, None
            own = self._own
            return self._restore(dx, x), own(dgamma, gamma.dtype), own(dbeta, gamma.dtype)

        return backward
