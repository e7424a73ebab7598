"""The reference as the suite calls it: an object of the contract, and a layer that keeps state."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.reference.batch_norm import train_forward
from bnproof.reference.checks import (
    DTYPES,
    Array,
    check_array,
    check_choice,
    check_data,
    check_momentum,
    check_statistics,
    refuse,
)
from bnproof.reference.double_backward import BackwardPass
from bnproof.reference.inference import inference_forward
from bnproof.reference.running import running_update

Backward = Callable[[Array], tuple[Array, Array | None, Array | None]]
Results = tuple[Array, Array, Array, Backward]


class BatchNorm:
    """Batch normalization as functions of arrays, in the conventions that it is made with.

    channel_axis is 1 or -1, momentum_weighs "new" or "old", running_variance "unbiased" or
    "biased"; anything else raises ValueError.  The other attributes are declarations for the suite.

    >>> y, mean, var, backward = BatchNorm().train(
    ...     np.array([[1.0], [3.0]]), None, None, np.zeros(1), np.ones(1), momentum=0.25, eps=0.0
    ... )
    >>> y.tolist(), mean.tolist(), var.tolist()
    ([[-1.0], [1.0]], [0.5], [1.25])
    """

    name = "reference"
    dtypes: tuple[str, ...] = ("float32", "float64", "float16", "bfloat16")
    ranks = (2, 3, 4, 5)
    single_value = "error"
    empty = "error"
    affine_parameters = "optional"
    accuracy = "two-pass"
    cumulative = True

    def __init__(
        self,
        *,
        running_variance: str = "unbiased",
        momentum_weighs: str = "new",
        channel_axis: int = 1,
    ) -> None:
        check_choice("running_variance", running_variance, ("unbiased", "biased"))
        check_choice("momentum_weighs", momentum_weighs, ("new", "old"))
        if channel_axis not in (1, -1):
            refuse(f"channel_axis = {channel_axis!r}; due is 1 or -1")
        self.running_variance = running_variance
        self.momentum_weighs = momentum_weighs
        self.channel_axis = channel_axis

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
        """Return y, the next running mean and variance, and backward(dy) -> (dx, dgamma, dbeta).

        Shapes, dtypes and errors are those of `train_forward` and `running_update`.
        """
        check_momentum(momentum, batches_seen)
        check_data(x, self.channel_axis, eps, training=True)
        check_statistics(x.shape[self.channel_axis], running_mean, running_var)
        y, cache = train_forward(x, gamma, beta, eps=eps, channel_axis=self.channel_axis)
        mean, var = running_update(
            running_mean,
            running_var,
            cache,
            momentum=momentum,
            batches_seen=batches_seen,
            momentum_weighs=self.momentum_weighs,
            running_variance=self.running_variance,
        )
        return y, mean, var, BackwardPass(cache, training=True)

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
        """Return y, the running mean and variance as they were, and backward.

        Shapes, dtypes and errors are those of `inference_forward`.
        """
        statistics = running_mean, running_var
        y, cache = inference_forward(
            x, gamma, beta, *statistics, eps=eps, channel_axis=self.channel_axis
        )
        return y, *statistics, BackwardPass(cache, training=False)

    def layer(
        self, channels: int, *, momentum: float | None, eps: float, dtype: str = "float32"
    ) -> "Layer":
        """Return a layer in the same conventions, for x of the dtype."""
        return Layer(self, channels, momentum=momentum, eps=eps, dtype=dtype)


class Layer:
    """Batch normalization that keeps gamma, beta and the running statistics.

    These are float64 for x of float64 and float32 otherwise.  Raises ValueError for a wrong
    number of channels, momentum or dtype.

    >>> layer = BatchNorm().layer(1, momentum=0.25, eps=0.0, dtype="float64")
    >>> y, backward = layer.train(np.array([[1.0], [3.0]]))
    >>> layer.state()["running_mean"].tolist(), layer.state()["batches_seen"]
    ([0.5], 1)
    """

    def __init__(
        self,
        functions: BatchNorm,
        channels: int,
        *,
        momentum: float | None,
        eps: float,
        dtype: str = "float32",
    ) -> None:
        check_momentum(momentum)
        check_choice("dtype", dtype, tuple(d.name for d in DTYPES))
        kind = np.float64 if dtype == "float64" else np.float32
        self._functions, self._momentum, self._eps = functions, momentum, eps
        self._batches_seen = 0
        self._arrays: dict[str, Array] = {
            "gamma": np.ones(channels, kind),
            "beta": np.zeros(channels, kind),
            "running_mean": np.zeros(channels, kind),
            "running_var": np.ones(channels, kind),
        }

    def train(self, x: Array) -> tuple[Array, Backward]:
        """Return y and backward, and move the running statistics."""
        y, mean, var, backward = self._functions.train(
            x,
            *self._arrays.values(),
            momentum=self._momentum,
            eps=self._eps,
            batches_seen=self._batches_seen,
        )
        self._arrays.update(running_mean=mean, running_var=var)
        self._batches_seen += 1
        return y, backward

    def infer(self, x: Array) -> tuple[Array, Backward]:
        """Return y and backward; the state stays as it is."""
        y, _, _, backward = self._functions.infer(x, *self._arrays.values(), eps=self._eps)
        return y, backward

    def state(self) -> dict[str, Any]:
        """Return copies of gamma, beta, running_mean, running_var, and batches_seen."""
        copies = {name: value.copy() for name, value in self._arrays.items()}
        return {**copies, "batches_seen": self._batches_seen}

    def load(self, state: dict[str, Any]) -> None:
        """Take copies from a state; what it lacks stays.  Raises ValueError for wrong shapes."""
        given = {name: np.asarray(state[name]) for name in self._arrays if name in state}
        for name, value in given.items():
            check_array(name, value, self._arrays[name].shape)
        batches_seen = int(state.get("batches_seen", self._batches_seen))
        check_momentum(self._momentum, batches_seen)
        self._batches_seen = batches_seen
        for name, value in given.items():
            self._arrays[name] = value.astype(self._arrays[name].dtype)
