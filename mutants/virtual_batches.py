"""Mistakes in virtual batches (ghost batches)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnproof.mutants.ghost import Ghost
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Backward, Gradients, Parts, Results
from bnproof.reference.checks import Array

FORWARD = ("forward/agreement",)
BACKWARD = ("backward/agreement",)
RUNNING = ("running/one-step",)


@mutant(
    "virtual-batches/none",
    "All samples are normalized together, although virtual batches are declared.",
    "Normalize each virtual batch by its own statistics.",
    caught_by=FORWARD,
)
class _None(Ghost):
    def parts(self, x: Array) -> list[Any]:
        return [slice(0, len(x))]


@mutant(
    "virtual-batches/strided",
    "Virtual batches are made of every k-th sample.",
    "Take samples that follow each other.",
    caught_by=FORWARD,
)
class _Strided(Ghost):
    def parts(self, x: Array) -> list[Any]:
        count = max(1, -(-len(x) // self.virtual_batch))
        return [slice(begin, None, count) for begin in range(count)]


@mutant(
    "virtual-batches/half-as-large",
    "Virtual batches have half of the declared samples.",
    "Take as many as declared.",
    caught_by=FORWARD,
)
class _Half(Ghost):
    def parts(self, x: Array) -> list[Any]:
        half = self.virtual_batch // 2
        return [slice(b, b + half) for b in range(0, len(x), half)] or [slice(0, 0)]


@mutant(
    "virtual-batches/last-statistics-only",
    "Only the last virtual batch moves the running statistics.",
    "Let each move them in its turn.",
    caught_by=RUNNING,
)
class _LastOnly(Ghost):
    def next_statistics(
        self, before: tuple[Array, Array], after: tuple[Array, Array]
    ) -> tuple[Array, Array]:
        return before

    def train(self, *arguments: Any, **settings: Any) -> Results:
        self._moved = None
        y, _, _, backward = super().train(*arguments, **settings)
        x, gamma, beta, mean, var = arguments
        last = Parts.train(self, x[self.parts(x)[-1]], gamma, beta, mean, var, **settings)
        return y, last[1], last[2], backward


@mutant(
    "virtual-batches/averaged-together",
    "The mean of the virtual batches' statistics is one step, although each is declared to be one.",
    'Declare virtual_batch_averages = "together", or let each be a step.',
    caught_by=RUNNING,
)
class _Together(Ghost):
    def train(self, *arguments: Any, **settings: Any) -> Results:
        x, gamma, beta, mean, var = arguments
        y, _, _, backward = super().train(*arguments, **settings)
        each = [Parts.train(self, x[p], gamma, beta, mean, var, **settings) for p in self.parts(x)]
        return y, *self.together([made[1:3] for made in each]), backward


@mutant(
    "virtual-batches/dgamma-averaged",
    "dgamma and dbeta are means over the virtual batches.",
    "Add them up.",
    caught_by=BACKWARD,
)
class _Averaged(Ghost):
    def total(self, each: Sequence[Array | None]) -> Array | None:
        total = super().total(each)
        return None if total is None else np.asarray(total / total.dtype.type(len(each)))


@mutant(
    "virtual-batches/backward-as-one",
    "The backward pass takes the batch as a whole.",
    "Go back through each virtual batch.",
    caught_by=BACKWARD,
)
class _BackwardAsOne(Ghost):
    def train(self, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, _ = super().train(*arguments, **settings)
        return y, mean, var, Parts.train(self, *arguments, **settings)[3]


@mutant(
    "virtual-batches/last-gradient-only",
    "dx of all virtual batches but the last is 0.",
    "Go back through each virtual batch.",
    caught_by=BACKWARD,
)
class _LastGradient(Ghost):
    def backward(
        self, x: Array, parts: Sequence[Any], backwards: Sequence[Backward], dy: Array
    ) -> Gradients:
        dx, dgamma, dbeta = super().backward(x, parts, backwards, dy)
        for part in parts[:-1]:
            dx[part] = 0
        return dx, dgamma, dbeta


@mutant(
    "virtual-batches/in-inference",
    "Inference normalizes virtual batches by their own statistics.",
    "Use the running statistics.",
    caught_by=("inference/agreement",),
)
class _InInference(Ghost):
    def infer(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> Results:
        right = super().infer(x, gamma, beta, running_mean, running_var, eps=eps)
        if len(x) <= self.virtual_batch:
            return right
        y, _, _, backward = self.train(
            x, gamma, beta, running_mean, running_var, momentum=0.5, eps=eps
        )
        return y, running_mean, running_var, backward


@mutant(
    "virtual-batches/first-sixteen",
    "Gradients of gamma and beta are those of the first 16 virtual batches.",
    "Add up all of them.",
    caught_by=BACKWARD,
    shown_by=("virtual batches, many",),
)
class _FirstSixteen(Ghost):
    def total(self, each: Sequence[Array | None]) -> Array | None:
        return super().total(each[:16])


@mutant(
    "virtual-batches/many-in-reverse",
    "Of more than 16 virtual batches the last one moves the running statistics first.",
    "Let each move them in its turn.",
    caught_by=RUNNING,
    shown_by=("virtual batches, many",),
)
class _Reversed(Ghost):
    def train(self, *arguments: Any, **settings: Any) -> Results:
        x, *others = arguments
        y, mean, var, backward = super().train(*arguments, **settings)
        if len(x) > 16 * self.virtual_batch:
            parts = [x[part] for part in self.parts(x)]
            _, mean, var, _ = super().train(np.concatenate(parts[::-1]), *others, **settings)
        return y, mean, var, backward


@mutant(
    "virtual-batches/ring-of-contexts",
    "Backward keeps the contexts of 32 virtual batches, and takes them again for those before.",
    "Keep the context of each.",
    caught_by=BACKWARD,
    shown_by=("virtual batches, many",),
)
class _Ring(Ghost):
    def backward(
        self, x: Array, parts: Sequence[Any], backwards: Sequence[Backward], dy: Array
    ) -> Gradients:
        kept = list(backwards)
        for number in range(len(kept) - 32):
            kept[number] = kept[number + 32 * ((len(kept) - 1 - number) // 32)]
        return super().backward(x, parts, kept, dy)
