"""Running averages: one step, k steps in closed form, expectation, variance, and the limit."""

from typing import Any

from sympy import Expr, S, Symbol, limit, oo, symbols

from bnproof.spec.kernel.expectation import expectation
from bnproof.spec.kernel.sums import over
from bnproof.spec.terms.claims import Claim, induction
from bnproof.spec.terms.language import c, vector
from bnproof.spec.terms.theorem import Method, theorem

T = Symbol("T", integer=True, nonnegative=True)
"""Time: the number of updates so far."""

q = Symbol("q", positive=True)
"""The weight of the old value; the new one has 1 - q."""

start, level, spread = symbols("r0 s_mean s_var", real=True)
s = vector("s")
"""s[1], s[2], ...: one statistic of each batch."""


def averaged(time: Any) -> Expr:
    """The running average after some updates r <- q r + (1 - q) s, in closed form."""
    return q**time * start + (1 - q) * over(time, lambda i: q ** (time - i) * s[i])


def weights(time: Any) -> Expr:
    """What the weights of the batches add up to."""
    return (1 - q) * over(time, lambda i: q ** (time - i))


def expected(time: Any) -> Expr:
    """The expectation of the running average, for independent statistics of one mean."""
    return q**time * start + (1 - q**time) * level


def variance(time: Any) -> Expr:
    """Its variance, if they have one variance as well."""
    return spread * (1 - q) / (1 + q) * (1 - q ** (2 * time))


def _law(order: int) -> Expr:
    return {1: level, 2: spread}.get(order, S.Zero)


@theorem(
    "running-one-step",
    "One step, in two conventions",
    "A running average moves from the old value towards the batch's by a fixed weight. "
    "Libraries call this weight, or the other one, momentum.",
    behaviour=True,
)
def one_step() -> list[Claim]:
    momentum, old, new = symbols("momentum r_old s_new", real=True)
    weighs_new = (1 - momentum) * old + momentum * new
    weighs_old = momentum * old + (1 - momentum) * new
    return [
        Claim(
            weighs_new,
            weighs_old.xreplace({momentum: 1 - momentum}),
            "PyTorch's momentum is 1 - that of Keras, Flax and ONNX",
        ),
        Claim(
            weighs_new, old + momentum * (new - old), "a step of that size towards the new value"
        ),
        Claim(weighs_new.xreplace({momentum: S.Zero}), old, "no weight, no step"),
        Claim(weighs_new.xreplace({momentum: S.One}), new, "all weight, no memory"),
    ]


@theorem(
    "running-closed-form",
    "k steps in closed form",
    "`r_t = q**t*r_0 + (1 - q)*sum(q**(t - i)*s_i)`: exponentially weighted.",
    method=Method.INDUCTION,
    behaviour=True,
)
def closed_form() -> list[Claim]:
    return [
        Claim(averaged(0), start, "before the first update"),
        Claim(averaged(T + 1), q * averaged(T) + (1 - q) * s[T + 1], "one update more"),
    ]


@theorem(
    "bias-correction",
    "The weights add up to 1 - q^t",
    "Started at 0, the average is short by this factor; dividing by it corrects the bias.",
    method=Method.INDUCTION,
)
def bias_correction() -> list[Claim]:
    return induction(weights, lambda time: 1 - q**time, lambda w: q * w + 1 - q, T)


@theorem(
    "running-moments",
    "Expectation and variance of the running average",
    "For independent batches: `q**t*r_0 + (1 - q**t)*E[s]`, and "
    "`(1 - q)/(1 + q)*(1 - q**(2*t))*Var[s]`.",
    method=Method.EXPECTATION_INDUCTION,
)
def moments() -> list[Claim]:
    def first(time: Any) -> Expr:
        return expectation(averaged(time), s, _law)

    def second(time: Any) -> Expr:
        return expectation(averaged(time) ** 2, s, _law) - first(time) ** 2

    return [
        *induction(first, expected, lambda r: q * r + (1 - q) * level, T),
        *induction(second, variance, lambda r: q**2 * r + (1 - q) ** 2 * spread, T),
    ]


@theorem(
    "running-convergence",
    "In the long run: the population",
    "If every batch is the population, the distance to its statistics shrinks by q with each "
    "step. For random batches the expectation converges to theirs, and the variance to "
    "`alpha/(2 - alpha)` of one batch's, which does not vanish.",
    method=Method.CANONICAL_LIMIT,
    behaviour=True,
)
def convergence() -> list[Claim]:
    def long_run(expression: Expr) -> Expr:
        """The limit for 0 < q < 1, written as 1 / (1 + c), which SymPy can take."""
        time = Symbol("u", positive=True)
        return limit(expression.xreplace({q: 1 / (1 + c)}).subs(T, time), time, oo)

    alpha = 1 - 1 / (1 + c)
    return [
        *induction(
            lambda time: q**time * start + weights(time) * level - level,
            lambda time: q**time * (start - level),
            lambda distance: q * distance,
            T,
        ),
        Claim(long_run(expected(T)), level, "the start is forgotten"),
        Claim(
            long_run(variance(T)),
            spread * alpha / (2 - alpha),
            "with alpha = 1 - q, the weight of the new value",
        ),
    ]


@theorem(
    "cumulative-average",
    "The cumulative average",
    "With momentum 1/t at the t-th batch, the average is the plain mean of all batches.",
    method=Method.INDUCTION,
    behaviour=True,
)
def cumulative() -> list[Claim]:
    def average(time: Any) -> Expr:
        return over(time, lambda i: s[i]) / time

    return [
        Claim(average(S.One), s[1], "the first batch"),
        Claim(
            average(T + 1),
            average(T) + (s[T + 1] - average(T)) / (T + 1),
            "a step with momentum 1/(t + 1)",
        ),
    ]


@theorem(
    "running-rounding",
    "Rounding errors of k steps add up",
    "If a step multiplies the old error by at most g and adds at most e, the error after t "
    "steps is at most `e*sum(g**(t - i))`.",
    method=Method.INDUCTION,
)
def rounding() -> list[Claim]:
    growth, one = symbols("g e", positive=True)

    def error(time: Any) -> Expr:
        return one * over(time, lambda i: growth ** (time - i))

    return [
        Claim(error(0), S.Zero, "no update, no error"),
        Claim(
            error(T + 1), growth * error(T) + one, "the old error grows, and one step's is added"
        ),
    ]
