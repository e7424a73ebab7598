"""How gamma and beta are updated: every optimizer keeps running averages of g or of g^2."""

from typing import Any

from sympy import Abs, Expr, S, Symbol, sqrt, symbols

from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.claims import Claim, induction
from bnproof.spec.terms.language import gamma, vector
from bnproof.spec.terms.theorem import Method, theorem
from bnproof.spec.theorems.running import T, averaged, q, s, start

g = vector("g")
"""g[1], g[2], ...: the gradient of gamma, or of beta, at each step."""

alpha, tiny = Symbol("alpha", positive=True), Symbol("e", positive=True)
first_gradient = Symbol("g1", real=True)


def average_of(term: Any, time: Any) -> Expr:
    """The running average of a formula of the gradients, started at 0."""
    batch = averaged(time).xreplace({start: S.Zero})
    return batch.replace(
        lambda part: getattr(part, "base", None) == s, lambda part: term(part.indices[0])
    )


@theorem(
    "gradient-descent",
    "Gradient descent",
    "gamma and beta are parameters like any other: `gamma - alpha*sum(g)` after t steps.",
    method=Method.INDUCTION,
)
def descent() -> list[Claim]:
    def position(time: Any) -> Expr:
        return gamma - alpha * over(time, lambda i: g[i])

    return [
        Claim(position(0), gamma, "before the first step"),
        Claim(position(T + 1), position(T) - alpha * g[T + 1], "a step against the gradient"),
    ]


@theorem(
    "momentum-optimizer",
    "Momentum",
    "The running average of the gradients (theorem running-closed-form) in place of the gradient.",
    method=Method.INDUCTION,
)
def momentum() -> list[Claim]:
    def velocity(time: Any) -> Expr:
        return average_of(lambda i: g[i], time)

    heavy = Symbol("v_old", real=True)
    new = Symbol("g_new", real=True)
    return [
        Claim(velocity(T + 1), q * velocity(T) + (1 - q) * g[T + 1], "the running average of g"),
        Claim(
            (q * heavy + new) * (1 - q),
            q * (heavy * (1 - q)) + (1 - q) * new,
            "the form without 1 - q is the same with another learning rate",
        ),
    ]


@theorem(
    "rmsprop-optimizer",
    "RMSprop",
    "The running average of the squares, by whose root the step is divided.",
    method=Method.INDUCTION,
)
def rmsprop() -> list[Claim]:
    def square(time: Any) -> Expr:
        return average_of(lambda i: g[i] ** 2, time)

    return [
        Claim(square(T + 1), q * square(T) + (1 - q) * g[T + 1] ** 2, "the running average of g^2")
    ]


@theorem(
    "adam-optimizer",
    "Adam",
    "Both averages, each with its bias corrected: of a constant gradient the average falls "
    "short by `1 - q**t` (theorem bias-correction).",
    method=Method.INDUCTION,
)
def adam() -> list[Claim]:
    first, second = symbols("beta1 beta2", positive=True)
    corrected = (1 - first) * first_gradient / (1 - first)
    corrected_square = (1 - second) * first_gradient**2 / (1 - second)
    level = Symbol("g_mean", real=True)
    return [
        *induction(
            lambda time: average_of(lambda _: level, time),
            lambda time: (1 - q**time) * level,
            lambda old: q * old + (1 - q) * level,
            T,
        ),
        Claim(corrected, first_gradient, "the first step, corrected"),
        Claim(corrected_square, first_gradient**2, "and its square"),
        Claim(
            alpha * corrected / (sqrt(corrected_square) + tiny),
            alpha * first_gradient / (Abs(first_gradient) + tiny),
            "so the first step is of size alpha, whatever the gradient",
        ),
    ]
