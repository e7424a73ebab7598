"""Batch normalization with an added input, or with a mask, in steps that a mistake can replace."""

from typing import Any

import numpy as np

from bnproof.engine.contract.choices import ActivationName
from bnproof.mutants.fused import Activated
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.reference.checks import Array
from bnproof.reference.running import weights


class Added(Activated):
    """Parts with an input that is added to y before the activation."""

    activation: ActivationName = "none"
    residual = True

    def train(self, *arguments: Any, residual: Any = None, **settings: Any) -> Results:
        """Return y, the next running mean and variance, and backward."""
        return self.added(residual, *Parts.train(self, *arguments, **settings))  # type: ignore[no-any-return]  # four

    def infer(self, *arguments: Any, residual: Any = None, **settings: Any) -> Results:
        """Return y, the running mean and variance as they were, and backward."""
        return self.added(residual, *Parts.infer(self, *arguments, **settings))  # type: ignore[no-any-return]  # four

    def added(self, residual: Any, y: Array, mean: Array, var: Array, inner: Any) -> Any:
        """Results with the added input and the activation."""
        z = self.sum(y, residual)

        def backward(dy: Array) -> Any:
            upstream = self.upstream(z, dy)
            return (*inner(upstream), self.dresidual(upstream, dy))

        return self.value(z), mean, var, backward

    def sum(self, y: Array, residual: Array | None) -> Array:
        """What goes into the activation."""
        return np.asarray(y if residual is None else y + residual)

    def dresidual(self, upstream: Array, dy: Array) -> Array:
        """The gradient of the added input."""
        return upstream.copy()


class Masked(Parts):
    """Parts on the values that a mask lets count; y is 0 elsewhere."""

    mask = True

    def train(self, x: Array, *arguments: Any, mask: Any = None, **settings: Any) -> Results:
        """Return y, the next running mean and variance, and backward."""
        if mask is None:
            return super().train(x, *arguments, **settings)
        counts = self.counted(mask)
        y, mean, var, inner = super().train(self.rows_of(x, counts), *arguments, **settings)

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta = inner(self.rows_of(dy, counts))
            return self.placed(dx, counts, dy), dgamma, dbeta

        return self.placed(y, counts, x), mean, var, backward

    def counted(self, mask: Array) -> Array:
        """Which values count."""
        return mask

    def placed(self, rows: Array, counts: Array, like: Array) -> Array:
        """Rows in their places, zeros elsewhere."""
        made = np.zeros(np.moveaxis(like, self.channel_axis, -1).shape, like.dtype)
        made[counts] = rows.reshape(len(rows), -1)
        return np.ascontiguousarray(np.moveaxis(made, -1, self.channel_axis))

    def rows_of(self, a: Array, counts: Array) -> Array:
        """The values that count, in the rank that they come in."""
        rows = np.moveaxis(a, self.channel_axis, -1)[counts]
        ones = (1 for _ in range(a.ndim - 2))
        if self.channel_axis == 1:
            return rows.reshape(*rows.shape, *ones)
        return rows.reshape(rows.shape[0], *ones, rows.shape[1])


class Weighted(Parts):
    """Two-pass batch normalization with weights of 0 and 1, written out on whole arrays."""

    mask = True
    dtypes = ("float32", "float64")

    def train(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        momentum: float | None,
        eps: float,
        batches_seen: int = 0,
        mask: Any = None,
    ) -> Results:
        """Return y, the next running mean and variance, and backward."""
        if self.channel_axis == -1:
            x = np.moveaxis(x, -1, 1)
        axes, wide = (0, *range(2, x.ndim)), (1, -1, *(1 for _ in x.shape[2:]))
        given = np.ones((x.shape[0], *x.shape[2:]), bool) if mask is None else mask
        counts = np.expand_dims(self.weights_of(given, x), 1)
        count = float(counts.sum())
        if count < 2:
            message = f"{count:g} values per channel; at least 2 are needed in training"
            raise ValueError(message)
        ones, zeros = np.ones_like(running_mean), np.zeros_like(running_mean)
        scale = (ones if gamma is None else gamma).reshape(wide).astype(x.dtype)
        shift = (zeros if beta is None else beta).reshape(wide).astype(x.dtype)
        number = x.dtype.type(count)

        def pooled(a: Array) -> Array:
            return np.asarray((a * counts).sum(axis=axes, keepdims=True) / number)

        with np.errstate(all="ignore"):
            mean = pooled(x)
            var = pooled((x - mean) ** 2)
            inv_std = 1 / np.sqrt(var + x.dtype.type(eps))
            xhat = (x - mean) * inv_std
            y = scale * xhat + shift
            bessel = count / (count - 1) if self.running_variance == "unbiased" else 1.0
            keep, weight = weights(momentum, batches_seen, self.momentum_weighs)
            new_mean = keep * running_mean + weight * mean.ravel()
            new_var = keep * running_var + weight * bessel * var.ravel()

        def placed(a: Array) -> Array:
            made = a.astype(x.dtype)
            return (
                made if self.channel_axis == 1 else np.ascontiguousarray(np.moveaxis(made, 1, -1))
            )

        def backward(dy: Array) -> Gradients:
            dy = dy if self.channel_axis == 1 else np.moveaxis(dy, -1, 1)
            with np.errstate(all="ignore"):
                dbeta = (dy * counts).sum(axis=axes)
                dgamma = (dy * xhat * counts).sum(axis=axes)
                terms = (dbeta.reshape(wide) + xhat * dgamma.reshape(wide)) / number
                dx = counts * (scale * inv_std * (dy - terms))
            kind = running_mean.dtype
            return (
                placed(dx),
                None if gamma is None else dgamma.astype(kind),
                None if beta is None else dbeta.astype(kind),
            )

        kind = running_mean.dtype
        return placed(y), new_mean.astype(kind), new_var.astype(kind), backward

    def weights_of(self, mask: Array, like: Array) -> Array:
        """The mask as it multiplies."""
        return mask
