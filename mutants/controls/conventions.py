"""Every convention of the contract, and the parts that may be left out."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.controls.control import control
from bnproof.mutants.parts import Gradients, Layered, Parts, Results
from bnproof.reference.checks import Array
from bnproof.reference.layer import BatchNorm, Layer
from bnproof.reference.rows import column


@control("parts", "What mutants are made from, unchanged.")
def _parts() -> Parts:
    return Parts()


@control("parts-layered", "The same with a layer and the cumulative average.")
def _layered() -> Layered:
    return Layered()


@control("reference", "The reference, in all ranks.")
def _reference() -> BatchNorm:
    return BatchNorm()


@control("channels-last", "Channels last.")
def _channels_last() -> Parts:
    return Parts(channel_axis=-1)


@control("old-momentum", "momentum weighs the old.")
def _old_momentum() -> Parts:
    return Parts(momentum_weighs="old")


@control("biased", "The running variance is biased.")
def _biased() -> Parts:
    return Parts(running_variance="biased")


@control("keras-like", "Channels last, momentum of the old value, biased.")
def _keras_like() -> Parts:
    return Parts(channel_axis=-1, momentum_weighs="old", running_variance="biased")


@control("by-rank", "The convention of the running variance depends on the rank.")
class _ByRank(Parts):
    """Biased in rank 2, unbiased in rank 4, as one library is."""

    running_variance: Any = {2: "biased", 4: "unbiased"}  # noqa: RUF012  # of the contract

    def __init__(self) -> None:
        super().__init__()
        del self.running_variance  # that of the class

    def correction(self, call: Call) -> float:
        return 1.0 if call.x.ndim == 2 else call.m / (call.m - 1)


@control("single-value", "One value per channel gives beta.")
class _SingleValue(Parts):
    """One value per channel gives beta, and counts like any other."""

    single_value = "beta"

    def begin(self, call: Call) -> None:
        call.rows = self.read(call, call.x)
        if call.training and call.m == 0:
            message = "an empty batch"
            raise ValueError(message)
        gamma, beta = call.given
        call.gamma, call.beta = (column(a, 1, call.rows.dtype) for a in (gamma, beta))

    def correction(self, call: Call) -> float:
        return call.m / max(call.m - 1, 1)


@control("empty-batch", "An empty batch gives an empty y.")
class _Empty(Parts):
    """An empty batch gives an empty y and leaves the statistics."""

    empty = "empty"

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        if x.size:
            return super().train(x, *arguments, **settings)
        gamma, beta, mean, var = arguments

        def backward(dy: Array) -> Gradients:
            return dy.copy(), np.zeros_like(gamma), np.zeros_like(beta)

        return x.copy(), mean.copy(), var.copy(), backward


@control("optional-parameters", "gamma and beta may be None.")
class _Optional(Parts):
    affine_parameters = "optional"
    cumulative = True


@control("no-parameters", "gamma and beta are always None.")
class _Plain(Parts):
    affine_parameters = "none"


class _WithoutBeta:
    """Functions of a layer that has no beta to give them."""

    def __init__(self, functions: BatchNorm) -> None:
        self._functions = functions

    def train(self, x: Array, gamma: Array, *statistics: Array, **settings: Any) -> Results:
        return self._functions.train(x, gamma, None, *statistics, **settings)

    def infer(self, x: Array, gamma: Array, *statistics: Array, **settings: Any) -> Results:
        return self._functions.infer(x, gamma, None, *statistics, **settings)


class _WeightedLayer(Layer):
    """A layer with a weight and no bias: beta is not in its state."""

    def __init__(self, functions: BatchNorm, channels: int, **settings: Any) -> None:
        without: BatchNorm = _WithoutBeta(functions)  # type: ignore[assignment]  # all it needs
        super().__init__(without, channels, **settings)
        del self._arrays["beta"]


@control("gamma-only", "A weight and no bias.")
class _GammaOnly(Layered):
    affine_parameters = "gamma only"
    kind = _WeightedLayer

    def begin(self, call: Call) -> None:
        if call.given[1] is not None:
            message = "beta: expected None"
            raise ValueError(message)
        super().begin(call)


@control("beta-only", "A bias and no weight.")
class _BetaOnly(Parts):
    affine_parameters = "beta only"

    def begin(self, call: Call) -> None:
        if call.given[0] is not None:
            message = "gamma: expected None"
            raise ValueError(message)
        super().begin(call)


@control("normalises-unbiased", "Training normalises by the unbiased variance, and says so.")
class _NormalisesUnbiased(Layered):
    """N / (N - 1) var + eps is in the root, and so in every gradient that goes through it."""

    normalising_variance = "unbiased"

    def bessel(self, call: Call) -> float:
        return call.m / (call.m - 1) if call.training else 1.0

    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(self.bessel(call) * call.var + call.eps))

    def var_term(self, call: Call, dxhat: Array) -> Array:
        return np.asarray(self.bessel(call) * super().var_term(call, dxhat))


@control("inference-only", "No training and no gradients.")
class InferenceOnly:
    """An inference runtime: no training, no gradients, no statistics in its results."""

    dtypes = ("float32", "float64")

    def infer(self, *arguments: Array, eps: float) -> tuple[Array, None, None, None]:
        """Return y alone."""
        return Parts().infer(*arguments, eps=eps)[0], None, None, None


@control("training-only", "No inference and no dx.")
class TrainingOnly:
    """A training step whose input needs no gradient."""

    dtypes = ("float32", "float64")

    def train(self, *arguments: Array, momentum: float, eps: float) -> Any:
        """Return the four results; dx is None."""
        y, mean, var, backward = Parts().train(*arguments, momentum=momentum, eps=eps)
        return y, mean, var, lambda dy: (None, *backward(dy)[1:])


@control("layer-only", "Layers only.")
class LayerOnly:
    """Layers only, from which the functions are built."""

    dtypes = ("float32", "float64", "float16", "bfloat16")
    cumulative = True

    def layer(
        self, channels: int, *, momentum: float | None, eps: float, dtype: str = "float32"
    ) -> Layer:
        """Return a layer."""
        return Layered().layer(channels, momentum=momentum, eps=eps, dtype=dtype)
