"""Stateful layers, alone and beside functions."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
from sound import Sound, refuse

NAMES = ("running_mean", "running_var", "gamma", "beta")


class _Layer:
    def __init__(self, channels: int, momentum: Any, eps: float, dtype: str = "float32") -> None:
        kind = np.dtype(getattr(ml_dtypes, dtype, dtype))
        parameter = np.float64 if kind == np.float64 else np.float32
        self.functions = Sound()
        self.momentum, self.eps = momentum, eps
        starts = zip(NAMES, (0, 1, 1, 0), strict=True)
        self._state = {name: np.full(channels, start, parameter) for name, start in starts}

    def train(self, x: Any) -> Any:
        y, mean, var, backward = self._step(x, self.momentum)
        self._state |= {"running_mean": mean, "running_var": var}
        return y, backward

    def _step(self, x: Any, momentum: float) -> Any:
        return self.functions.train(x, *self._arrays(), momentum=momentum, eps=self.eps)

    def infer(self, x: Any) -> Any:
        y, _, _, backward = self.functions.infer(x, *self._arrays(), eps=self.eps)
        return y, backward

    def state(self) -> dict[str, Any]:
        return {name: np.array(value) for name, value in self._state.items()}

    def load(self, state: dict[str, Any]) -> None:
        for name in self._state:
            if name in state:
                kept = self._state[name]
                self._state[name] = np.array(state[name], dtype=kept.dtype)

    def _arrays(self) -> Any:
        state = self._state
        order = ("gamma", "beta", "running_mean", "running_var")
        return [state[name].copy() for name in order]


class LayerOnly:
    """Offers a layer and no functions."""

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _Layer(channels, momentum, eps)


class LayerWithDtype:
    """Offers a layer that is made for a dtype."""

    dtypes = ("float32", "float64", "float16", "bfloat16")

    def layer(self, channels: int, *, momentum: float, eps: float, dtype: str) -> Any:
        """Make a layer."""
        return _Layer(channels, momentum, eps, str(dtype))


class LayerWithRank:
    """Offers a layer that is made for a dtype and a rank."""

    dtypes = ("float64", "float32")
    ranks = (2, 3, 4, 5)

    def layer(self, channels: int, *, momentum: float, eps: float, dtype: str, rank: int) -> Any:
        """Make a layer."""
        return _RankedLayer(channels, momentum, eps, str(dtype), rank)


class _RankedLayer(_Layer):
    def __init__(self, channels: int, momentum: float, eps: float, dtype: str, rank: int) -> None:
        super().__init__(channels, momentum, eps, dtype)
        self.rank = rank

    def train(self, x: Any) -> Any:
        if x.ndim != self.rank:
            refuse("wrong rank")
        return super().train(x)


class LayerBesideFunctions(Sound):
    """Offers functions and a layer."""

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _Layer(channels, momentum, eps)


class _KerasLayer(_Layer):
    def __init__(self, channels: int, momentum: float, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        self.functions.momentum_weighs = "old"
        self.functions.running_variance = "biased"
        self.functions.channel_axis = -1


class KerasLayer:
    """Offers a layer in the conventions of Keras."""

    momentum_weighs = "old"
    running_variance = "biased"
    channel_axis = -1

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _KerasLayer(channels, momentum, eps)


class _CountingLayer(_Layer):
    def __init__(self, channels: int, momentum: Any, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        self._state["batches_seen"] = np.array(0)

    def _step(self, x: Any, momentum: Any) -> Any:
        seen = int(self._state["batches_seen"])
        weight = 1 / (seen + 1) if momentum is None else momentum
        results = super()._step(x, weight)
        self._state["batches_seen"] = np.array(seen + 1)
        return results


class CumulativeLayer(Sound):
    """Offers a layer that counts its batches, for cumulative averages too."""

    cumulative = True

    def train(self, *arrays: Any, momentum: float | None, eps: float, batches_seen: int = 0) -> Any:
        """Normalise with the statistics of the batch."""
        weight = 1 / (batches_seen + 1) if momentum is None else momentum
        return super().train(*arrays, momentum=weight, eps=eps)

    def layer(self, channels: int, *, momentum: float | None, eps: float) -> Any:
        """Make a layer."""
        return _CountingLayer(channels, momentum, eps)


class _BareLayer(_Layer):
    def __init__(self, channels: int, momentum: float, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        del self._state["gamma"], self._state["beta"]

    def _arrays(self) -> Any:
        kept = self._state
        return None, None, kept["running_mean"].copy(), kept["running_var"].copy()


class BareLayer:
    """Offers a layer without gamma and beta."""

    affine_parameters = "none"

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _BareLayer(channels, momentum, eps)


class _FoldingLayer(_Layer):
    """Keeps scale and shift for inference until the state changes."""

    def __init__(self, channels: int, momentum: float, eps: float) -> None:
        super().__init__(channels, momentum, eps)
        self._folded: Any = None

    def train(self, x: Any) -> Any:
        self._folded = None
        return super().train(x)

    def load(self, state: dict[str, Any]) -> None:
        self._folded = None
        super().load(state)

    def infer(self, x: Any) -> Any:
        _, backward = super().infer(x)
        if self._folded is None:
            gamma, beta, mean, var = self._arrays()
            scale = gamma / np.sqrt(var + self.eps)
            self._folded = scale, beta - mean * scale
        scale, shift = (a.reshape(-1, *[1] * (x.ndim - 2)) for a in self._folded)
        return x * scale + shift, backward


class FoldingLayer:
    """Offers a layer that keeps its folded inference until the state changes."""

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _FoldingLayer(channels, momentum, eps)


class _InPlaceLayer(_Layer):
    def train(self, x: Any) -> Any:
        y, mean, var, backward = self._step(x, self.momentum)
        self._state["running_mean"][:] = mean
        self._state["running_var"][:] = var
        return y, backward

    def load(self, state: dict[str, Any]) -> None:
        for name, buffer in self._state.items():
            buffer[:] = state[name]


class InPlaceLayer:
    """Offers a layer that updates its own buffers in place."""

    def layer(self, channels: int, *, momentum: float, eps: float) -> Any:
        """Make a layer."""
        return _InPlaceLayer(channels, momentum, eps)
