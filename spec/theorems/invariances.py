"""What changes nothing: bias, scale, order, repetition, other channels."""

from collections.abc import Callable
from typing import Any

from sympy import Derivative, Expr, IndexedBase, KroneckerDelta, S, Symbol, sqrt

from bnproof.spec.kernel.sums import Index, over
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    LOSS,
    b,
    beta,
    c,
    eps,
    k,
    l,
    m,
    mu,
    substituted,
    total,
    unfold,
    var,
    x,
    xhat,
    y,
)
from bnproof.spec.terms.theorem import theorem

G = Symbol("G", integer=True, positive=True)
H = Symbol("H", integer=True, positive=True)
C = Symbol("C", integer=True, positive=True)


def replaced(expression: Expr, formula: Callable[[Any], Expr]) -> Expr:
    """An expression of the definitions, with every x[i] replaced by formula(i)."""
    return substituted(unfold(expression), x, formula)


@theorem(
    "bias-invariance",
    "A bias in front has no effect",
    "Adding `b` to every sample changes nothing: the mean takes it away. So the bias of "
    "a layer in front is dropped, and `beta` takes its place.",
    behaviour=True,
)
def bias() -> list[Claim]:
    moved = replaced(y[k], lambda i: x[i] + b)
    return [Claim(moved, unfold(y[k]), "the mean moves by b as well", from_definitions=True)]


@theorem(
    "bias-gradient-zero",
    "and so it never learns",
    "The gradient with respect to a bias in front is 0 for every loss.",
    behaviour=True,
)
def bias_gradient() -> list[Claim]:
    moved = replaced(LOSS, lambda i: x[i] + b)
    return [Claim(Derivative(moved, b), S.Zero, "what has no effect has no gradient")]


@theorem(
    "scale-law",
    "Scale",
    "A factor `c > 0` disappears if eps is multiplied by `c**2`; with eps fixed, it is as "
    "if eps were divided by `c**2`.",
    behaviour=True,
)
def scale() -> list[Claim]:
    scaled = replaced(xhat[k], lambda i: c * x[i])
    fixed_eps = (x[k] - mu) / sqrt(var + eps / c**2)
    return [
        Claim(
            scaled.xreplace({eps: c**2 * eps}),
            unfold(xhat[k]),
            "with eps scaled along, numerator and denominator grow alike",
            from_definitions=True,
        ),
        Claim(
            scaled,
            unfold(fixed_eps),
            "with eps as it is, it counts for less by c^2",
            from_definitions=True,
        ),
    ]


@theorem(
    "sign-law",
    "Sign",
    "`xhat` of -x is -`xhat` of x.",
    behaviour=True,
)
def sign() -> list[Claim]:
    flipped = replaced(xhat[k], lambda i: -x[i])
    return [Claim(flipped, -unfold(xhat[k]), "var is even in x, and x - mu odd")]


@theorem(
    "permutation-equivariance",
    "The order of samples does not matter",
    "For every permutation matrix P, mean and squares of the permuted samples are those of the "
    "samples, since P has a single 1 in each column; so outputs are permuted like inputs. The "
    "exchange of two samples is shown as well.",
    behaviour=True,
)
def permutation() -> list[Claim]:
    """P[i, j] is 1 where the permutation takes i to j; ones[j], the sums of columns, are all 1."""
    image, ones = IndexedBase("P", real=True), IndexedBase("ones", real=True)
    permuted = over(m, lambda i: over(m, lambda j: image[i, j] * x[j])) / m
    by_columns = over(m, lambda j: over(m, lambda i: image[i, j]) * x[j]) / m
    squares = over(m, lambda i: over(m, lambda j: image[i, j] * x[j] ** 2)) / m
    squares_by_columns = over(m, lambda j: over(m, lambda i: image[i, j]) * x[j] ** 2) / m
    every_column_is_one = substituted(over(m, lambda j: ones[j] * x[j]) / m, ones, lambda _: S.One)
    return [
        Claim(permuted, by_columns, "finite sums may be exchanged"),
        Claim(every_column_is_one, mu, "each column of P has a single 1", from_definitions=True),
        Claim(squares, squares_by_columns, "and the squares likewise, as P has only 0 and 1"),
        *_transposition(),
    ]


def _transposition() -> list[Claim]:
    def swapped(i: Any) -> Expr:
        return x[i] + (KroneckerDelta(i, k) - KroneckerDelta(i, l)) * (x[l] - x[k])

    different = ((KroneckerDelta(k, l), S.Zero),)
    return [
        Claim(
            replaced(y[k], swapped),
            unfold(y[l]),
            "two samples exchanged, two outputs exchanged",
            given=different,
        )
    ]


@theorem(
    "duplicated-batch",
    "A batch repeated is the batch",
    "Repeating all samples G times leaves mean and variance, and so every output.",
    behaviour=True,
)
def duplicated() -> list[Claim]:
    twice = over(G, lambda _: total(lambda i: x[i])) / (G * m)
    spread = over(G, lambda _: total(lambda i: (x[i] - mu) ** 2)) / (G * m)
    return [
        Claim(twice, mu, "G times the sum, over G times the count", from_definitions=True),
        Claim(spread, var, "and likewise for the squares", from_definitions=True),
    ]


@theorem(
    "spatial-positions",
    "Positions are samples",
    "In a convolutional layer statistics run over samples and positions alike; which "
    "position a value came from does not matter.",
    behaviour=True,
)
def positions() -> list[Claim]:
    z = IndexedBase("z", real=True)
    rows_first = over(m, lambda i: over(H, lambda j: z[i, j])) / (m * H)
    columns_first = over(H, lambda j: over(m, lambda i: z[i, j])) / (m * H)
    mean_of_means = over(m, lambda i: over(H, lambda j: z[i, j]) / H) / m
    spread = over(m, lambda i: over(H, lambda j: (z[i, j] - rows_first) ** 2)) / (m * H)
    flat = over(H, lambda j: over(m, lambda i: z[i, j] ** 2)) / (m * H) - columns_first**2
    return [
        Claim(rows_first, columns_first, "finite sums may be exchanged"),
        Claim(rows_first, mean_of_means, "all samples have as many positions"),
        Claim(spread, flat, "so statistics do not know which position a value came from"),
    ]


@theorem(
    "channel-independence",
    "Channels do not know each other",
    "An output of one channel does not depend on any input of another one.",
    behaviour=True,
)
def channels() -> list[Claim]:
    z = IndexedBase("z", real=True)
    d, e = Index("d", C), Index("e", C)

    def output(i: Any, channel: Any) -> Expr:
        average = over(m, lambda j: z[j, channel]) / m
        spread = over(m, lambda j: (z[j, channel] - average) ** 2) / m
        return (z[i, channel] - average) / sqrt(spread + eps)

    return [
        Claim(
            Derivative(output(k, d), z[l, e]),
            S.Zero,
            "no sample of channel e occurs in the formula of channel d",
            given=((KroneckerDelta(d, e), S.Zero),),
        )
    ]


@theorem(
    "constant-feature",
    "A constant feature becomes beta",
    "If all samples are equal, then `var = 0`, and with `eps > 0` every output is `beta`.",
    behaviour=True,
)
def constant() -> list[Claim]:
    level = Symbol("K", real=True)
    return [
        Claim(replaced(var, lambda _: level), S.Zero, "no deviations", from_definitions=True),
        Claim(replaced(y[k], lambda _: level), beta, "0 over sqrt(eps)", from_definitions=True),
    ]


@theorem(
    "single-value",
    "One value per channel",
    "With m = 1 the output is `beta`, no gradient reaches x, and the unbiased variance "
    "does not exist.",
    behaviour=True,
)
def single() -> list[Claim]:
    alone = {m: S.One}
    output = unfold(y[k]).xreplace(alone).xreplace({k: S.One})
    loss = unfold(LOSS).xreplace(alone)
    return [
        Claim(output, beta, "a single value is its own mean", from_definitions=True),
        Claim(Derivative(loss, x[1]), S.Zero, "so it has no influence"),
    ]
