"""The Jacobian as a matrix: entries, symmetry, trace, eigenvalues with their multiplicity."""

from collections.abc import Callable
from functools import cache
from typing import Any

from sympy import Derivative, Expr, KroneckerDelta, S

from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import eps, gamma, inv_std, k, l, m, total, v, x, xhat, y
from bnproof.spec.terms.theorem import theorem
from bnproof.spec.theorems.backward import derived


@cache
def jacobian_formula() -> Expr:
    """The derivative of y[k] with respect to x[l]; found when it is first asked for."""
    return derived(Derivative(y[k], x[l]))


def entry(row: Any, column: Any) -> Expr:
    """J at two indices."""
    return jacobian_formula().xreplace({k: row, l: column})


def applied(vector: Callable[[Any], Expr]) -> Expr:
    """Entry k of J times a vector."""
    return total(lambda i: entry(k, i) * vector(i))


@theorem(
    "jacobian",
    "The Jacobian: entries, symmetry, trace",
    "J is `gamma*inv_std` times the identity, less the projection onto constants, less "
    "`xhat xhat'/m`.",
)
def entries() -> list[Claim]:
    due = gamma * inv_std * (KroneckerDelta(k, l) - 1 / m - xhat[k] * xhat[l] / m)
    return [
        Claim(Derivative(y[k], x[l]), due, "gamma times the derivative of xhat"),
        Claim(jacobian_formula() - entry(l, k), S.Zero, "k and l may change places"),
        Claim(
            total(lambda i: entry(i, i)),
            gamma * inv_std * (m - 2 + eps * inv_std**2),
            "m ones, less 1, less sum xhat^2 / m",
        ),
    ]


@theorem(
    "eigenvalues",
    "Eigenvalues of the Jacobian",
    "0 on constants, `gamma*eps*inv_std**3` on `xhat`, and `gamma*inv_std` on everything that "
    "is orthogonal to both.",
)
def eigenvalues() -> list[Claim]:
    orthogonal = ((total(lambda i: v[i]), S.Zero), (total(lambda i: v[i] * xhat[i]), S.Zero))
    small, large = gamma * eps * inv_std**3, gamma * inv_std
    return [
        Claim(applied(lambda _: S.One), S.Zero, "a common shift has no effect"),
        Claim(applied(lambda i: xhat[i]), small * xhat[k], "a common factor hardly any"),
        Claim(applied(lambda i: v[i]), large * v[k], "all else passes", given=orthogonal),
    ]


@theorem(
    "eigenvalue-multiplicity",
    "m - 2 directions pass",
    "For a batch that is not constant, the directions orthogonal to constants and to `xhat` "
    "form a space of m - 2 dimensions: the trace of the projection onto it. J has no other "
    "parts.",
)
def multiplicity() -> list[Claim]:
    """The projection onto what is orthogonal to 1 and to xhat: its trace is its dimension."""

    def projection(row: Any, column: Any) -> Expr:
        along = xhat[row] * xhat[column] / (m * (1 - eps * inv_std**2))
        return KroneckerDelta(row, column) - 1 / m - along

    small, large = gamma * eps * inv_std**3, gamma * inv_std
    rest = xhat[k] * xhat[l] / (m * (1 - eps * inv_std**2))
    return [
        Claim(
            total(lambda i: projection(k, i) * projection(i, l)),
            projection(k, l),
            "it is a projection",
            least=2,
        ),
        Claim(total(lambda i: projection(i, i)), m - 2, "its trace, and so its dimension", least=2),
        Claim(total(lambda i: projection(k, i)), S.Zero, "it takes 1 to 0", least=2),
        Claim(total(lambda i: projection(k, i) * xhat[i]), S.Zero, "and xhat as well", least=2),
        Claim(
            jacobian_formula(),
            large * projection(k, l) + small * rest,
            "J is this projection times the one eigenvalue, and that onto xhat times the other",
            least=2,
        ),
    ]
