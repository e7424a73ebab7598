"""The two functions of a course's exercise, called as the exercise calls them.

The text of this file is a part of stand-alone scripts, so it imports nothing of bnproof.
"""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]


class CourseCalls:
    """forward(x, gamma, beta, bn_param) and backward(dy, cache) behind the contract."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self._forward, self._backward = forward, backward

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
