"""The vocabulary: samples, batch statistics, and their definitions.

Formulas are written in short names (mu, var, inv_std, xhat, y).  `unfold` replaces them by their
definitions; `fold` goes the other way by the change of variable x_i = mu + xhat_i / inv_std, after
which only two relations are left between the names: sum xhat = 0 and
sum xhat^2 = m (1 - eps inv_std^2).  These two are the `FRAME`, which is a theorem itself.
"""

from collections.abc import Callable
from typing import Any

from sympy import (
    Derivative,
    Expr,
    Function,
    Indexed,
    IndexedBase,
    S,
    Subs,
    Sum,
    Symbol,
    sqrt,
    symbols,
)

from bnproof.spec.kernel.canonical import normal
from bnproof.spec.kernel.expectation import expectation
from bnproof.spec.kernel.sums import Index, over

Terms = Callable[[Any], Expr]
"""A formula of one index."""

m = Symbol("m", integer=True, positive=True)  # samples in the batch
n = Symbol("n", integer=True, positive=True)  # inputs of the layer in front
k, l = Index("k", m), Index("l", m)  # noqa: E741  # any two samples
a = Index("a", n)  # any input of the layer in front
eps = Symbol("epsilon", positive=True)
gamma, beta, b, t = symbols("gamma beta b t", real=True)
c = Symbol("c", positive=True)
mu = Symbol("mu", real=True)
var = Symbol("var", nonnegative=True)
inv_std = Symbol("inv_std", positive=True)
running_mean = Symbol("running_mean", real=True)
running_var = Symbol("running_var", positive=True)


def vector(name: str) -> IndexedBase:
    """An array of real numbers."""
    return IndexedBase(name, real=True)


x, xhat, y, dy, v, w = map(vector, ("x", "xhat", "y", "dy", "v", "w"))


def total(term: Terms) -> Sum:
    """The sum over the batch."""
    return over(m, term)


def mean(term: Terms) -> Expr:
    """The mean over the batch."""
    return over(m, term) / m


DEFINITIONS: dict[str, Any] = {
    "mu": mean(lambda i: x[i]),
    "var": mean(lambda i: (x[i] - mu) ** 2),
    "inv_std": 1 / sqrt(var + eps),
    "xhat": lambda i: (x[i] - mu) * inv_std,
    "y": lambda i: gamma * xhat[i] + beta,
}
"""The forward pass, in the order in which it is computed."""

LOSS = total(lambda i: dy[i] * y[i])
"""The linear form whose gradients are the backward pass, for any upstream gradient dy."""


class Named:
    """Names for derived results: ``named["dx"][i]`` stands for a formula of i."""

    def __init__(self) -> None:
        self._formulas: list[tuple[IndexedBase, Terms]] = []

    def add(self, name: str, formula: Terms) -> IndexedBase:
        """The array of a new name."""
        self._formulas.append((vector(name), formula))
        return self._formulas[-1][0]

    def spelled(self, expression: Expr) -> Expr:
        """An expression without these names."""
        for base, formula in reversed(self._formulas):
            expression = substituted(expression, base, formula)
        return expression


NAMED = Named()


def substituted(expression: Expr, base: IndexedBase, formula: Terms) -> Expr:
    """An expression with base[i] replaced by formula(i).

    >>> substituted(x[k] + y[k], y, lambda i: 2 * x[i])
    3*x[k]
    """
    return expression.replace(
        lambda part: isinstance(part, Indexed) and part.base == base,
        lambda part: formula(*part.indices),
    )


def unfold(expression: Expr) -> Expr:
    """An expression in terms of x, dy, gamma, beta and eps only."""
    expression = NAMED.spelled(expression)
    for base in (y, xhat):
        expression = substituted(expression, base, DEFINITIONS[str(base)])
    for name in (inv_std, var, mu):
        expression = expression.xreplace({name: DEFINITIONS[str(name)]})
    return expression


def fold(expression: Expr) -> Expr:
    """An expression in terms of mu, inv_std and xhat: the same after the change of variable."""
    expression = substituted(NAMED.spelled(expression), y, DEFINITIONS["y"])
    expression = substituted(expression, x, lambda i: mu + xhat[i] / inv_std)
    return expression.xreplace({var: inv_std**-2 - eps})


FRAME = {
    normal(total(lambda i: xhat[i])): S.Zero,
    normal(total(lambda i: xhat[i] ** 2)): m * (1 - eps * inv_std**2),
}
"""What is left to know of xhat after the change of variable."""


class Expect(Function):  # type: ignore[misc]  # SymPy has no types
    """E[...] over the independent samples X_i of a population, written but not carried out."""


X = vector("X")
mu_X, sigma2 = Symbol("mu_X", real=True), Symbol("sigma2", positive=True)
kappa3, kappa4 = symbols("kappa3 kappa4", real=True)


def population(order: int) -> Expr:
    """The cumulants of the population: mean, variance, and two more by name."""
    names = {1: mu_X, 2: sigma2, 3: kappa3, 4: kappa4}
    return names.get(order, Symbol(f"kappa{order}", real=True))


def evaluate(expression: Expr) -> Expr:
    """Carry out the derivatives and expectations that are written in an expression.

    SymPy's own ``doit`` fails on nested sums.
    """
    if isinstance(expression, Derivative):
        counts = ((variable, count) for variable, count in expression.variable_count)
        return evaluate(unfold(expression.expr)).diff(*counts)
    if isinstance(expression, Subs):
        points = dict(zip(expression.variables, expression.point, strict=True))
        return evaluate(expression.expr).xreplace(points)
    if isinstance(expression, Expect):
        return expectation(evaluate(expression.args[0]), X, population)
    if not expression.has(Derivative, Subs, Expect):
        return expression
    return expression.func(*(evaluate(part) for part in expression.args))


def shifted(expression: Expr, direction: IndexedBase) -> Expr:
    """An expression at x + t direction."""
    return substituted(unfold(expression), x, lambda i: x[i] + t * direction[i])


def along(expression: Expr, direction: IndexedBase, order: int = 1) -> Subs:
    """A derivative with respect to x along a direction: of order 1 a Jacobian-vector product."""
    return Subs(Derivative(shifted(expression, direction), (t, order)), t, 0)
