"""How parameters are updated: gradient descent, Momentum, RMSprop and Adam, as in the lectures.

Each is a recurrence of every number alone, and W, gamma, beta and b are treated alike.  The
lectures call the weight of Momentum beta; here it is beta1, as in Adam, so that it is not taken
for beta[l].
"""

import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np

from bnproof.reference.checks import Array, check_array, refuse


class Optimizer(Protocol):
    """A rule of update.

    Attributes:
        averages: what it remembers of each parameter: "v" for the running average of gradients,
            "s" for that of their squares, both started at 0.
    """

    averages: ClassVar[tuple[str, ...]]

    def step(
        self, parameter: Array, gradient: Array, t: int, averages: tuple[Array, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the parameter after step t = 1, 2, ..., and the averages after it."""


@dataclass(frozen=True)
class GradientDescent:
    """w - learning_rate * dw.  Theorem "gradient-descent".

    >>> GradientDescent(0.5).step(np.array([3.0]), np.array([2.0]), 1, ())
    (array([2.]), ())
    """

    averages: ClassVar[tuple[str, ...]] = ()
    learning_rate: float = 0.1

    def __post_init__(self) -> None:
        check_settings(self.learning_rate)

    def step(
        self,
        parameter: Array,
        gradient: Array,
        t: int,  # noqa: ARG002  # every step is the same
        averages: tuple[Array, ...],
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the parameter after a step; there are no averages."""
        return parameter - self.learning_rate * gradient, averages


@dataclass(frozen=True)
class Momentum:
    """v = beta1 v + (1 - beta1) dw; w - learning_rate * v.  Theorem "momentum-optimizer".

    Libraries often leave 1 - beta1 out, which is the same with another learning rate.

    >>> Momentum(0.5, 0.75).step(np.array([3.0]), np.array([4.0]), 1, (np.zeros(1),))
    (array([2.5]), (array([1.]),))
    """

    averages: ClassVar[tuple[str, ...]] = ("v",)
    learning_rate: float = 0.1
    beta1: float = 0.9

    def __post_init__(self) -> None:
        check_settings(self.learning_rate, beta1=self.beta1)

    def step(
        self,
        parameter: Array,
        gradient: Array,
        t: int,  # noqa: ARG002  # the bias at the start is left uncorrected, as in the lectures
        averages: tuple[Array, ...],
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the parameter and v after a step."""
        v = self.beta1 * averages[0] + (1 - self.beta1) * gradient
        return parameter - self.learning_rate * v, (v,)


@dataclass(frozen=True)
class RMSprop:
    """s = beta2 s + (1 - beta2) dw^2; w - learning_rate * dw / (sqrt(s) + eps).

    Theorem "rmsprop-optimizer".

    >>> RMSprop(0.5, 0.75, eps=0.0).step(np.array([3.0]), np.array([4.0]), 1, (np.zeros(1),))
    (array([2.]), (array([4.]),))
    """

    averages: ClassVar[tuple[str, ...]] = ("s",)
    learning_rate: float = 0.01
    beta2: float = 0.9
    eps: float = 1e-8

    def __post_init__(self) -> None:
        check_settings(self.learning_rate, eps=self.eps, beta2=self.beta2)

    def step(
        self,
        parameter: Array,
        gradient: Array,
        t: int,  # noqa: ARG002  # the bias at the start is left uncorrected, as in the lectures
        averages: tuple[Array, ...],
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the parameter and s after a step; 0 / 0, for eps = 0, is no step."""
        s = self.beta2 * averages[0] + (1 - self.beta2) * gradient**2
        return parameter - self.learning_rate * _divided(gradient, np.sqrt(s) + self.eps), (s,)


@dataclass(frozen=True)
class Adam:
    """Both averages, each divided by 1 - beta^t, which corrects its bias.

    w - learning_rate * (v / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + eps).

    Source: Kingma and Ba (2015), Algorithm 1; theorem "adam-optimizer".

    >>> moved, _ = Adam(0.5, eps=0.0).step(np.array([3.0]), np.array([4.0]), 1, (np.zeros(1),) * 2)
    >>> moved.round(12).tolist()
    [2.5]
    """

    averages: ClassVar[tuple[str, ...]] = ("v", "s")
    learning_rate: float = 0.01
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        check_settings(self.learning_rate, eps=self.eps, beta1=self.beta1, beta2=self.beta2)

    def step(
        self, parameter: Array, gradient: Array, t: int, averages: tuple[Array, ...]
    ) -> tuple[Array, tuple[Array, ...]]:
        """Return the parameter, v and s after step t; 0 / 0, for eps = 0, is no step."""
        v = self.beta1 * averages[0] + (1 - self.beta1) * gradient
        s = self.beta2 * averages[1] + (1 - self.beta2) * gradient**2
        v_corrected, s_corrected = v / (1 - self.beta1**t), s / (1 - self.beta2**t)
        step = _divided(v_corrected, np.sqrt(s_corrected) + self.eps)
        return parameter - self.learning_rate * step, (v, s)


def _divided(step: Array, root: Array) -> Array:
    return np.divide(step, root, out=np.zeros_like(root), where=root != 0)


@dataclass
class Memory:
    """What an optimizer remembers: the number of steps, and its averages of each parameter.

    >>> Memory().t
    0
    """

    t: int = 0
    averages: dict[str, tuple[Array, ...]] = field(default_factory=dict)


def updated(
    optimizer: Optimizer,
    parameters: Mapping[str, Array],
    gradients: Mapping[str, Array],
    memory: Memory,
) -> tuple[dict[str, Array], Memory]:
    """Return the parameters after one step, and what is to be remembered for the next.

    Nothing given is changed.  Raises ValueError for a gradient that is missing or of
    another shape.

    >>> ones = {"gamma1": np.ones((2, 1))}
    >>> parameters, memory = updated(GradientDescent(0.5), ones, ones, Memory())
    >>> parameters["gamma1"].tolist(), memory.t
    ([[0.5], [0.5]], 1)
    """
    if set(parameters) != set(gradients):
        refuse(f"gradients are of {sorted(gradients)}; due are those of {sorted(parameters)}")
    moved, after = {}, Memory(memory.t + 1)
    for name, parameter in parameters.items():
        check_array(f"the gradient of {name}", gradients[name], parameter.shape)
        zeros = tuple(np.zeros_like(parameter) for _ in optimizer.averages)
        averages = memory.averages.get(name, zeros)
        moved[name], after.averages[name] = optimizer.step(
            parameter, gradients[name], after.t, averages
        )
    return moved, after


def check_settings(learning_rate: float, *, eps: float = 0.0, **weights: float) -> None:
    """Refuse a learning rate that is not positive, a negative eps, and weights outside 0..1.

    >>> check_settings(0.1, beta1=1.0)
    Traceback (most recent call last):
    ValueError: beta1 = 1.0; due is a number from 0 to 1, 1 excluded
    """
    if not isinstance(learning_rate, numbers.Real) or not 0 < learning_rate < float("inf"):
        refuse(f"learning_rate = {learning_rate!r}; due is a finite number above 0")
    if not isinstance(eps, numbers.Real) or not 0 <= eps < float("inf"):
        refuse(f"eps = {eps!r}; due is a finite number, at least 0")
    for name, weight in weights.items():
        if not isinstance(weight, numbers.Real) or not 0 <= weight < 1:
            refuse(f"{name} = {weight!r}; due is a number from 0 to 1, 1 excluded")
