"""Along a line, xhat is the generating function of the Legendre polynomials."""

from typing import Any

from sympy import Derivative, Expr, Symbol, sqrt, symbols

from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    inv_std,
    k,
    m,
    mean,
    mu,
    shifted,
    t,
    v,
    var,
    x,
)
from bnproof.spec.terms.theorem import Method, theorem

p, q, u = symbols("p q u", real=True)
T = Symbol("T", integer=True, nonnegative=True)
ratio = Symbol("h", positive=True)


def line() -> list[Claim]:
    """With w = v - mean(v): p = mean((x - mu) w) and q = mean(w^2)."""
    average = mean(lambda i: v[i])
    named = (
        (p, mean(lambda i: (x[i] - mu) * (v[i] - average))),
        (q, mean(lambda i: (v[i] - average) ** 2)),
    )
    spread = var + 2 * t * p + t**2 * q
    return [
        Claim(shifted(var, v), spread, "the variance along the line is a parabola", where=named),
        Claim(
            shifted(x[k] - mu, v),
            x[k] - mu + t * (v[k] - average),
            "and the deviation from the mean a straight line",
        ),
        Claim(
            Derivative(1 / sqrt(1 + 2 * t * p * inv_std**2 + t**2 * q * inv_std**2), t),
            -(p + t * q)
            * inv_std**2
            / sqrt(1 + 2 * t * p * inv_std**2 + t**2 * q * inv_std**2) ** 3,
            "so inv_std is scaled by a function of t alone",
        ),
    ]


def generating_function() -> list[Claim]:
    g = 1 / sqrt(1 - 2 * u * t + t**2)
    return [
        Claim(
            (1 - 2 * u * t + t**2) * Derivative(g, t),
            (u - t) * g,
            "comparing powers of t, this is (j + 1) P_(j+1) = (2 j + 1) u P_j - j P_(j-1), "
            "the recurrence of the Legendre polynomials",
        ),
    ]


def cauchy_schwarz() -> list[Claim]:
    average = mean(lambda i: v[i])
    square_x, square_v = var, mean(lambda i: (v[i] - average) ** 2)
    product = mean(lambda i: (x[i] - mu) * (v[i] - average))

    def minor(i: Any, j: Any) -> Expr:
        return (x[i] - mu) * (v[j] - average) - (x[j] - mu) * (v[i] - average)

    squares = over(m, lambda i: over(m, lambda j: minor(i, j) ** 2)) / (2 * m**2)
    return [
        Claim(
            square_x * square_v - product**2,
            squares,
            "Lagrange's identity: never negative, so |u| is at most 1",
            from_definitions=True,
        )
    ]


def remainder() -> list[Claim]:
    def partial(time: Any) -> Expr:
        return (1 - ratio) * over(time, lambda j: ratio**j)

    return [
        Claim(partial(0), 0, "no terms"),
        Claim(partial(T + 1) - partial(T), (1 - ratio) * ratio ** (T + 1), "one more term"),
        Claim(
            ratio - ratio ** (T + 2) - (ratio - ratio ** (T + 1)),
            (1 - ratio) * ratio ** (T + 1),
            "ratio - ratio^(t + 1) grows by as much: the sum of ratio^j stays below "
            "ratio / (1 - ratio)",
        ),
    ]


@theorem(
    "finite-difference-bound",
    "The error of a finite difference, exactly bounded",
    "Along `x + t*v`, inv_std is `inv_std` times the generating function of the Legendre "
    "polynomials P_j(u) in powers of q t, with u between -1 and 1, where |P_j(u)| is at most 1 "
    "(Laplace's integral). The central difference keeps the even powers: the terms of "
    "`(q*h)**2`, `(q*h)**4` and so on, whose sum is at most `(q*h)**2/(1 - (q*h)**2)`.",
    method=Method.CANONICAL_BOUND,
    behaviour=True,
)
def bound() -> list[Claim]:
    return [*line(), *generating_function(), *cauchy_schwarz(), *remainder()]
