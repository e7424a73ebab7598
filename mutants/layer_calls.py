"""Layers that go wrong by the order of calls, the rank of x, or very many steps and values."""

from functools import partial
from typing import Any

import numpy as np

from bnproof.mutants import layer_life
from bnproof.reference.checks import Array
from bnproof.reference.layer import Backward, Layer

living = partial(layer_life.living, family="layer-calls")

RANKS = ("layer, several ranks",)
LONG = ("layer, long life",)
WAITING = ("layer, backward later",)
BACKWARD = ("layer/training", "layer/evaluation")


@living(
    "no-average-after-a-thousand-steps",
    "After 1,000 steps the running statistics stay as they are.",
    "Move them with each batch.",
    shown_by=LONG,
)
class _ThousandSteps(Layer):
    steps = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        before, self.steps = dict(self._arrays), self.steps + 1
        results = super().train(x)
        if self.steps > 1000:
            self._arrays = before
        return results


@living(
    "count-of-ten-bits",
    "The batches are counted in 10 bits, and the first one sets the statistics.",
    "Count them in an integer of any size.",
    shown_by=LONG,
)
class _TenBits(Layer):
    steps = 0

    def train(self, x: Array) -> tuple[Array, Backward]:
        self.steps = (self.steps + 1) % 1024
        if self.steps == 0:
            self._arrays["running_mean"] = self._arrays["running_mean"] * 0
        return super().train(x)


@living(
    "large-batches-not-averaged",
    "A batch of more than 100,000 elements does not move the running variance.",
    "Any batch moves it.",
    shown_by=("layer of many values",),
)
class _LargeNotAveraged(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        before = self._arrays["running_var"]
        results = super().train(x)
        if x.size > 100_000:
            self._arrays["running_var"] = before
        return results


@living(
    "mode-left-by-refused-batch",
    "After a refused batch, evaluation uses the statistics of its own batch.",
    "Set the mode back whatever happens.",
    shown_by=("layer, rank", "layer of"),
)
class _ModeLeft(Layer):
    training = False

    def train(self, x: Array) -> tuple[Array, Backward]:
        self.training = True
        results = super().train(x)
        self.training = False
        return results

    def infer(self, x: Array) -> tuple[Array, Backward]:
        if not self.training or x.size == x.shape[1]:
            return super().infer(x)
        y, _, _, backward = self._functions.train(
            x, *self._arrays.values(), momentum=0.5, eps=self._eps
        )
        return y, backward


@living(
    "counted-though-refused",
    "A batch of one value per channel is refused after the running mean has moved on by half.",
    "Check the batch first.",
    shown_by=("layer, rank", "layer of"),
)
class _MovedThoughRefused(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        if x.size == x.shape[1]:
            self._arrays["running_mean"] = self._arrays["running_mean"] * 0.5
        return super().train(x)


@living(
    "matrices-after-images",
    "Once a layer has seen images, batches of rank 2 do not move its statistics.",
    "Look at the rank of each batch.",
    shown_by=RANKS,
)
class _MatricesAfterImages(Layer):
    spatial = False

    def train(self, x: Array) -> tuple[Array, Backward]:
        self.spatial |= x.ndim > 2
        before = dict(self._arrays)
        results = super().train(x)
        if self.spatial and x.ndim == 2:
            self._arrays = before
        return results


@living(
    "axes-of-the-first-rank",
    "In evaluation of images a layer that began with matrices shifts each row by its number.",
    "Form shapes from the rank of each batch.",
    shown_by=RANKS,
)
class _FirstRank(Layer):
    rank = 0

    def infer(self, x: Array) -> tuple[Array, Backward]:
        self.rank = self.rank or x.ndim
        y, backward = super().infer(x)
        if self.rank == 2 < x.ndim:
            y += np.arange(y.shape[2], dtype=y.dtype).reshape(-1, *(1,) * (y.ndim - 3))
        return y, backward


@living(
    "channels-last-mixed-up",
    "Of images whose channels lie last in memory, the running mean is in reverse order.",
    "Average over all axes but that of the channels.",
    shown_by=RANKS,
)
class _ChannelsLastMixedUp(Layer):
    def train(self, x: Array) -> tuple[Array, Backward]:
        results = super().train(x)
        if x.ndim == 4 and min(x.shape) > 1 and x.strides[1] == x.itemsize:
            self._arrays["running_mean"] = self._arrays["running_mean"][::-1].copy()
        return results


@living(
    "backward-by-the-last-mode",
    "backward takes the formula of the mode that the layer was in last.",
    "Take that of the call which it belongs to.",
    caught_by=BACKWARD,
    shown_by=WAITING,
)
class _LastMode(Layer):
    last: Any = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        self.last = None
        other: list[Backward] = []

        def by_mode(dy: Array) -> Any:
            if self.last is not None and not other:
                return self.last(dy) if self.last_shape == dy.shape else backward(dy)
            other.append(backward)
            return backward(dy)

        return y, by_mode

    def infer(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().infer(x)
        self.last, self.last_shape = backward, y.shape
        return y, backward


@living(
    "one-backward-waits",
    "A forward whose backward was not called yet is replaced by the next one.",
    "Keep what backward needs with each call.",
    caught_by=BACKWARD,
    shown_by=WAITING,
)
class _OneWaits(Layer):
    waiting: Any = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        self.waiting = backward, y.shape
        done: list[Backward] = []

        def waits(dy: Array) -> Any:
            if not done:
                inner, shape = self.waiting
                done.append(inner if shape == dy.shape else backward)
            return done[0](dy)

        return y, waits


@living(
    "freed-by-evaluation",
    "Evaluation frees what the last training call keeps, unless its backward has been called.",
    "Keep it for as long as backward may be called.",
    caught_by=BACKWARD,
    shown_by=WAITING,
)
class _FreedByEvaluation(Layer):
    open: Any = None

    def train(self, x: Array) -> tuple[Array, Backward]:
        y, backward = super().train(x)
        self.open = state = {"freed": False, "called": False}

        def frees(dy: Array) -> Any:
            state["called"] = True
            dx, dgamma, dbeta = backward(dy)
            return (dx * 0 if state["freed"] else dx), dgamma, dbeta

        return y, frees

    def infer(self, x: Array) -> tuple[Array, Backward]:
        if self.open is not None and not self.open["called"]:
            self.open["freed"] = True
        return super().infer(x)
