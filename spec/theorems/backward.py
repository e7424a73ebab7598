"""The backward pass: three gradients, computed from the loss by differentiation."""

from functools import cache

from sympy import Derivative, Expr, KroneckerDelta, Rational, S, Symbol, factor, sqrt, symbols

from bnproof.spec.kernel.canonical import normal
from bnproof.spec.terms.claims import Claim, chain
from bnproof.spec.terms.language import (
    FRAME,
    LOSS,
    along,
    beta,
    c,
    dy,
    eps,
    evaluate,
    fold,
    gamma,
    inv_std,
    k,
    l,
    m,
    mean,
    mu,
    substituted,
    total,
    v,
    var,
    w,
    x,
    xhat,
    y,
)
from bnproof.spec.terms.theorem import theorem


def derived(expression: Expr) -> Expr:
    """The closed form of a derivative, computed: differentiate, change variable, collect, factor.

    >>> derived(Derivative(LOSS, beta)) == normal(total(lambda i: dy[i]))
    True
    """
    return factor(normal(fold(evaluate(expression)), FRAME))


@cache
def dx_formula() -> Expr:
    """The gradient with respect to x[k]; found when it is first asked for, as the three below."""
    return derived(Derivative(LOSS, x[k]))


@cache
def dgamma_formula() -> Expr:
    """The gradient with respect to gamma."""
    return derived(Derivative(LOSS, gamma))


@cache
def dbeta_formula() -> Expr:
    """The gradient with respect to beta."""
    return derived(Derivative(LOSS, beta))


@cache
def jvp_formula() -> Expr:
    """The derivative of y[k] along v."""
    return derived(along(y[k], v))


def at(expression: Expr, index: object, old: object = k) -> Expr:
    """A formula of k at another index."""
    return expression.xreplace({old: index})


def sum_dy() -> Expr:
    """The sum of dy over the batch."""
    return total(lambda i: dy[i])


def sum_dy_xhat() -> Expr:
    """The sum of dy times xhat over the batch."""
    return total(lambda i: dy[i] * xhat[i])


@theorem(
    "backward-steps",
    "The derivatives of mean, variance and xhat",
    "A sample reaches every output in three ways: directly, through the mean, and through the "
    "variance.",
)
def steps() -> list[Claim]:
    d = KroneckerDelta
    return [
        Claim(Derivative(mu, x[k]), 1 / m, "each sample is one m-th of the mean"),
        Claim(
            Derivative(var, x[k]),
            2 * (x[k] - mu) / m,
            "the part through the mean vanishes, since deviations cancel",
        ),
        Claim(
            Derivative(inv_std, x[k]),
            -(inv_std**2) * xhat[k] / m,
            "inv_std is the power -1/2 of var + eps",
        ),
        Claim(
            Derivative(xhat[l], x[k]),
            inv_std * (d(k, l) - 1 / m - xhat[k] * xhat[l] / m),
            "the product rule, with the two lines above",
        ),
    ]


@theorem(
    "dx-closed-form",
    "The gradient of x",
    "`dx` is `gamma*inv_std` times what is left of `dy` when its mean and its part "
    "along `xhat` are taken away.",
    behaviour=True,
)
def closed_form() -> list[Claim]:
    d = KroneckerDelta
    start = Derivative(LOSS, x[k])
    return [
        *chain(
            start,
            (
                gamma * total(lambda i: dy[i] * Derivative(xhat[i], x[k])),
                "the chain rule; beta does not depend on x",
            ),
            (
                gamma
                * inv_std
                * total(lambda i: dy[i] * (d(i, k) - 1 / m - xhat[i] * xhat[k] / m)),
                "the derivative of xhat",
            ),
            (
                gamma
                * inv_std
                * (dy[k] - mean(lambda i: dy[i]) - xhat[k] * mean(lambda i: dy[i] * xhat[i])),
                "the sum, term by term",
            ),
            (
                gamma * inv_std / m * (m * dy[k] - sum_dy() - xhat[k] * sum_dy_xhat()),
                "1/m in front",
            ),
        )
    ]


@theorem(
    "dgamma",
    "The gradient of gamma",
    "It sums `dy*xhat`.",
    behaviour=True,
)
def gamma_gradient() -> list[Claim]:
    return [Claim(Derivative(LOSS, gamma), sum_dy_xhat(), "y contains gamma times xhat")]


@theorem(
    "dbeta",
    "The gradient of beta",
    "It sums `dy`.",
    behaviour=True,
)
def beta_gradient() -> list[Claim]:
    return [Claim(Derivative(LOSS, beta), sum_dy(), "y contains beta once")]


@theorem(
    "papers-chain",
    "The paper's chain of gradients gives the same dx",
    "Ioffe and Szegedy (2015) go through the gradients of var and mu. The second term of their "
    "gradient of mu is always 0.",
)
def papers_chain() -> list[Claim]:
    dvar, dmu = symbols("dvar dmu", real=True)
    second = dvar * mean(lambda i: -2 * (x[i] - mu))
    through_var = total(
        lambda i: gamma * dy[i] * (x[i] - mu) * Rational(-1, 2) * (var + eps) ** Rational(-3, 2)
    )
    through_mean = total(lambda i: -gamma * dy[i] * inv_std) + second
    named = ((dvar, through_var), (dmu, through_mean))
    direct = gamma * dy[k] * inv_std
    return [
        Claim(second, S.Zero, "deviations from the mean cancel", where=named[:1]),
        Claim(
            direct + dvar * 2 * (x[k] - mu) / m + dmu / m,
            dx_formula(),
            "directly, through the variance, and through the mean",
            where=named,
        ),
    ]


@theorem(
    "caffe-forms",
    "Two ways of writing dx agree",
    "Caffe takes away the part along `xhat` first and the mean then; a term that users missed "
    "(BVLC/caffe issues 3912 and 4110) is 0.",
)
def caffe() -> list[Claim]:
    projection = mean(lambda i: dy[i] * xhat[i])
    plain = inv_std * (dy[k] - mean(lambda i: dy[i]) - projection * xhat[k])

    def first(p: object) -> Expr:
        return inv_std * (dy[p] - projection * xhat[p])

    return [
        Claim(plain, first(k) - mean(first), "first along xhat, then the mean"),
        Claim(projection * mean(lambda i: xhat[i]), S.Zero, "the term said to be missing"),
        Claim(gamma * plain, dx_formula(), "the closed form"),
    ]


@theorem(
    "stablehlo-form",
    "The specification of StableHLO's batch_norm_grad",
    "Its decomposition i1 to i6 is the same function.",
)
def stablehlo() -> list[Claim]:
    i5 = total(lambda i: dy[i] * (x[i] - mu)) * (x[k] - mu) / (var + eps)
    return [
        Claim(gamma * inv_std / m * (m * dy[k] - sum_dy() - i5), dx_formula(), "xhat written out")
    ]


@theorem(
    "dx-sum-zero",
    "dx sums to zero",
    "A gradient step on the inputs never moves their mean.",
    behaviour=True,
)
def sum_zero() -> list[Claim]:
    return [Claim(total(lambda i: at(dx_formula(), i)), S.Zero, "both subtracted terms are means")]


@theorem(
    "dx-dot-xhat",
    "dx is almost orthogonal to xhat",
    "The product is `gamma*eps*inv_std**3` times `dgamma`: 0 only for eps = 0.",
    behaviour=True,
)
def along_xhat() -> list[Claim]:
    return [
        Claim(
            total(lambda i: at(dx_formula(), i) * xhat[i]),
            gamma * eps * inv_std**3 * sum_dy_xhat(),
            "sum xhat^2 is short of m by m eps inv_std^2",
        )
    ]


@theorem(
    "weight-dot-gradient",
    "dx is almost orthogonal to x",
    "The product with x is `gamma*eps*inv_std**2` times `dgamma`. For a linear layer in front "
    "it is the product of a weight with its own gradient.",
    behaviour=True,
)
def along_x() -> list[Claim]:
    return [
        Claim(
            total(lambda i: at(dx_formula(), i) * x[i]),
            gamma * eps * inv_std**2 * sum_dy_xhat(),
            "x is mu + xhat / inv_std, and dx sums to 0",
        )
    ]


@theorem(
    "linear-in-dy",
    "The backward pass is linear in dy",
    "Gradients of a sum of losses add up.",
    behaviour=True,
)
def linear_in_dy() -> list[Claim]:
    factor_, other = Symbol("s", real=True), w
    scaled = substituted(dx_formula(), dy, lambda i: factor_ * dy[i] + other[i])
    return [
        Claim(
            scaled,
            factor_ * dx_formula() + substituted(dx_formula(), dy, lambda i: other[i]),
            "dy occurs to the first power",
        ),
        Claim(
            substituted(dx_formula(), dy, lambda _: S.Zero),
            S.Zero,
            "no upstream gradient, none downstream",
        ),
    ]


@theorem(
    "constant-dy",
    "A constant upstream gradient is lost",
    "With dy = K the gradients of x and gamma are 0. So a check of gradients with the loss "
    "`sum(y)` checks nothing.",
    behaviour=True,
)
def constant_dy() -> list[Claim]:
    level = Symbol("K", real=True)

    def constant(expression: Expr) -> Expr:
        return substituted(expression, dy, lambda _: level)

    return [
        Claim(constant(dx_formula()), S.Zero, "the sum of y is m beta, whatever x is"),
        Claim(constant(dgamma_formula()), S.Zero, "xhat sums to 0"),
        Claim(constant(dbeta_formula()), m * level, "the count"),
    ]


@theorem(
    "independent-of-beta",
    "No gradient depends on beta",
    "beta shifts the output and leaves every derivative.",
    behaviour=True,
)
def independent_of_beta() -> list[Claim]:
    return [
        Claim(Derivative(dx_formula(), beta), S.Zero, "beta does not occur"),
        Claim(Derivative(dgamma_formula(), beta), S.Zero, "nor here"),
        Claim(Derivative(dbeta_formula(), beta), S.Zero, "nor here"),
    ]


@theorem(
    "backward-is-transpose",
    "Backward is the transpose of forward differentiation",
    "For every direction v, the derivative of the loss along v is the product of dx with v.",
)
def transpose() -> list[Claim]:
    return [
        Claim(along(y[k], v), jvp_formula(), "the derivative along v"),
        Claim(
            total(lambda i: dy[i] * at(jvp_formula(), i)),
            total(lambda i: at(dx_formula(), i) * v[i]),
            "so backward is the transpose of the forward derivative",
        ),
    ]


@theorem(
    "backward-symmetry",
    "The backward pass is symmetric",
    "Two upstream gradients v and w give `<w, dx(v)> = <v, dx(w)>`.",
    behaviour=True,
)
def symmetry() -> list[Claim]:
    upstream_v = substituted(dx_formula(), dy, lambda i: v[i])
    upstream_w = substituted(dx_formula(), dy, lambda i: w[i])
    return [
        Claim(
            total(lambda i: w[i] * at(upstream_v, i)),
            total(lambda i: v[i] * at(upstream_w, i)),
            "the Jacobian is symmetric",
        )
    ]


@theorem(
    "unbiased-normalisation",
    "Normalising by another multiple of the variance",
    "With `c*var + eps` in the root, y is that of `gamma/sqrt(c)` and `eps/c`, and the part "
    "of dx along `xhat` gets the factor c. For the unbiased variance c is `m/(m - 1)`.",
)
def unbiased() -> list[Claim]:
    """With c for m / (m - 1), and r for what inv_std is then."""
    r = Symbol("r", positive=True)
    root = 1 / sqrt(c * var + eps)
    standard = gamma / sqrt(c) * (x[k] - mu) / sqrt(var + eps / c) + beta
    loss = total(lambda i: dy[i] * gamma * (x[i] - mu) * r)
    along = mean(lambda i: dy[i] * (x[i] - mu))
    return [
        Claim(
            gamma * (x[k] - mu) * root + beta,
            standard,
            "c taken out of the root",
            from_definitions=True,
        ),
        Claim(
            Derivative(loss, x[k]),
            gamma * r * (dy[k] - mean(lambda i: dy[i]) - c * (x[k] - mu) * r**2 * along),
            "the derivative of c var is c times that of var",
            where=((r, root),),
            from_definitions=True,
        ),
    ]
