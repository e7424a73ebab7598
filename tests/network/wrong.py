"""Wrong layers and optimizers, each a line off the reference, for the properties to reject."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from tests.network.subjects import RULES, ReferenceLayer, Trained, trajectory_of

from bnproof.engine.network.interfaces import Trajectory
from bnproof.reference.checks import Array
from bnproof.reference.optimizers import Adam


class WrongLayer(ReferenceLayer):
    """The reference's layer, but for what is done to what it is given and what it returns."""

    def __init__(
        self,
        given: Callable[[dict[str, Any]], dict[str, Any]] = lambda given: given,
        trained: Callable[[dict[str, Any], Trained], Trained] = lambda given, trained: trained,
        inferred: Callable[[dict[str, Any], Array], Array] = lambda given, inferred: inferred,
    ) -> None:
        self._given, self._trained, self._inferred = given, trained, inferred

    def train(self, *values: Any, **settings: Any) -> Trained:
        """As the reference, changed."""
        given = named(values)
        changed = self._given({**given, **settings})
        return self._trained(given, super().train(**changed))

    def infer(self, *values: Any, **settings: Any) -> Array:
        """As the reference, changed."""
        given = named(values)
        inferred: Array = super().infer(**given, **settings)
        return self._inferred(given, inferred)


def named(values: tuple[Any, ...]) -> dict[str, Any]:
    """Arguments by name."""
    names = ("A", "W", "b", "gamma", "beta", "running_mean", "running_var")
    return dict(zip(names, values, strict=True))


def bias_behind(given: dict[str, Any], trained: Trained) -> Trained:
    """b is added to Z~, where it does have an effect."""
    b = 0.0 if given["b"] is None else given["b"]
    return trained[0] + b, *trained[1:]


def bias_learns(given: dict[str, Any], trained: Trained) -> Trained:  # one shape
    """The gradient of b is dbeta, the bias behind being meant."""

    def backward(dZ_tilde: Array) -> Any:
        dA, dW, _, dgamma, dbeta = trained[3](dZ_tilde)
        return dA, dW, dbeta, dgamma, dbeta

    return *trained[:3], backward


def mean_gradient(given: dict[str, Any], trained: Trained) -> Trained:
    """DW is divided by m once more."""

    def backward(dZ_tilde: Array) -> Any:
        dA, dW, *others = trained[3](dZ_tilde)
        return dA, dW / given["A"].shape[1], *others

    return *trained[:3], backward


def clipped(given: dict[str, Any]) -> dict[str, Any]:
    """W is clipped, and so the output is not free of its scale."""
    return {**given, "W": np.clip(given["W"], -2.0, 2.0)}


def weight_decay(given: dict[str, Any], trained: Trained) -> Trained:
    """DW has W added, as with weight decay."""

    def backward(dZ_tilde: Array) -> Any:
        dA, dW, *others = trained[3](dZ_tilde)
        return dA, dW + 1e-9 * given["W"], *others

    return *trained[:3], backward


def sample_variance(given: dict[str, Any], trained: Trained) -> Trained:
    """The variance is that of a sample, with m - 1."""
    m = given["A"].shape[1]
    Z_tilde = given["beta"] + (trained[0] - given["beta"]) * np.sqrt((m - 1) / m)
    return Z_tilde, *trained[1:]


def lazy_statistics(given: dict[str, Any], trained: Trained) -> Trained:
    """Running averages move by half of what is due."""
    mean, var = (
        (given[name] + moved) / 2
        for name, moved in zip(("running_mean", "running_var"), trained[1:3], strict=True)
    )
    return trained[0], mean, var, trained[3]


def batch_in_inference(given: dict[str, Any], inferred: Array) -> Array:
    """A batch is normalized by its own mean at test time."""
    centred: Array = inferred - inferred.mean(axis=1, keepdims=True)
    return np.asarray(centred + given["beta"])


LAYERS = {
    "network/gradients": WrongLayer(trained=mean_gradient),
    "network/bias-has-no-effect": WrongLayer(trained=bias_behind),
    "network/bias-gradient-zero": WrongLayer(trained=bias_learns),
    "network/weight-scale": WrongLayer(clipped),
    "network/weight-orthogonality": WrongLayer(trained=weight_decay),
    "network/moments-stay": WrongLayer(trained=sample_variance),
    "network/noise": WrongLayer(trained=lazy_statistics),
    "network/averages-converge": WrongLayer(trained=lazy_statistics),
    "network/single-example": WrongLayer(inferred=batch_in_inference),
}
"""A layer that a property has to reject, by the property's id."""


def sum_of_squares(
    rule: str, settings: Mapping[str, float], start: float, gradients: Array
) -> Array:
    """RMSprop with the squares summed and not averaged, as Adagrad has it."""
    s = np.cumsum(gradients**2)
    steps = settings["learning_rate"] * gradients / (np.sqrt(s) + settings["eps"])
    return np.array(start - np.cumsum(steps))


def dampened_late(
    rule: str, settings: Mapping[str, float], start: float, gradients: Array
) -> Array:
    """Momentum whose first step is a whole gradient, as PyTorch's dampening has it."""
    v, w, found = gradients[0], start, []
    for t, gradient in enumerate(gradients):
        v = gradient if t == 0 else settings["beta1"] * v + (1 - settings["beta1"]) * gradient
        w -= settings["learning_rate"] * v
        found.append(w)
    return np.array(found)


def uncorrected(rule: str, settings: Mapping[str, float], start: float, gradients: Array) -> Array:
    """Adam without bias correction."""
    s = np.zeros(1)
    v, w, found = np.zeros(1), np.array([start]), []
    for gradient in gradients:
        v = settings["beta1"] * v + (1 - settings["beta1"]) * gradient
        s = settings["beta2"] * s + (1 - settings["beta2"]) * gradient**2
        w = w - settings["learning_rate"] * v / (np.sqrt(s) + settings["eps"])
        found.append(w[0])
    return np.array(found)


def eps_inside(rule: str, settings: Mapping[str, float], start: float, gradients: Array) -> Array:
    """Adam with eps under the root."""

    class Inside(Adam):
        def step(self, parameter: Array, gradient: Array, t: int, averages: Any) -> Any:
            without = replace(Adam(**settings), eps=0.0)
            _, (v, s) = without.step(parameter, gradient, t, averages)
            root = np.sqrt(s / (1 - self.beta2**t) + self.eps)
            step = self.learning_rate * (v / (1 - self.beta1**t)) / root
            return parameter - step, (v, s)

    return trajectory_of(Inside(**settings), start, gradients)


def slightly_faster(
    rule: str, settings: Mapping[str, float], start: float, gradients: Array
) -> Array:
    """Any rule, with a learning rate that is 2^-40 too large."""
    rate = settings["learning_rate"] * (1 + 2.0**-40)
    return trajectory_of(RULES[rule](**{**settings, "learning_rate": rate}), start, gradients)


TRAJECTORIES: tuple[tuple[str, Trajectory], ...] = (
    ("network/momentum", dampened_late),
    ("network/rmsprop", sum_of_squares),
    ("network/adam", uncorrected),
    ("network/adam", eps_inside),
    *(
        (f"network/{rule}", slightly_faster)
        for rule in ("gradient-descent", "momentum", "rmsprop", "adam")
    ),
)
"""Properties, and optimizers that they have to reject."""
