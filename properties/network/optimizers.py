"""The optimizers: one step of each, and how far its computed value may be off.

**Steps.**  A step d is alpha g; alpha v; alpha g / (sqrt(s) + eps); or that with both averages
corrected.  With D the same step formed of |g|, or of V for v, and all errors relative to it:
|error of d| <= rho D, rho = G(4) for gradient descent, G(4 t + 4) for Momentum, G(5 t + 8) for
RMSprop, and compose(G(9 t + 12), c1, c2) for Adam.  `recurrence` has the notation.

**1 - beta^t.**  beta^t is off by at most 2 u beta^t, and the difference rounds once:
relative error c = (2 u beta^t / (1 - beta^t) + u)(1 + 2 u).
"""

from typing import Any

import mpmath

from bnproof.engine.network.recurrence import Numbers, Step, U, recurrence
from bnproof.engine.truth.bounds.roundings import accumulated, compose


@recurrence(
    "network/gradient-descent",
    "Gradient descent follows its recurrence.",
    theorem="gradient-descent",
    settings=({"learning_rate": 0.1},),
)
def gradient_descent(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    """alpha g."""
    alpha = settings["learning_rate"]
    return alpha * g, alpha * abs(g), accumulated(4, U)


@recurrence(
    "network/momentum",
    "Momentum follows its recurrence.",
    theorem="momentum-optimizer",
    settings=(
        {"learning_rate": 0.1, "beta1": 0.9},
        {"learning_rate": 0.01, "beta1": 0.5},
    ),
)
def momentum(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    """alpha v."""
    alpha = settings["learning_rate"]
    return alpha * averages["v"], alpha * averages["V"], accumulated(4 * t + 4, U)


@recurrence(
    "network/rmsprop",
    "RMSprop follows its recurrence.",
    theorem="rmsprop-optimizer",
    settings=(
        {"learning_rate": 0.01, "beta2": 0.9, "eps": 1e-8},
        {"learning_rate": 0.1, "beta2": 0.999, "eps": 0.25},
    ),
)
def rmsprop(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:
    """alpha g / (sqrt(s) + eps)."""
    root = mpmath.sqrt(averages["s"]) + settings["eps"]
    slope = settings["learning_rate"] / root
    return slope * g, slope * abs(g), accumulated(5 * t + 8, U)


@recurrence(
    "network/adam",
    "Adam follows its recurrence, with both averages corrected.",
    theorem="adam-optimizer",
    settings=(
        {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75, "eps": 0.25},
    ),
)
def adam(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    """alpha v / (sqrt(s) + eps), with v and s divided by 1 - beta^t."""
    left = {name: settings[name] ** t for name in ("beta1", "beta2")}
    root = mpmath.sqrt(averages["s"] / (1 - left["beta2"])) + settings["eps"]
    slope = settings["learning_rate"] / ((1 - left["beta1"]) * root)
    rho = accumulated(9 * t + 12, U)
    for power in left.values():
        rho = float(compose(rho, (2 * U * float(power / (1 - power)) + U) * (1 + 2 * U)))
    return slope * averages["v"], slope * averages["V"], rho
