"""Batch normalization in small steps, each of which a mistake can replace.

It is right as it stands: the tests hold it to every property.  The order of the steps is that of
`Parts.train`, `Parts.infer` and `Parts.gradients`.
"""

from collections.abc import Callable

import numpy as np

from bnproof.mutants.call import Call
from bnproof.reference.checks import Array
from bnproof.reference.layer import BatchNorm, Layer
from bnproof.reference.rows import column, from_rows, to_rows
from bnproof.reference.running import weights

Gradients = tuple[Array, Array | None, Array | None]
Backward = Callable[[Array], Gradients]
Results = tuple[Array, Array, Array, Backward]


class Parts:
    """An object of the contract, in the conventions that it is made with.

    >>> x, one = np.array([[1.0], [3.0]]), np.ones(1)
    >>> y, *_ = Parts().train(x, one, one, 0 * one, one, momentum=0.25, eps=0.0)
    >>> y.tolist()
    [[0.0], [2.0]]
    """

    dtypes: tuple[str, ...] = ("float32", "float64", "float16", "bfloat16")
    ranks: tuple[int, ...] = (2, 4)

    def __init__(
        self,
        *,
        running_variance: str = "unbiased",
        momentum_weighs: str = "new",
        channel_axis: int = 1,
    ) -> None:
        self.running_variance = running_variance
        self.momentum_weighs = momentum_weighs
        self.channel_axis = channel_axis

    # --- the calls of the contract --------------------------------------------------------

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
    ) -> Results:
        """Return y, the next running mean and variance, and backward."""
        call = Call(x, (gamma, beta), running_mean, running_var, eps, momentum, batches_seen)
        call.channel_axis = self.channel_axis
        with np.errstate(all="ignore"):
            self.begin(call)
            call.mean = self.mean(call)
            call.var = self.var(call)
            call.inv_std = self.inv_std(call)
            call.xhat = self.xhat(call)
            y = self.write(call, self.y(call))
            mean, var = self.running_mean(call), self.running_var(call)
        return self.results(call, y, mean, var)

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
        """Return y, the running mean and variance as they were, and backward."""
        call = Call(x, (gamma, beta), running_mean, running_var, eps, training=False)
        call.channel_axis = self.channel_axis
        with np.errstate(all="ignore"):
            self.begin(call)
            call.mean, call.var = self.statistics(call)
            call.inv_std = self.inv_std(call)
            call.xhat = self.xhat(call)
            y = self.write(call, self.infer_y(call))
            mean, var = self.kept(call)
        return self.results(call, y, mean, var)

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        """What a call returns."""
        return y, mean, var, lambda dy: self.gradients(call, dy)

    def gradients(self, call: Call, dy: Array) -> Gradients:
        """Return dx, dgamma and dbeta of a call."""
        with np.errstate(all="ignore"):
            rows = self.read_dy(call, dy)
            dgamma, dbeta = self.dgamma(call, rows), self.dbeta(call, rows)
            dx = self.dx(call, rows) if call.training else self.infer_dx(call, rows)
            gamma, beta = call.given
            return (
                self.write(call, dx),
                None if gamma is None else self.write_parameter(call, dgamma),
                None if beta is None else self.write_parameter(call, dbeta),
            )

    # --- arrays to rows and back ----------------------------------------------------------

    def begin(self, call: Call) -> None:
        """Read the arguments; refuse fewer than two values per channel in training."""
        call.rows = self.read(call, call.x)
        if call.training and call.m < 2:
            message = f"{call.m} values per channel; due are at least 2 in training"
            raise ValueError(message)
        call.gamma, call.beta = (
            column(a, 1 - i, call.rows.dtype) for i, a in enumerate(call.given)
        )

    def read(self, call: Call, x: Array) -> Array:
        """X as rows, (C, m)."""
        return to_rows(x, self.channel_axis)

    def read_dy(self, call: Call, dy: Array) -> Array:
        """Dy as rows, (C, m)."""
        return to_rows(dy, self.channel_axis)

    def write(self, call: Call, rows: Array) -> Array:
        """Rows in the shape and dtype of x."""
        return from_rows(rows, call.x.shape, self.channel_axis, call.x.dtype)

    def write_parameter(self, call: Call, values: Array) -> Array:
        """A column in the dtype of the statistics, which is that of gamma and beta."""
        return np.asarray(values[:, 0].astype(call.running_var.dtype))

    # --- forward --------------------------------------------------------------------------

    def pool(self, call: Call, rows: Array) -> Array:
        """The mean over the values that share a statistic, broadcastable to rows."""
        return np.asarray(rows.sum(axis=1, keepdims=True) / rows.shape[1])

    def mean(self, call: Call) -> Array:
        """The mean of the batch."""
        return self.pool(call, call.rows)

    def var(self, call: Call) -> Array:
        """The biased variance of the batch."""
        centred = call.rows - call.mean
        return self.pool(call, centred * centred)

    def inv_std(self, call: Call) -> Array:
        """1 / sqrt(var + eps), in training and inference."""
        return np.asarray(1 / np.sqrt(call.var + call.eps))

    def xhat(self, call: Call) -> Array:
        """The normalised values."""
        return np.asarray((call.rows - call.mean) * call.inv_std)

    def y(self, call: Call) -> Array:
        """Scale and shift."""
        return np.asarray(call.gamma * call.xhat + call.beta)

    # --- running statistics ---------------------------------------------------------------

    def weights(self, call: Call) -> tuple[float, float]:
        """The weights of the old and of the new value."""
        return weights(call.momentum, call.batches_seen, self.momentum_weighs)

    def average(self, call: Call, old: Array, new: Array) -> Array:
        """One step of a running average, in the old value's dtype; new is a column."""
        keep, weight = self.weights(call)
        moved = keep * old.astype(new.dtype) + weight * new[:, 0]
        return np.asarray(moved.astype(old.dtype))

    def correction(self, call: Call) -> float:
        """Bessel's factor, m / (m - 1), where the running variance is the unbiased one."""
        return call.m / (call.m - 1) if self.running_variance == "unbiased" else 1.0

    def new_mean(self, call: Call) -> Array:
        """What the running mean takes from the batch, a column."""
        return np.asarray(call.mean.mean(axis=1, keepdims=True))

    def new_var(self, call: Call) -> Array:
        """What the running variance takes from the batch, a column."""
        return np.asarray(self.correction(call) * call.var.mean(axis=1, keepdims=True))

    def running_mean(self, call: Call) -> Array:
        """The next running mean."""
        return self.average(call, call.running_mean, self.new_mean(call))

    def running_var(self, call: Call) -> Array:
        """The next running variance."""
        return self.average(call, call.running_var, self.new_var(call))

    # --- inference ------------------------------------------------------------------------

    def statistics(self, call: Call) -> tuple[Array, Array]:
        """The mean and the variance that inference normalises by, columns."""
        return call.stored(call.running_mean), call.stored(call.running_var)

    def infer_y(self, call: Call) -> Array:
        """Scale and shift in inference."""
        return self.y(call)

    def kept(self, call: Call) -> tuple[Array, Array]:
        """The statistics after inference."""
        return call.running_mean, call.running_var

    # --- backward -------------------------------------------------------------------------

    def dgamma(self, call: Call, dy: Array) -> Array:
        """The gradient of gamma, a column."""
        return np.asarray((dy * call.xhat).sum(axis=1, keepdims=True))

    def dbeta(self, call: Call, dy: Array) -> Array:
        """The gradient of beta, a column."""
        return np.asarray(dy.sum(axis=1, keepdims=True))

    def dx(self, call: Call, dy: Array) -> Array:
        """The gradient of x in training: the direct term less those of mean and variance."""
        dxhat = self.dxhat(call, dy)
        terms = self.mean_term(call, dxhat) + self.var_term(call, dxhat)
        return np.asarray(self.dx_scale(call) * (dxhat - terms))

    def dxhat(self, call: Call, dy: Array) -> Array:
        """The gradient of xhat."""
        return np.asarray(call.gamma * dy)

    def mean_term(self, call: Call, dxhat: Array) -> Array:
        """What the mean takes from dx, before it is scaled."""
        return self.pool(call, dxhat)

    def var_term(self, call: Call, dxhat: Array) -> Array:
        """What the variance takes from dx, before it is scaled."""
        return np.asarray(call.xhat * self.pool(call, dxhat * call.xhat))

    def dx_scale(self, call: Call) -> Array:
        """What all terms of dx are scaled by."""
        return call.inv_std

    def infer_dx(self, call: Call, dy: Array) -> Array:
        """The gradient of x in inference, where the statistics are constants."""
        return np.asarray(call.gamma * call.inv_std * dy)


class Layered(Parts):
    """The same with a layer that keeps its state, by default that of the reference."""

    cumulative = True
    kind: type[Layer] = Layer

    def layer(
        self, channels: int, *, momentum: float | None, eps: float, dtype: str = "float32"
    ) -> Layer:
        """Return a layer that calls the steps of this object."""
        functions: BatchNorm = self  # type: ignore[assignment]  # train and infer are all it needs
        return self.kind(functions, channels, momentum=momentum, eps=eps, dtype=dtype)


class InPlace(Parts):
    """The same with the running statistics updated in the given buffers."""

    in_place = True

    def running_mean(self, call: Call) -> Array:
        """The buffer of the running mean, updated."""
        call.running_mean[...] = super().running_mean(call)
        return call.running_mean

    def running_var(self, call: Call) -> Array:
        """The buffer of the running variance, updated."""
        call.running_var[...] = super().running_var(call)
        return call.running_var
