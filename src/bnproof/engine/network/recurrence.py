"""A recurrence of single numbers against 50 digits, within a bound that each step adds to.

Arithmetic: fl(a op b) = (a op b)(1 + e), |e| <= u.  G(k) is gamma_k = k u / (1 - k u), the bound on
k accumulated roundings.  Each step's bounds are added up by induction (theorem `running-rounding`).

**v.**  Each v_t = beta1 v + (1 - beta1) g multiplies what went in by at most four factors 1 + e, in
the form v + (1 - beta1)(g - v) as well, as long as beta1 >= 1/2.  With V the same average of |g|:
|error of v_t| <= G(4 t) V_t.  The form without 1 - beta1 has no more.

**s.**  All terms are positive, and g^2 rounds once more: |error of s_t| <= G(5 t) s_t; the square
root halves relative errors, which is not used.

**w.**  A step d has an error of at most rho D, where D is d formed of |g|, and of V for v.  w - d
rounds once: E_t = (1 + u)(E_(t-1) + rho D) + u |w_t|.

Underflow is left out: the gradients tried are 0 or far from it.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import mpmath
import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.network.interfaces import Trajectory
from bnproof.engine.network.network_property import (
    Finding,
    NetworkProperty,
    compared,
    network_property,
)

DIGITS = 50
U = FORMATS["float64"].u
STEPS = 40
Numbers = Mapping[str, Any]
"""The running averages: v, V and s."""

Step = tuple[Any, Any, float]
"""A step d, its size D, and rho."""

Rule = Callable[[Any, int, Numbers, Numbers], Step]
"""From a gradient, t, the averages and the settings to one step."""


def truth(
    rule: Rule, settings: Mapping[str, float], start: float, gradients: Array
) -> tuple[Array, Array]:
    """The parameter after each step, to 50 digits and then rounded, and its error bound.

    >>> half = lambda g, t, averages, settings: (g / 2, abs(g) / 2, U)
    >>> w, bound = truth(half, {}, 3.0, np.array([2.0, 0.0]))
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
            step, size, rho = rule(g, t, averages, exact)
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


def gradient_sequences() -> Iterator[tuple[str, Array]]:
    """Gradients that the averages have to follow: of one sign, of both, of all sizes, and zeros."""
    rng = np.random.default_rng(0)
    yield "constant", np.full(STEPS, 0.375)
    yield "random", rng.normal(size=STEPS) + 0.01
    yield "of all sizes", rng.normal(size=STEPS) * 10.0 ** rng.integers(-6, 6, STEPS)
    yield "one, then zeros", np.array([0.7] + [0.0] * (STEPS - 1))


def recurrence(
    id_: str, sentence: str, *, theorem: str, settings: tuple[Mapping[str, float], ...]
) -> Callable[[Rule], NetworkProperty]:
    """Make the rule below a property: every step of a parameter, given its gradients, follows it.

    ``settings`` are what the rule is tried with.
    """

    def made(rule: Rule) -> NetworkProperty:
        def check(trajectory: Trajectory) -> Iterator[Finding]:
            for chosen in settings:
                for name, gradients in gradient_sequences():
                    want, bound = truth(rule, chosen, 1.25, gradients)
                    got = trajectory(id_.removeprefix("network/"), chosen, 1.25, gradients)
                    yield compared(f"{name}, {chosen}", got, want, bound)

        return network_property(id_, sentence, theorem=theorem)(check)

    return made
