"""A pair of functions as courses set them: forward(x, gamma, beta, bn_param), backward(dy, cache).

bn_param holds mode, eps, momentum and the running statistics, which forward updates in it.  The
conventions are those of the exercise: momentum weighs the old value, the running variance is the
biased one, x is (N, D), inference has no backward.  One value per channel and an empty batch are
not spoken of there, so they are declared undefined.  The exercise is written and checked in
float64; code that lets NumPy promote is right there, and its float32 is not asked for.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bnproof.implementations.standalone import COURSE

Array = NDArray[Any]


def recognises(target: Any) -> bool:
    """A tuple of two functions."""
    return isinstance(target, tuple) and len(target) == 2 and all(callable(f) for f in target)


def build(target: Any) -> list["CourseFunctions"]:
    """The one implementation that a pair stands for."""
    return [CourseFunctions(*target)]


class CourseFunctions:
    """forward and backward of an exercise, as an implementation of the contract."""

    dtypes = ("float64",)
    ranks = (2,)
    momentum_weighs = "old"
    running_variance = "biased"
    single_value = "undefined"
    empty = "undefined"
    usage = (
        "forward(x, gamma, beta, bn_param) -> (out, cache) with bn_param a dict of mode, eps, "
        "momentum, running_mean and running_var, and backward(dy, cache) -> (dx, dgamma, dbeta)"
    )

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self._forward, self._backward = forward, backward
        self.name = f"{forward.__name__}, {backward.__name__}"

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
    ) -> tuple[Any, Any, Any, Callable[[Array], Any]]:
        """forward in mode "train", and its backward."""
        y, cache, parameters = self._call(
            "train", x, gamma, beta, running_mean, running_var, momentum=momentum, eps=eps
        )

        def backward(dy: Array) -> Any:
            return self._backward(dy, cache)

        return y, parameters.get("running_mean"), parameters.get("running_var"), backward

    def infer(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
    ) -> tuple[Any, Any, Any, None]:
        """forward in mode "test"."""
        y, _, parameters = self._call("test", x, gamma, beta, running_mean, running_var, eps=eps)
        return y, parameters.get("running_mean"), parameters.get("running_var"), None

    def standalone(self, dtype: str) -> str:  # noqa: ARG002  # the same for all
        """The same as source text, for scripts."""
        return COURSE

    def default_layer(self, channels: int, dtype: str) -> "DefaultLayer":
        """The functions with nothing in bn_param but the mode."""
        return DefaultLayer(self._forward, np.ones(channels, dtype))

    def _call(
        self,
        mode: str,
        x: Array,
        gamma: Array,
        beta: Array,
        running_mean: Array,
        running_var: Array,
        **settings: float,
    ) -> tuple[Any, Any, dict[str, Any]]:
        """One call of forward, with a bn_param of its own and copies of the statistics."""
        parameters: dict[str, Any] = {
            "mode": mode,
            **settings,
            "running_mean": running_mean.copy(),
            "running_var": running_var.copy(),
        }
        y, cache = self._forward(x, gamma, beta, parameters)
        return y, cache, parameters


class DefaultLayer:
    """forward with its own eps, momentum and first statistics, whatever they are."""

    def __init__(self, forward: Callable[..., Any], ones: Array) -> None:
        self._forward, self._gamma, self._beta = forward, ones, 0 * ones
        self._parameters: dict[str, Any] = {"mode": "train"}

    def train(self, x: Array) -> tuple[Any, None]:
        """One call in mode "train", with what the calls before left in bn_param."""
        y, _ = self._forward(x, self._gamma, self._beta, self._parameters)
        return y, None

    def state(self) -> dict[str, Any]:
        """The running statistics in bn_param; none before the first call."""
        return {n: v for n, v in self._parameters.items() if n.startswith("running_")}

    def settings(self) -> dict[str, float]:
        """Nothing: the defaults are inside of forward."""
        return {}
