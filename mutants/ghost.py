"""Batch normalization in virtual batches, with the steps that a mistake can replace."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bnproof.mutants.parts import Backward, Gradients, Parts, Results
from bnproof.reference.checks import Array


class Ghost(Parts):
    """Parts that normalize so many samples together in training."""

    virtual_batch = 4
    virtual_batch_averages = "in turn"

    def train(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        **settings: Any,
    ) -> Results:
        """Return y, the next running mean and variance, and backward."""
        statistics, made = (running_mean, running_var), list[Results]()
        parts = self.parts(x)
        for part in parts:
            made.append(super().train(x[part], gamma, beta, *statistics, **settings))
            if self.virtual_batch_averages == "in turn":
                statistics = self.next_statistics(statistics, made[-1][1:3])
        if self.virtual_batch_averages == "together":
            statistics = self.together([results[1:3] for results in made])
        y = self.joined(x, parts, [results[0] for results in made])
        backwards = [results[3] for results in made]
        return y, *statistics, lambda dy: self.backward(x, parts, backwards, dy)

    def parts(self, x: Array) -> list[Any]:
        """The samples of each virtual batch."""
        begins = range(0, len(x), self.virtual_batch)
        return [slice(begin, begin + self.virtual_batch) for begin in begins] or [slice(0, 0)]

    def next_statistics(
        self, before: tuple[Array, Array], after: tuple[Array, Array]
    ) -> tuple[Array, Array]:
        """What the next virtual batch starts from."""
        return after

    def together(self, each: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
        """The mean of what each virtual batch alone makes of the statistics."""
        means, variances = zip(*each, strict=True)
        kind = means[0].dtype
        mean, var = (np.mean(a, axis=0, dtype=np.float64).astype(kind) for a in (means, variances))
        return mean, var

    def joined(self, x: Array, parts: Sequence[Any], values: Sequence[Array]) -> Array:
        """What the virtual batches have, in the places of x."""
        made = np.empty_like(x)
        for part, value in zip(parts, values, strict=True):
            made[part] = value
        return made

    def backward(
        self, x: Array, parts: Sequence[Any], backwards: Sequence[Backward], dy: Array
    ) -> Gradients:
        """Return dx of each virtual batch, and the sums of the other gradients."""
        made = [back(dy[part]) for part, back in zip(parts, backwards, strict=True)]
        dx = self.joined(x, parts, [gradients[0] for gradients in made])
        dgamma, dbeta = (self.total([gradients[i] for gradients in made]) for i in (1, 2))
        return dx, dgamma, dbeta

    def total(self, each: Sequence[Array | None]) -> Array | None:
        """The sum over the virtual batches."""
        given = [a for a in each if a is not None]
        return np.asarray(sum(given)) if given else None
