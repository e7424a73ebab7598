"""Layers that go wrong as they live: by size, by number, by age, or by what they remember."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from bnproof.engine.model.names import STATISTICS
from bnproof.mutants.decorators import register
from bnproof.mutants.mutant import Dtype, Mutant
from bnproof.mutants.parts import Layered
from bnproof.reference.checks import Array
from bnproof.reference.layer import Backward, Layer

LIVES = ("layer/training", "layer/evaluation", "layer/state")
SHOWN = ("layer of", "layers of", "layer, long", "many layers")
"""What the names of long lives begin with."""


def living(
    name: str,
    mistake: str,
    repair: str,
    *,
    caught_by: tuple[str, ...] = LIVES,
    dtypes: tuple[Dtype, ...] = ("float32",),
    shown_by: tuple[str, ...] = SHOWN,
    family: str = "layer-life",
) -> Callable[[type[Layer]], type[Layer]]:
    """Return a decorator that registers the implementation whose layer is the class below it."""

    def noted(kind: type[Layer]) -> type[Layer]:
        make = type(kind.__name__, (Layered,), {"kind": kind})
        id_ = f"{family}/{name}"
        described = Mutant(
            id_, mistake, repair, (), caught_by, make, dtypes=dtypes, shown_by=shown_by
        )
        return register(kind, described)

    return noted


@living(
    "workspace-of-the-first-batch",
    "The workspace has the size of the first batch: of a larger one the rest is not normalised.",
    "Let it grow.",
)
class _WorkspaceOfTheFirstBatch(Layer):
    size = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        self.size = self.size or len(x)
        y, backward = super().train(x)
        if len(x) > self.size:
            y[self.size :] = x[self.size :]
        return y, backward


@living(
    "rest-of-a-larger-batch",
    "A smaller batch is averaged with what a larger one left in the workspace.",
    "Look at the present batch alone.",
)
class _RestOfALargerBatch(Layer):
    held: Array | None = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        held = self.held
        if held is None or len(x) >= len(held):
            self.held = x.copy()
            return super().train(x)
        before = self._arrays["running_mean"].copy()
        results = super().train(x)
        axes = (0, *range(2, x.ndim))
        filled = np.concatenate([x, held[len(x) :]]).astype(np.float64)
        moved = (before + filled.mean(axis=axes)) / 2
        self._arrays["running_mean"] = moved.astype(before.dtype)
        return results


@living(
    "gamma-beyond-32-channels",
    "gamma of channels beyond the 32nd is taken for 1.",
    "Scale all channels.",
)
class _GammaBeyond32(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        whole = self._arrays["gamma"]
        self._arrays["gamma"] = np.where(np.arange(len(whole)) < 32, whole, 1).astype(whole.dtype)
        try:
            return super().train(x)
        finally:
            self._arrays["gamma"] = whole


@living(
    "statistics-beyond-64-channels",
    "The running statistics of channels beyond the 64th are never updated.",
    "Update all channels.",
)
class _StatisticsBeyond64(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before = {name: self._arrays[name] for name in STATISTICS}
        results = super().train(x)
        for name, old in before.items():
            self._arrays[name][64:] = old[64:]
        return results


class _Remembers(Layer):
    """Evaluates by statistics that it remembers for some time."""

    used: dict[str, Array] | None = None

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self.used = self.used or dict(self._arrays)
        now, self._arrays = self._arrays, self.used
        try:
            return super().infer(x)
        finally:
            self._arrays = now


@living(
    "evaluation-not-renewed-by-load",
    "Evaluation goes by weights that were folded before another state was loaded.",
    "Fold again after load.",
)
class _NotRenewedByLoad(_Remembers):
    def train(self, x: Array) -> tuple[Array, Backward]:
        self.used = None
        return super().train(x)


@living(
    "evaluation-not-renewed-by-training",
    "Evaluation goes by weights that were folded before the last training step.",
    "Fold again after each step.",
)
class _NotRenewedByTraining(_Remembers):
    def load(self, state: dict[str, Any]) -> None:
        self.used = None
        super().load(state)


@living(
    "folded-once",
    "The weights of evaluation are folded at its first call and never again.",
    "Fold again after each change of the state.",
)
class _FoldedOnce(_Remembers):
    pass


@living(
    "correction-of-the-first-batch",
    "Bessel's correction is that of the first batch's size.",
    "Use the size of the present batch.",
)
class _CorrectionOfTheFirstBatch(Layer):
    first = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        count = x.size // x.shape[1]
        self.first = self.first or count
        before = self._arrays["running_var"].astype(np.float64)
        results = super().train(x)
        kept = 1 - float(self._momentum) if self._momentum is not None else 0.0
        added = self._arrays["running_var"] - kept * before
        factor = (self.first / (self.first - 1)) / (count / (count - 1))
        moved = kept * before + added * factor
        self._arrays["running_var"] = moved.astype(self._arrays["running_var"].dtype)
        return results


@living(
    "statistics-through-single",
    "The running statistics of a layer for float64 pass through float32.",
    "Keep them in float64.",
    dtypes=("float64",),
)
class _ThroughSingle(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        results = super().train(x)
        for name in STATISTICS:
            held = self._arrays[name]
            self._arrays[name] = held.astype(np.float32).astype(held.dtype)
        return results


@living(
    "restarts-after-512",
    "The count of batches has nine bits, and at 0 the averages start again.",
    "Count in 64 bits.",
)
class _RestartsAfter512(Layer):
    steps = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        momentum = self._momentum
        self.steps = (self.steps + 1) % 512
        if self.steps == 0:
            self._momentum = 1.0
        try:
            return super().train(x)
        finally:
            self._momentum = momentum


@living(
    "weight-shrinks-with-age",
    "After 256 steps a step weighs half as much.",
    "The weight is that of the momentum, always.",
)
class _WeightShrinks(Layer):
    steps = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        momentum = self._momentum
        self.steps += 1
        if self.steps > 256 and momentum is not None:
            self._momentum = momentum / 2
        try:
            return super().train(x)
        finally:
            self._momentum = momentum


@living(
    "every-hundredth-step-skipped",
    "Every hundredth training step leaves the running statistics.",
    "Each step moves them.",
)
class _HundredthSkipped(Layer):
    steps = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        before = dict(self._arrays)
        results = super().train(x)
        self.steps += 1
        if self.steps % 100 == 0:
            self._arrays = before
        return results


@living(
    "long-evaluation-moves-the-mean",
    "Every 200th evaluation moves the running mean to the batch's.",
    "Evaluation leaves the statistics.",
)
class _LongEvaluation(Layer):
    evaluations = 0

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self.evaluations += 1
        results = super().infer(x)
        if self.evaluations % 200 == 0:
            mean = x.astype(np.float64).mean(axis=(0, *range(2, x.ndim)))
            self._arrays["running_mean"] = mean.astype(self._arrays["running_mean"].dtype)
        return results


@living(
    "strided-by-memory",
    "x is read in the order of its memory, whatever its strides.",
    "Read it by its strides, or copy it.",
)
class _StridedByMemory(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        return super().train(x.ravel(order="K").reshape(x.shape))


@living(
    "strided-evaluation-by-memory",
    "In evaluation x is read in the order of its memory.",
    "Read it by its strides, or copy it.",
)
class _StridedEvaluation(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        return super().infer(x.ravel(order="K").reshape(x.shape))


@living(
    "eps-at-least-1e-5",
    "A layer raises an eps below 1e-5; the functions do not.",
    "Take eps as it is given.",
    shown_by=("through a layer", *SHOWN),
)
class _EpsAtLeast(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        settings["eps"] = max(settings["eps"], 1e-5)
        super().__init__(functions, channels, **settings)


@living(
    "momentum-with-two-digits",
    "A layer rounds its momentum to two digits.",
    "Take it as it is given.",
    caught_by=(*LIVES, "running/one-step", "running/many-steps"),
)
class _MomentumWithTwoDigits(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        momentum = settings["momentum"]
        settings["momentum"] = momentum if momentum is None else round(momentum, 2)
        super().__init__(functions, channels, **settings)


@living(
    "gamma-loaded-into-beta",
    "load() puts gamma into beta as well if there are more than 16 channels.",
    "Restore by name.",
)
class _GammaIntoBeta(Layer):
    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        if len(self._arrays["beta"]) > 16:
            self._arrays["beta"] = self._arrays["gamma"].copy()


@living(
    "y-in-a-shared-buffer",
    "Layers of equal width return y in one buffer, which the next call overwrites.",
    "Return memory that the caller owns.",
)
class _SharedBuffer(Layer):
    buffers: ClassVar[dict[tuple[int, ...], Array]] = {}

    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(x)
        held = self.buffers.setdefault((*y.shape, y.dtype.itemsize), np.empty_like(y))
        if held.dtype != y.dtype:
            return y, backward
        held[...] = y
        return held, backward


@living(
    "eight-layers-at-most",
    "Layers keep their running means in eight slots: the ninth takes that of the first.",
    "Give each layer its own.",
)
class _EightLayers(Layer):
    made: ClassVar[int] = 0
    slots: ClassVar[dict[int, Array]] = {}

    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self.slot = type(self).made % 8
        type(self).made += 1
        self.slots[self.slot] = self._arrays["running_mean"]

    def train(self, x: Array) -> tuple[Array, Backward]:
        held = self.slots[self.slot]
        if held.shape == self._arrays["running_mean"].shape:
            self._arrays["running_mean"] = held
        results = super().train(x)
        self.slots[self.slot] = self._arrays["running_mean"]
        return results

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.slots[self.slot] = self._arrays["running_mean"]


@living(
    "four-contexts",
    "Only the last four calls of a layer can be gone back through; older ones use the oldest.",
    "Let each backward keep what it needs.",
)
class _FourContexts(Layer):
    def __init__(self, functions: Any, channels: int, **settings: Any) -> None:
        super().__init__(functions, channels, **settings)
        self.contexts: list[Backward] = []

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        self.contexts = [*self.contexts, backward][-4:]
        shape = x.shape

        def late(dy: Array) -> Any:
            if any(held is backward for held in self.contexts):
                return backward(dy)
            try:
                dx, dgamma, dbeta = self.contexts[0](dy)
            except ValueError:  # of another size
                return np.zeros(shape, dy.dtype), *backward(dy)[1:]
            return dx, dgamma, dbeta

        return y, late


@living(
    "odd-example-dropped",
    "Evaluation of an odd number of examples above 4 leaves the last as it is.",
    "Normalise all of them.",
)
class _OddExampleDropped(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(x)
        if len(x) > 4 and len(x) % 2:
            y[-1] = x[-1]
        return y, backward


@living(
    "batch-of-two-not-counted",
    "A batch of two examples does not move the running statistics.",
    "Any batch with two values per channel moves them.",
)
class _BatchOfTwo(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before = dict(self._arrays)
        results = super().train(x)
        if len(x) == 2:
            self._arrays = before
        return results


@living(
    "first-1024-examples",
    "The running mean goes by the first 1,024 examples of a batch.",
    "Go by all of them.",
)
class _First1024(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        if len(x) <= 1024:
            return super().train(x)
        other = Layer(
            self._functions, x.shape[1], momentum=self._momentum, eps=self._eps, dtype=x.dtype.name
        )
        other.load(self.state())
        other.train(np.ascontiguousarray(x[:1024]))
        results = super().train(x)
        self._arrays["running_mean"] = other.state()["running_mean"]
        return results


@living(
    "narrow-layer-takes-wide-state",
    "A layer takes the running mean of the widest layer, cut to its own width.",
    "Keep statistics by layer.",
)
class _TakesWideState(Layer):
    widest: ClassVar[list[Array]] = []

    def train(self, x: Array) -> tuple[Array, Backward]:
        width = x.shape[1]
        results = super().train(x)
        if not self.widest or len(self.widest[0]) <= width:
            self.widest[:] = [self._arrays["running_mean"].copy()]
        else:
            held = self._arrays["running_mean"]
            self._arrays["running_mean"] = self.widest[0][:width].astype(held.dtype)
        return results


@living(
    "statistics-clipped-by-layer",
    "A layer normalises by a variance of at least 1e-4; the functions do not.",
    "Add eps, and nothing else.",
    caught_by=("forward/agreement", "forward/unit-variance"),
    shown_by=("through a layer",),
)
class _ClippedByLayer(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        wide = x.astype(np.float64)
        var = wide.var(axis=(0, *range(2, x.ndim)))
        floor = np.sqrt((var + self._eps) / (np.maximum(var, 1e-4) + self._eps))
        gamma = self._arrays["gamma"]
        self._arrays["gamma"] = (gamma * floor).astype(gamma.dtype)
        try:
            return super().train(x)
        finally:
            self._arrays["gamma"] = gamma


@living(
    "one-pass-by-layer",
    "A layer forms y from a one-pass variance; the functions do not.",
    "Subtract the mean first in both.",
    caught_by=("forward/agreement", "forward/unit-variance", "forward/constant-feature"),
    shown_by=("through a layer",),
)
class _OnePassByLayer(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        axes, shape = (0, *range(2, x.ndim)), (-1, *(1,) * (x.ndim - 2))
        work: Array = x.astype(np.float64 if x.dtype == np.float64 else np.float32)
        mean = np.asarray(work.mean(axis=axes))
        var = np.maximum(np.asarray((work * work).mean(axis=axes)) - mean * mean, 0)
        scale = np.asarray(self._arrays["gamma"] / np.sqrt(var + self._eps)).reshape(shape)
        shift = np.asarray(self._arrays["beta"] - mean * scale.reshape(-1)).reshape(shape)
        return np.asarray(work * scale + shift).astype(y.dtype), backward


@living(
    "x-kept-by-layer",
    "A layer centres x in the caller's array.",
    "Leave x as it is.",
    caught_by=("layer/state", "forward/inputs-unchanged"),
    shown_by=("layer", "through a layer"),
)
class _XKeptByLayer(Layer):
    def infer(self, x: Array) -> tuple[Array, Backward]:
        results = super().infer(x)
        if x.flags.writeable:
            mean = self._arrays["running_mean"].reshape(-1, *(1,) * (x.ndim - 2))
            x -= mean.astype(x.dtype)
        return results
