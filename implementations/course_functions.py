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

from bnproof.implementations import course_calls
from bnproof.implementations.course_calls import CourseCalls
from bnproof.recognition.aliases import Role, is_called
from bnproof.recognition.functions.parameters import parameters_of
from bnproof.recognition.functions.trial import data, guarded
from bnproof.recognition.own_text import own_text
from bnproof.recognition.patterns import Pattern, pattern
from bnproof.recognition.recognised import Recognition
from bnproof.recognition.user_calls import UsersError

Array = NDArray[Any]
HELD = ("running_mean", "running_var", "eps", "momentum")
"""What bn_param holds, beside the mode."""


def recognises(target: Any) -> bool:
    """A tuple of two functions, the first of which takes x, gamma, beta and a dict of settings.

    >>> def forward(x, gamma, beta, bn_param): ...
    >>> def backward(dout, cache): ...
    >>> recognises((forward, backward)), recognises((backward, forward))
    (True, False)
    """
    if not isinstance(target, tuple) or len(target) != 2 or not all(map(callable, target)):
        return False
    parameters = parameters_of(target[0]) or []
    required = [parameter for parameter in parameters if parameter.required]
    return len(required) == 4 and is_called(required[3].name, Role.SETTINGS)


def build(target: Any) -> list["CourseFunctions"]:
    """The one implementation that a pair stands for."""
    made = CourseFunctions(*target)
    if _is_of_images(made):
        made.ranks = (4,)
    return [made]


def _is_of_images(made: "CourseFunctions") -> bool:
    """Whether the functions normalise images by channel, or take images and refuse rows."""
    values = data(4)

    def forward(x: Array) -> Array:
        y: Array = guarded(lambda: np.asarray(made.train(**{**values, "x": x})[0]))
        return y

    try:
        shaped = forward(values["x"]).shape == values["x"].shape
        by_channel = shaped and pattern(forward, values["x"], 1) is Pattern.CHANNEL
    except UsersError:
        return False
    return by_channel or (shaped and _refuses_rows(made))


def _refuses_rows(made: "CourseFunctions") -> bool:
    try:
        guarded(lambda: made.train(**data(2)))
    except UsersError:
        return True
    return False


class CourseFunctions(CourseCalls):
    """forward and backward of an exercise, as an implementation of the contract."""

    dtypes = ("float64",)
    ranks: tuple[int, ...] = (2,)
    momentum_weighs = "old"
    running_variance = "biased"
    single_value = "undefined"
    empty = "undefined"
    usage = (
        "forward(x, gamma, beta, bn_param) -> (out, cache) with bn_param a dict of mode, eps, "
        "momentum, running_mean and running_var, and backward(dy, cache) -> (dx, dgamma, dbeta)"
    )

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        super().__init__(forward, backward)
        self.name = f"{forward.__name__}, {backward.__name__}"
        self.recognition = Recognition(
            "NumPy functions forward and backward of a course, with a dict bn_param",
            {
                **{name: name for name in ("gamma", "beta", "dgamma", "dbeta")},
                **{name: f"bn_param.{name}" for name in HELD},
            },
        )

    def standalone(self, dtype: str) -> str:  # noqa: ARG002  # the same for all
        """The same as source text, for scripts."""
        return f"{own_text(course_calls)}\n\n\nIMPLEMENTATION = CourseCalls(*TARGET)"

    def default_layer(self, channels: int, dtype: str) -> "DefaultLayer":
        """The functions with nothing in bn_param but the mode."""
        return DefaultLayer(self._forward, np.ones(channels, dtype))


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
