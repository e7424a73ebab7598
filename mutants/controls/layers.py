"""Layers that keep their state in unusual ways, none of which a caller can see."""

from typing import Any

import numpy as np

from bnproof.engine.model.names import STATISTICS
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Layered
from bnproof.reference.checks import Array
from bnproof.reference.layer import Backward, Layer


class _Allocated(Layer):
    """Has no arrays until something is asked of it."""

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._made, self._arrays = self._arrays, {}

    def _allocate(self) -> None:
        self._arrays = self._arrays or {k: v.copy() for k, v in self._made.items()}

    def train(self, x: Array) -> tuple[Array, Backward]:
        self._allocate()
        return super().train(x)

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self._allocate()
        return super().infer(x)

    def state(self) -> dict[str, Any]:
        self._allocate()
        return super().state()

    def load(self, state: dict[str, Any]) -> None:
        self._allocate()
        super().load(state)


class _InDouble(Layer):
    """Keeps and reports its state in float64, for x of any dtype."""

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._arrays = {k: v.astype(np.float64) for k, v in self._arrays.items()}


class _RoundedWhenReported(_InDouble):
    """Keeps its state in float64, and reports it in float32."""

    def state(self) -> dict[str, Any]:
        kind = np.float64 if self._double else np.float32
        made = super().state()
        return {k: v.astype(kind) if isinstance(v, np.ndarray) else v for k, v in made.items()}

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._double = settings.get("dtype") == "float64"


class _Folded(Layer):
    """Evaluates by a folded scale and shift, until a step or a load makes them invalid."""

    folded: tuple[Array, Array] | None = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        self.folded = None
        return super().train(x)

    def load(self, state: dict[str, Any]) -> None:
        self.folded = None
        super().load(state)

    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(x)
        if self.folded is None:
            gamma, beta, mean, var = (a.astype(np.float64) for a in self._arrays.values())
            scale = gamma / np.sqrt(var + self._eps)
            self.folded = scale, beta - mean * scale
        shape = -1, *(1,) * (x.ndim - 2)
        scale, shift = (a.reshape(shape) for a in self.folded)
        return np.asarray(x.astype(np.float64) * scale + shift).astype(y.dtype), backward


class _Workspace(Layer):
    """Works in memory that grows with the largest batch, and returns copies."""

    space: Array = np.empty(0)

    def _placed(self, x: Array) -> Array:
        if self.space.size < x.size or self.space.dtype != x.dtype:
            self.space = np.empty(2 * x.size, x.dtype)
        placed = self.space[: x.size].reshape(x.shape)
        placed[...] = x
        return placed

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(self._placed(x))
        return y.copy(), backward

    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(self._placed(x))
        return y.copy(), backward


class _Deferred(Layer):
    """Moves its averages only when they are needed: at the next step, evaluation or state."""

    waiting: dict[str, Array] | None = None

    def _catch_up(self) -> None:
        if self.waiting is not None:
            self._arrays.update(self.waiting)
            self.waiting = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        self._catch_up()
        before: dict[str, Array] = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        self.waiting = {name: self._arrays[name] for name in STATISTICS}
        self._arrays.update(before)
        return results

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self._catch_up()
        return super().infer(x)

    def state(self) -> dict[str, Any]:
        self._catch_up()
        return super().state()

    def load(self, state: dict[str, Any]) -> None:
        self._catch_up()
        super().load(state)


class _Packed(Layer):
    """Keeps the four arrays as rows of one."""

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._pack()

    def _pack(self) -> None:
        whole = np.stack(list(self._arrays.values()))
        self._arrays = dict(zip(self._arrays, whole, strict=True))

    def train(self, x: Array) -> tuple[Array, Backward]:
        results = super().train(x)
        self._pack()
        return results

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self._pack()


class _LiveStatistics(Layer):
    """The backward of an evaluation goes by the running variance at its own time, as PyTorch's."""

    loads = 0

    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(x)
        used, loads = self._arrays["running_var"], self.loads

        def rescaled(dy: Array) -> Any:
            if loads != self.loads:
                message = "the state has changed since this evaluation"
                raise RuntimeError(message)
            dx, *parameters = backward(dy)
            present = self._arrays["running_var"]
            if present is not used:
                ratio = np.sqrt((used + self._eps) / (present + self._eps))
                dx = (dx * ratio.reshape(-1, *(1,) * (x.ndim - 2))).astype(x.dtype)
            return dx, *parameters

        return y, rescaled

    def load(self, state: dict[str, Any]) -> None:
        self.loads += 1
        super().load(state)


@control("lazily-allocated-layer", "A layer allocates its state at the first use.")
class _LazilyAllocated(Layered):
    kind = _Allocated


@control("layer-in-double", "A layer keeps its state in float64, and reports it so.")
class _LayerInDouble(Layered):
    kind = _InDouble


@control("layer-rounded-when-reported", "A layer keeps float64 and reports float32.")
class _LayerRounded(Layered):
    kind = _RoundedWhenReported


@control("layer-with-folded-weights", "Evaluation is folded until the state changes.")
class _LayerFolded(Layered):
    kind = _Folded


@control("layer-with-workspace", "A layer works in memory that grows, and returns copies.")
class _LayerWithWorkspace(Layered):
    kind = _Workspace


@control("layer-that-defers", "A layer moves its averages when they are next needed.")
class _LayerThatDefers(Layered):
    kind = _Deferred


@control("layer-with-packed-state", "A layer keeps its four arrays in one.")
class _LayerPacked(Layered):
    kind = _Packed


@control("layer-with-live-statistics", "backward of an evaluation reads the present statistics.")
class _LayerLive(Layered):
    kind = _LiveStatistics
