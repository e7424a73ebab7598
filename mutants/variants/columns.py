"""Batch normalization by another way than the library's: the base of variants.

Columns of float64, one per channel; gradients by walking back through the steps of forward, as an
automatic differentiation does.  It is right as it stands: a test holds it to every property.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.reference.checks import Array


@dataclass
class Walk:
    """What forward leaves for backward: the centred columns, and what they were scaled by."""

    centred: Array
    root: Array
    gamma: Array
    var: Array
    eps: float
    training: bool

    @property
    def count(self) -> int:
        """Values per channel."""
        return len(self.centred)


class Columns:
    """An object of the contract."""

    dtypes: tuple[str, ...] = ("float32",)
    ranks: tuple[int, ...] = (2, 4)
    running_variance = "biased"
    momentum_weighs = "new"
    channel_axis = 1

    # --- the contract's calls -------------------------------------------------------------

    def train(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float,
        eps: float,
    ) -> tuple[Any, ...]:
        """Return y, the next statistics, and backward."""
        flat = self.flat(x)
        if len(flat) < 2:
            message = "due are two values per channel"
            raise ValueError(message)
        mean, var = self.moments(flat)
        walk = Walk(flat - mean, self.root(var, eps), _wide(gamma), var, eps, training=True)
        y = self.affine(walk, _wide(beta))
        weight = momentum if self.momentum_weighs == "new" else 1 - momentum
        moved = (
            self.moved(_wide(running_mean), self.averaged_mean(mean, len(flat)), weight),
            self.moved(_wide(running_var), self.averaged_var(var, len(flat)), weight),
        )
        statistics = [m.astype(running_mean.dtype) for m in moved]
        return self.shaped(y, x), *statistics, lambda dy: self.backward(walk, dy)

    def infer(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> tuple[Any, ...]:
        """Return y, the statistics as they were, and backward."""
        flat = self.flat(x)
        mean, var = self.used(flat, _wide(running_mean), _wide(running_var))
        root = self.root_of_inference(var, eps)
        walk = Walk(flat - mean, root, _wide(gamma), var, eps, training=False)
        y = self.affine(walk, _wide(beta))
        return self.shaped(y, x), running_mean, running_var, lambda dy: self.backward(walk, dy)

    def backward(self, walk: Walk, dy: Array) -> tuple[Array, ...]:
        """Return dx, dgamma and dbeta."""
        flat = self.flat(dy)
        dgamma, dbeta = self.of_parameters(walk, flat)
        dx = self.through_statistics(walk, flat) if walk.training else self.straight(walk, flat)
        kind = np.float64 if dy.dtype == np.float64 else np.float32
        return self.shaped(dx, dy), dgamma.astype(kind), dbeta.astype(kind)

    # --- layout ---------------------------------------------------------------------------

    def flat(self, x: Array) -> Array:
        """X as columns, one per channel."""
        moved = np.moveaxis(x, self.channel_axis, -1)
        return moved.reshape(-1, moved.shape[-1]).astype(np.float64)

    def shaped(self, flat: Array, like: Array) -> Array:
        """Columns in the shape and dtype of x."""
        shape = np.moveaxis(like, self.channel_axis, -1).shape
        wide = flat.reshape(shape).astype(like.dtype)
        return np.ascontiguousarray(np.moveaxis(wide, -1, self.channel_axis))

    # --- forward --------------------------------------------------------------------------

    def moments(self, flat: Array) -> tuple[Array, Array]:
        """Mean and biased variance."""
        mean = flat.sum(axis=0) / len(flat)
        return mean, np.einsum("ic,ic->c", flat - mean, flat - mean) / len(flat)

    def root(self, var: Array, eps: float) -> Array:
        """What centred values are multiplied by."""
        return np.asarray((var + eps) ** -0.5)

    def root_of_inference(self, var: Array, eps: float) -> Array:
        """The same in inference."""
        return self.root(var, eps)

    def used(self, flat: Array, mean: Array, var: Array) -> tuple[Array, Array]:
        """The statistics of inference."""
        return mean, var

    def affine(self, walk: Walk, beta: Array) -> Array:
        """Scale and shift at once."""
        return np.asarray(walk.centred * (walk.gamma * walk.root) + beta)

    def averaged_mean(self, mean: Array, count: int) -> Array:
        """What the running mean takes."""
        return mean

    def averaged_var(self, var: Array, count: int) -> Array:
        """What the running variance takes."""
        return np.asarray(
            var * (count / (count - 1)) if self.running_variance == "unbiased" else var
        )

    def moved(self, old: Array, new: Array, weight: float) -> Array:
        """One step of an average."""
        return np.asarray(old + weight * (new - old))

    # --- backward -------------------------------------------------------------------------

    def of_parameters(self, walk: Walk, dy: Array) -> tuple[Array, Array]:
        """Gradients of gamma and beta."""
        return np.einsum("ic,ic->c", dy, walk.centred) * walk.root, dy.sum(axis=0)

    def through_statistics(self, walk: Walk, dy: Array) -> Array:
        """Gradient of x: directly, by the root and by the mean."""
        direct = dy * (walk.gamma * walk.root)
        by_var = self.by_variance(walk, dy)
        grown = direct + by_var
        return np.asarray(grown - self.by_mean(walk, grown))

    def by_variance(self, walk: Walk, dy: Array) -> Array:
        """What comes back by the variance."""
        droot = np.einsum("ic,ic->c", dy, walk.centred) * walk.gamma
        dvar = -0.5 * droot * walk.root**3
        return np.asarray(walk.centred * (dvar * (2 / walk.count)))

    def by_mean(self, walk: Walk, grown: Array) -> Array:
        """What comes back by the mean."""
        return np.asarray(grown.sum(axis=0) / walk.count)

    def straight(self, walk: Walk, dy: Array) -> Array:
        """Gradient of x in inference."""
        return np.asarray(dy * (walk.gamma * walk.root))


def _wide(values: Array) -> Array:
    return np.asarray(values, np.float64)
