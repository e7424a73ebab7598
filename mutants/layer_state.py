"""Layers that lose, share or fail to restore their state."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from bnproof.engine.model.names import PARAMETERS, STATISTICS
from bnproof.mutants.decorators import register
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Layered
from bnproof.reference.checks import Array
from bnproof.reference.layer import Backward, Layer

TRAINING = ("layer/training", "layer/evaluation", "layer/state")


def _layer(
    name: str, mistake: str, repair: str, *, issues: tuple[str, ...] = ()
) -> Callable[[type[Layer]], type[Layer]]:
    """Return a decorator that registers the implementation whose layer is the class below it."""

    def noted(kind: type[Layer]) -> type[Layer]:
        make = type(kind.__name__, (Layered,), {"kind": kind})
        id_ = f"layer-state/{name}"
        return register(kind, Mutant(id_, mistake, repair, issues, TRAINING, make))

    return noted


@_layer(
    "backward-with-present-gamma",
    "backward reads gamma when it is called, after another state was loaded.",
    "Keep the gamma that forward multiplied by, or a version that tells of the change.",
)
class _BackwardWithPresentGamma(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        used = self._arrays["gamma"]

        def rescaled(dy: Array) -> Any:
            dx, dgamma, dbeta = backward(dy)
            ratio = self._arrays["gamma"] / np.where(used == 0, 1, used)
            return (dx * ratio.reshape(-1, *(1,) * (x.ndim - 2))).astype(x.dtype), dgamma, dbeta

        return y, rescaled


@_layer(
    "shared-by-layers",
    "Layers of equal width share their parameters and statistics.",
    "Give each layer arrays of its own.",
    issues=("dreamquark-ai/tabnet#76",),
)
class _SharedStatistics(Layer):
    shared: ClassVar[dict[int, dict[str, Array]]] = {}

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._arrays = self.shared.setdefault(channels, self._arrays)


@_layer(
    "state-is-live",
    "state() returns the layer's own arrays, which the next step changes.",
    "Return copies.",
)
class _StateIsLive(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before = dict(self._arrays)
        results = super().train(x)
        for name in STATISTICS:
            before[name][...] = self._arrays[name]
            self._arrays[name] = before[name]
        return results

    def state(self) -> dict[str, Any]:
        return {**self._arrays, "batches_seen": self._batches_seen}


@_layer(
    "load-keeps-references",
    "load() keeps the arrays that it is given.",
    "Copy them.",
)
class _LoadKeepsReferences(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self._arrays.update({name: np.asarray(state[name]) for name in self._arrays})


@_layer(
    "load-parameters-only",
    "load() restores gamma and beta, not the running statistics.",
    "Restore buffers as well as parameters.",
    issues=("PaddlePaddle/PARL#25", "HorizonRobotics/alf#1087", "FlyreelAI/sesemi#36"),
)
class _LoadParametersOnly(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({k: v for k, v in state.items() if k not in STATISTICS})


@_layer(
    "load-statistics-only",
    "load() restores the running statistics, not gamma and beta.",
    "Restore all four.",
)
class _LoadStatisticsOnly(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({k: v for k, v in state.items() if k not in PARAMETERS})


@_layer(
    "load-interchanges-statistics",
    "load() takes the running mean for the variance and the variance for the mean.",
    "Restore by name.",
    issues=("gmalivenko/pytorch2keras#120",),
)
class _LoadInterchanges(Layer):
    def load(self, state: dict[str, Any]) -> None:
        mean, var = (state[name] for name in STATISTICS)
        super().load({**state, "running_mean": var, "running_var": mean})


@_layer(
    "load-resets-counter",
    "load() sets the number of batches seen to 0.",
    "Restore it: the cumulative average needs it.",
    issues=("pytorch/pytorch#110361", "pytorch/pytorch#110850"),
)
class _LoadResetsCounter(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "batches_seen": 0})


@_layer(
    "load-takes-off-eps",
    "load() subtracts eps from the running variance.",
    "Restore it as it was saved.",
    issues=("facebookresearch/detectron2#3160",),
)
class _LoadTakesOffEps(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "running_var": np.maximum(state["running_var"] - self._eps, 0)})


@_layer(
    "counter-of-8-bits",
    "The number of batches seen wraps around at 256.",
    "Count in 64 bits.",
)
class _CounterOf8Bits(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        results = super().train(x)
        self._batches_seen %= 256
        return results


@_layer(
    "moved-by-evaluation",
    "Evaluation moves the running mean.",
    "Only training moves the statistics.",
    issues=("FluxML/Flux.jl#1429", "chainer/chainer#1580"),
)
class _EvaluationTrains(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        results = super().infer(x)
        mean = self._arrays["running_mean"]
        self._arrays["running_mean"] = mean * mean.dtype.type(0.875)
        return results


@_layer(
    "frozen-by-evaluation",
    "After the first evaluation the statistics do not move any more.",
    "Restore the momentum when training goes on.",
    issues=("mlcommons/algorithmic-efficiency#798",),
)
class _EvaluationFreezes(Layer):
    frozen = False

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self.frozen = True
        return super().infer(x)

    def train(self, x: Array) -> tuple[Array, Backward]:
        before: dict[str, Array] = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        if self.frozen:
            self._arrays.update(before)
        return results


@_layer(
    "updated-in-backward",
    "The statistics move when backward is called, not in the forward pass.",
    "Update them in the forward pass of training, once.",
    issues=("facebookresearch/fairscale#1035",),
)
class _UpdatedInBackward(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before: dict[str, Array] = {name: self._arrays[name] for name in STATISTICS}
        y, backward = super().train(x)
        after: dict[str, Array] = {name: self._arrays[name] for name in STATISTICS}
        self._arrays.update(before)

        def updating(dy: Array) -> Any:
            self._arrays.update(after)
            return backward(dy)

        return y, updating


@_layer(
    "updated-again-in-backward",
    "backward computes the forward pass again, which moves the statistics a second time.",
    "Do not update in a recomputation.",
    issues=(
        "pytorch/pytorch#96136",
        "Tencent/YOLO-Master#262",
        "gpleiss/efficient_densenet_pytorch#73",
    ),
)
class _UpdatedAgainInBackward(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)

        def recomputing(dy: Array) -> Any:
            super(_UpdatedAgainInBackward, self).train(x)
            return backward(dy)

        return y, recomputing


@_layer(
    "backward-of-last-batch",
    "backward is that of the last batch, whichever forward it came from.",
    "Keep what backward needs with the call.",
)
class _BackwardOfLastBatch(Layer):
    last: Backward

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, self.last = super().train(x)
        return y, lambda dy: self.last(dy)  # noqa: PLW0108  # looked up when called


@_layer(
    "backward-shared-by-layers",
    "Layers share what backward needs.",
    "Keep what backward needs with the call.",
    issues=("dreamquark-ai/tabnet#76",),
)
class _BackwardSharedByLayers(Layer):
    last: ClassVar[dict[tuple[int, ...], Backward]] = {}

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, self.last[x.shape] = super().train(x)
        return y, lambda dy: self.last[x.shape](dy)  # noqa: PLW0108  # likewise


@_layer(
    "stale-in-evaluation",
    "Evaluation uses the statistics as they were loaded.",
    "Use those that training has moved since.",
    issues=("tinygrad/tinygrad#17206", "ml-explore/mlx#1960"),
)
class _StaleInEvaluation(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self.snapshot = dict(self._arrays)

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.snapshot = dict(self._arrays)

    def infer(self, x: Array) -> tuple[Array, Backward]:
        current, self._arrays = self._arrays, self.snapshot
        results = super().infer(x)
        self._arrays = current
        return results


@_layer(
    "smaller-batch-skipped",
    "A batch smaller than those before does not move the statistics.",
    "Every training batch does.",
)
class _SmallerBatchSkipped(Layer):
    largest = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        before: dict[str, Array] = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        if len(x) < self.largest:
            self._arrays.update(before)
        self.largest = max(self.largest, len(x))
        return results


@_layer(
    "changed-before-the-error",
    "A batch with one value per channel raises an error after the statistics have changed.",
    "Check first.",
    issues=("pytorch/pytorch#1381",),
)
class _UpdatedBeforeError(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        if x.size == len(self._arrays["gamma"]):
            self._arrays["running_mean"] = self._arrays["running_mean"] * 0
        return super().train(x)


@_layer(
    "default-eps",
    "The layer ignores the eps that it is made with.",
    "Hand it on.",
    issues=("qualcomm/aimet#1957",),
)
class _DefaultSettings(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **{**settings, "eps": 1e-5})


@_layer(
    "default-momentum",
    "The layer ignores the momentum that it is made with.",
    "Hand it on.",
)
class _DefaultMomentum(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **{**settings, "momentum": 0.1})


@_layer(
    "trains-in-evaluation",
    "After many steps evaluation normalises by the batch and moves the statistics.",
    "Keep the mode with the call.",
    issues=("DLR-RM/stable-baselines3#535",),
)
class _ReplacedInEvaluation(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        if self._batches_seen > 250:
            return super().train(x)
        return super().infer(x)
