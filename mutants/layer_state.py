"""Layers that lose, share or fail to restore their state."""

from typing import Any, ClassVar

import numpy as np

from bnproof.engine.model.names import PARAMETERS, STATISTICS
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Layered
from bnproof.reference.checks import Array
from bnproof.reference.layer import Backward, Layer

TRAINING = ("layer/training", "layer/evaluation", "layer/state")


class _SharedStatistics(Layer):
    shared: ClassVar[dict[int, dict[str, Array]]] = {}

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self._arrays = self.shared.setdefault(channels, self._arrays)


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


class _LoadKeepsReferences(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self._arrays.update({name: np.asarray(state[name]) for name in self._arrays})


class _LoadParametersOnly(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({k: v for k, v in state.items() if k not in STATISTICS})


class _LoadStatisticsOnly(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({k: v for k, v in state.items() if k not in PARAMETERS})


class _LoadInterchanges(Layer):
    def load(self, state: dict[str, Any]) -> None:
        mean, var = (state[name] for name in STATISTICS)
        super().load({**state, "running_mean": var, "running_var": mean})


class _LoadResetsCounter(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "batches_seen": 0})


class _LoadTakesOffEps(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load({**state, "running_var": np.maximum(state["running_var"] - self._eps, 0)})


class _CounterOf8Bits(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        results = super().train(x)
        self._batches_seen %= 256
        return results


class _EvaluationTrains(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        results = super().infer(x)
        mean = self._arrays["running_mean"]
        self._arrays["running_mean"] = mean * mean.dtype.type(0.875)
        return results


class _EvaluationFreezes(Layer):
    frozen = False

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self.frozen = True
        return super().infer(x)

    def train(self, x: Array) -> tuple[Array, Backward]:
        before = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        if self.frozen:
            self._arrays.update(before)
        return results


class _UpdatedInBackward(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before = {name: self._arrays[name] for name in STATISTICS}
        y, backward = super().train(x)
        after = {name: self._arrays[name] for name in STATISTICS}
        self._arrays.update(before)

        def updating(dy: Array) -> Any:
            self._arrays.update(after)
            return backward(dy)

        return y, updating


class _UpdatedAgainInBackward(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)

        def recomputing(dy: Array) -> Any:
            super(_UpdatedAgainInBackward, self).train(x)
            return backward(dy)

        return y, recomputing


class _BackwardOfLastBatch(Layer):
    last: Backward

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, self.last = super().train(x)
        return y, lambda dy: self.last(dy)  # noqa: PLW0108  # looked up when called


class _BackwardSharedByLayers(Layer):
    last: ClassVar[dict[tuple[int, ...], Backward]] = {}

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, self.last[x.shape] = super().train(x)
        return y, lambda dy: self.last[x.shape](dy)  # noqa: PLW0108  # likewise


class _BackwardWithPresentGamma(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        used = self._arrays["gamma"]

        def rescaled(dy: Array) -> Any:
            dx, dgamma, dbeta = backward(dy)
            ratio = self._arrays["gamma"] / np.where(used == 0, 1, used)
            return (dx * ratio.reshape(-1, *(1,) * (x.ndim - 2))).astype(x.dtype), dgamma, dbeta

        return y, rescaled


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


class _SmallerBatchSkipped(Layer):
    largest = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        before = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        if len(x) < self.largest:
            self._arrays.update(before)
        self.largest = max(self.largest, len(x))
        return results


class _UpdatedBeforeError(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        if x.size == len(self._arrays["gamma"]):
            self._arrays["running_mean"] = self._arrays["running_mean"] * 0
        return super().train(x)


class _DefaultSettings(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **{**settings, "eps": 1e-5})


class _DefaultMomentum(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **{**settings, "momentum": 0.1})


class _ReplacedInEvaluation(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        if self._batches_seen > 250:
            return super().train(x)
        return super().infer(x)


def _mutant(
    name: str, mistake: str, repair: str, kind: type[Layer], issues: tuple[str, ...] = ()
) -> Mutant:
    make = type(kind.__name__, (Layered,), {"kind": kind})
    return Mutant(f"layer-state/{name}", mistake, repair, issues, TRAINING, make)


MUTANTS = (
    _mutant(
        "backward-with-present-gamma",
        "backward reads gamma when it is called, after another state was loaded.",
        "Keep the gamma that forward multiplied by, or a version that tells of the change.",
        _BackwardWithPresentGamma,
    ),
    _mutant(
        "shared-by-layers",
        "Layers of equal width share their parameters and statistics.",
        "Give each layer arrays of its own.",
        _SharedStatistics,
        ("dreamquark-ai/tabnet#76",),
    ),
    _mutant(
        "state-is-live",
        "state() returns the layer's own arrays, which the next step changes.",
        "Return copies.",
        _StateIsLive,
    ),
    _mutant(
        "load-keeps-references",
        "load() keeps the arrays that it is given.",
        "Copy them.",
        _LoadKeepsReferences,
    ),
    _mutant(
        "load-parameters-only",
        "load() restores gamma and beta, not the running statistics.",
        "Restore buffers as well as parameters.",
        _LoadParametersOnly,
        ("PaddlePaddle/PARL#25", "HorizonRobotics/alf#1087", "FlyreelAI/sesemi#36"),
    ),
    _mutant(
        "load-statistics-only",
        "load() restores the running statistics, not gamma and beta.",
        "Restore all four.",
        _LoadStatisticsOnly,
    ),
    _mutant(
        "load-interchanges-statistics",
        "load() takes the running mean for the variance and the variance for the mean.",
        "Restore by name.",
        _LoadInterchanges,
        ("gmalivenko/pytorch2keras#120",),
    ),
    _mutant(
        "load-resets-counter",
        "load() sets the number of batches seen to 0.",
        "Restore it: the cumulative average needs it.",
        _LoadResetsCounter,
        ("pytorch/pytorch#110361", "pytorch/pytorch#110850"),
    ),
    _mutant(
        "load-takes-off-eps",
        "load() subtracts eps from the running variance.",
        "Restore it as it was saved.",
        _LoadTakesOffEps,
        ("facebookresearch/detectron2#3160",),
    ),
    _mutant(
        "counter-of-8-bits",
        "The number of batches seen wraps around at 256.",
        "Count in 64 bits.",
        _CounterOf8Bits,
    ),
    _mutant(
        "moved-by-evaluation",
        "Evaluation moves the running mean.",
        "Only training moves the statistics.",
        _EvaluationTrains,
        ("FluxML/Flux.jl#1429", "chainer/chainer#1580"),
    ),
    _mutant(
        "frozen-by-evaluation",
        "After the first evaluation the statistics do not move any more.",
        "Restore the momentum when training goes on.",
        _EvaluationFreezes,
        ("mlcommons/algorithmic-efficiency#798",),
    ),
    _mutant(
        "updated-in-backward",
        "The statistics move when backward is called, not in the forward pass.",
        "Update them in the forward pass of training, once.",
        _UpdatedInBackward,
        ("facebookresearch/fairscale#1035",),
    ),
    _mutant(
        "updated-again-in-backward",
        "backward computes the forward pass again, which moves the statistics a second time.",
        "Do not update in a recomputation.",
        _UpdatedAgainInBackward,
        (
            "pytorch/pytorch#96136",
            "Tencent/YOLO-Master#262",
            "gpleiss/efficient_densenet_pytorch#73",
        ),
    ),
    _mutant(
        "backward-of-last-batch",
        "backward is that of the last batch, whichever forward it came from.",
        "Keep what backward needs with the call.",
        _BackwardOfLastBatch,
    ),
    _mutant(
        "backward-shared-by-layers",
        "Layers share what backward needs.",
        "Keep what backward needs with the call.",
        _BackwardSharedByLayers,
        ("dreamquark-ai/tabnet#76",),
    ),
    _mutant(
        "stale-in-evaluation",
        "Evaluation uses the statistics as they were loaded.",
        "Use those that training has moved since.",
        _StaleInEvaluation,
        ("tinygrad/tinygrad#17206", "ml-explore/mlx#1960"),
    ),
    _mutant(
        "smaller-batch-skipped",
        "A batch smaller than those before does not move the statistics.",
        "Every training batch does.",
        _SmallerBatchSkipped,
    ),
    _mutant(
        "changed-before-the-error",
        "A batch with one value per channel raises an error after the statistics have changed.",
        "Check first.",
        _UpdatedBeforeError,
        ("pytorch/pytorch#1381",),
    ),
    _mutant(
        "default-eps",
        "The layer ignores the eps that it is made with.",
        "Hand it on.",
        _DefaultSettings,
        ("qualcomm/aimet#1957",),
    ),
    _mutant(
        "default-momentum",
        "The layer ignores the momentum that it is made with.",
        "Hand it on.",
        _DefaultMomentum,
    ),
    _mutant(
        "trains-in-evaluation",
        "After many steps evaluation normalises by the batch and moves the statistics.",
        "Keep the mode with the call.",
        _ReplacedInEvaluation,
        ("DLR-RM/stable-baselines3#535",),
    ),
)
