"""The optimizers as recurrences of single numbers, against 50 digits, within derived bounds.

Arithmetic: fl(a op b) = (a op b)(1 + e), |e| <= u.  G(k) is gamma_k = k u / (1 - k u), the bound on
k accumulated roundings.  Each step's bounds are added up by induction (theorem `running-rounding`).

**v.**  Each v_t = beta1 v + (1 - beta1) g multiplies what went in by at most four factors 1 + e, in
the form v + (1 - beta1)(g - v) as well, as long as beta1 >= 1/2.  With V the same average of |g|:
|error of v_t| <= G(4 t) V_t.  The form without 1 - beta1 has no more.

**s.**  All terms are positive, and g^2 rounds once more: |error of s_t| <= G(5 t) s_t; the square
root halves relative errors, which is not made use of.

**1 - beta^t.**  beta^t is off by at most 2 u beta^t, and the difference rounds once:
relative error c = (2 u beta^t / (1 - beta^t) + u)(1 + 2 u).

**Steps.**  A step d is alpha g; alpha v; alpha g / (sqrt(s) + eps); or that with both averages
corrected.  With D the same step formed of |g|, or of V for v, and all errors relative to it:
|error of d| <= rho D, rho = G(4) for gradient descent, G(4 t + 4) for Momentum, G(5 t + 8) for
RMSprop, and compose(G(9 t + 12), c1, c2) for Adam.

**w.**  w - d rounds once: E_t = (1 + u)(E_(t-1) + rho D) + u |w_t|.

Underflow is left out: the gradients tried are 0 or far from it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import mpmath
import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.truth.bounds.roundings import accumulated, compose
from bnproof.properties.network.subject import Finding, Trajectory, compared

DIGITS = 50
U = FORMATS["float64"].u
STEPS = 40
Numbers = Mapping[str, Any]
"""The running averages: v, V and s."""

SETTINGS: dict[str, tuple[dict[str, float], ...]] = {
    "gradient-descent": ({"learning_rate": 0.1},),
    "momentum": (
        {"learning_rate": 0.1, "beta1": 0.9},
        {"learning_rate": 0.01, "beta1": 0.5},
    ),
    "rmsprop": (
        {"learning_rate": 0.01, "beta2": 0.9, "eps": 1e-8},
        {"learning_rate": 0.1, "beta2": 0.999, "eps": 0.25},
    ),
    "adam": (
        {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
        {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.75, "eps": 0.25},
    ),
}
"""What each rule is tried with: the usual settings, and others in which each of them matters."""


def truth(
    rule: str, settings: Mapping[str, float], start: float, gradients: Array
) -> tuple[Array, Array]:
    """The parameter after each step, to 50 digits and then rounded, and its error bound.

    >>> w, bound = truth("gradient-descent", {"learning_rate": 0.5}, 3.0, np.array([2.0, 0.0]))
    >>> w.tolist(), bool(bound.max() < 1e-14)
    ([2.0, 2.0], True)
    """
    with mpmath.workdps(DIGITS):
        exact = {name: mpmath.mpf(value) for name, value in settings.items()}
        w, error = mpmath.mpf(start), 0.0
        averages: dict[str, Any] = dict.fromkeys(("v", "V", "s"), mpmath.mpf(0))
        rows = []
        for t, gradient in enumerate(gradients.tolist(), 1):
            g = mpmath.mpf(gradient)
            averages = _averaged(averages, g, exact)
            step, size, rho = STEP[rule](g, t, averages, exact)
            w -= step
            error = (1 + U) * (error + rho * float(size)) + U * abs(float(w))
            rows.append((float(w), error + U * abs(float(w))))  # truth itself is rounded
    return np.array([r[0] for r in rows]), np.array([r[1] for r in rows])


def _averaged(old: Numbers, g: Any, settings: Numbers) -> dict[str, Any]:
    beta1, beta2 = settings.get("beta1", mpmath.mpf(0)), settings.get("beta2", mpmath.mpf(0))
    return {
        "v": beta1 * old["v"] + (1 - beta1) * g,
        "V": beta1 * old["V"] + (1 - beta1) * abs(g),
        "s": beta2 * old["s"] + (1 - beta2) * g * g,
    }


Step = tuple[Any, Any, float]
"""A step d, its size D, and rho."""


def _descent(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    alpha = settings["learning_rate"]
    return alpha * g, alpha * abs(g), accumulated(4, U)


def _momentum(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    alpha = settings["learning_rate"]
    return alpha * averages["v"], alpha * averages["V"], accumulated(4 * t + 4, U)


def _rmsprop(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:
    root = mpmath.sqrt(averages["s"]) + settings["eps"]
    slope = settings["learning_rate"] / root
    return slope * g, slope * abs(g), accumulated(5 * t + 8, U)


def _adam(g: Any, t: int, averages: Numbers, settings: Numbers) -> Step:  # noqa: ARG001  # one shape
    left = {name: settings[name] ** t for name in ("beta1", "beta2")}
    root = mpmath.sqrt(averages["s"] / (1 - left["beta2"])) + settings["eps"]
    slope = settings["learning_rate"] / ((1 - left["beta1"]) * root)
    rho = accumulated(9 * t + 12, U)
    for power in left.values():
        rho = float(compose(rho, (2 * U * float(power / (1 - power)) + U) * (1 + 2 * U)))
    return slope * averages["v"], slope * averages["V"], rho


STEP: dict[str, Callable[[Any, int, Numbers, Numbers], Step]] = {
    "gradient-descent": _descent,
    "momentum": _momentum,
    "rmsprop": _rmsprop,
    "adam": _adam,
}
"""One step of each rule: d, D and rho."""


def gradient_sequences() -> Iterator[tuple[str, Array]]:
    """Gradients that the averages have to follow: of one sign, of both, of all sizes, and zeros."""
    rng = np.random.default_rng(0)
    yield "constant", np.full(STEPS, 0.375)
    yield "random", rng.normal(size=STEPS) + 0.01
    yield "of all sizes", rng.normal(size=STEPS) * 10.0 ** rng.integers(-6, 6, STEPS)
    yield "one, then zeros", np.array([0.7] + [0.0] * (STEPS - 1))


def recurrence(rule: str, trajectory: Trajectory) -> Iterator[Finding]:
    """Every step of a parameter, given its gradients."""
    for settings in SETTINGS[rule]:
        for name, gradients in gradient_sequences():
            want, bound = truth(rule, settings, 1.25, gradients)
            got = trajectory(rule, settings, 1.25, gradients)
            yield compared(f"{name}, {settings}", got, want, bound)


def recurrence_of(rule: str) -> Callable[[Trajectory], Iterator[Finding]]:
    """The check of one rule."""
    return partial(recurrence, rule)
