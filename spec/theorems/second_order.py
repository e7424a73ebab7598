"""Derivatives of the backward pass: double backward, Hessian, and the third derivative."""

from functools import cache
from typing import Any

from sympy import Derivative, Expr, Indexed, IndexedBase, S, Subs, sqrt, symbols

from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    NAMED,
    along,
    c,
    dy,
    eps,
    gamma,
    inv_std,
    k,
    m,
    mean,
    mu,
    running_mean,
    running_var,
    t,
    total,
    v,
    var,
    w,
    x,
    xhat,
)
from bnproof.spec.terms.theorem import theorem
from bnproof.spec.theorems.backward import at, dbeta_formula, derived, dgamma_formula, dx_formula

p, q, s = symbols("p q s", real=True)
ggG, ggB = symbols("ggG ggB", real=True)
"""Upstream gradients of dgamma and dbeta; v is that of dx."""

dx = NAMED.add("dx", lambda i: at(dx_formula(), i))


@cache
def loss_of_gradients() -> Expr:
    """The linear form of the three gradients; found when it is first asked for."""
    return total(lambda i: v[i] * dx[i]) + ggG * dgamma_formula() + ggB * dbeta_formula()


@cache
def gradients_of_backward() -> dict[str, Expr]:
    """The closed forms of the gradients of those three with respect to x, gamma and dy."""
    return {
        "gx": derived(Derivative(loss_of_gradients(), x[k])),
        "ggamma": derived(Derivative(loss_of_gradients(), gamma)),
        "gdy": derived(Derivative(loss_of_gradients(), dy[k])),
    }


@cache
def hessian_vector_product() -> Expr:
    """The derivative of dx along v."""
    return derived(along(dx_formula(), v))


@theorem(
    "double-backward",
    "Double backward",
    "The gradients of `<v, dx> + ggG*dgamma + ggB*dbeta` with respect to x, gamma and dy are "
    "those that PyTorch's batchnorm_double_backward computes.",
    behaviour=True,
)
def double_backward() -> list[Claim]:
    def first(array: IndexedBase, scale: Expr) -> Expr:
        """The backward pass, with another upstream gradient and another gamma."""
        along_x = total(lambda i: array[i] * (x[i] - mu))
        rest = m * array[k] - total(lambda i: array[i])
        return scale * inv_std / m * (rest - (x[k] - mu) * inv_std**2 * along_x)

    return [
        Claim(Derivative(loss_of_gradients(), x[k]), _gradient_of_x(), "PyTorch's gI"),
        Claim(
            Derivative(loss_of_gradients(), gamma),
            total(lambda i: v[i] * at(first(dy, S.One), i)),
            "PyTorch's gG: dx is linear in gamma",
        ),
        Claim(
            Derivative(loss_of_gradients(), dy[k]),
            first(v, gamma) + ggG * xhat[k] + ggB,
            "PyTorch's ggO: the backward pass applied to v",
        ),
    ]


def _gradient_of_x() -> Expr:
    """PyTorch's gradient of the backward pass with respect to x, term by term."""
    centred = x[k] - mu
    sum_dy, sum_v = total(lambda i: dy[i]), total(lambda i: v[i])
    dy_x, v_x = (total(lambda i: dy[i] * (x[i] - mu)), total(lambda i: v[i] * (x[i] - mu)))
    common = sum_v * sum_dy / m - total(lambda i: dy[i] * v[i]) + 3 / m * inv_std**2 * dy_x * v_x
    through_xhat = centred * inv_std**3 * common / m
    through_dy = v_x * inv_std**3 / m * (sum_dy / m - dy[k])
    through_v = dy_x * inv_std**3 / m * (sum_v / m - v[k])
    from_dgamma = dy[k] * inv_std - inv_std * sum_dy / m - centred * inv_std**3 * dy_x / m
    return gamma * (through_xhat + through_dy + through_v) + ggG * from_dgamma


@theorem(
    "double-backward-residuals",
    "Double backward, of residuals",
    "What backward leaves of dy is `dy - mean(dy) - xhat*mean(dy*xhat)`; with this, and the "
    "same of v, the three gradients are short.",
)
def residuals() -> list[Claim]:
    """The three gradients by two means of products with xhat and one of dy with v."""

    def centred(array: IndexedBase, index: Any) -> Expr:
        return array[index] - mean(lambda i: array[i])

    along_dy = (p, mean(lambda i: dy[i] * xhat[i]))
    along_v = (q, mean(lambda i: v[i] * xhat[i]))
    covariance = (s, mean(lambda i: centred(dy, i) * centred(v, i)))
    everything = (along_dy, along_v, covariance)
    bracket = xhat[k] * (s - 3 * p * q) + centred(dy, k) * q + centred(v, k) * p
    of_dy, of_v = centred(dy, k) - xhat[k] * p, centred(v, k) - xhat[k] * q
    return [
        Claim(
            Derivative(loss_of_gradients(), dy[k]),
            gamma * inv_std * of_v + ggG * xhat[k] + ggB,
            "backward at v, and the two sums",
            where=(along_v,),
        ),
        Claim(
            Derivative(loss_of_gradients(), gamma),
            m * inv_std * (s - p * q),
            "the covariance of dy and v, less what xhat has of both",
            where=everything,
        ),
        Claim(
            m * (s - p * q),
            total(lambda i: v[i] * at(of_dy, i)),
            "what v has in common with the rest of dy, or dy with that of v",
            where=everything,
        ),
        Claim(
            Derivative(loss_of_gradients(), x[k]),
            ggG * inv_std * of_dy - gamma * inv_std**2 * bracket,
            "through xhat, through inv_std, and through both",
            where=everything,
        ),
    ]


@theorem(
    "double-backward-inference",
    "Double backward of inference",
    "The running statistics are constants, so every sample is alone but for gamma.",
)
def of_inference() -> list[Claim]:
    """The same with running statistics, which are constants."""
    scale = ((c, 1 / sqrt(running_var + eps)),)
    terms = gamma * c * total(lambda i: v[i] * dy[i]) + ggB * total(lambda i: dy[i])
    gradients = terms + ggG * c * total(lambda i: dy[i] * (x[i] - running_mean))
    return [
        Claim(
            Derivative(gradients, dy[k]),
            gamma * c * v[k] + ggG * c * (x[k] - running_mean) + ggB,
            "three terms that are linear in dy",
            where=scale,
        ),
        Claim(
            Derivative(gradients, gamma),
            c * total(lambda i: dy[i] * v[i]),
            "dx alone has gamma in it",
            where=scale,
        ),
        Claim(Derivative(gradients, x[k]), ggG * c * dy[k], "dgamma alone has x", where=scale),
    ]


@theorem(
    "hessian-vector-product",
    "The second derivative along a direction",
    "The derivative of dx along v is symmetric, and sums to 0.",
)
def hessian() -> list[Claim]:
    product = hessian_vector_product()
    other = total(lambda i: w[i] * at(product, i))
    exchanged = other.replace(
        lambda part: isinstance(part, Indexed) and part.base in (v, w),
        lambda part: (w if part.base == v else v)[part.indices[0]],
    )
    return [
        Claim(along(dx_formula(), v), product, "derived"),
        Claim(other, exchanged, "second derivatives may be exchanged"),
        Claim(total(lambda i: at(product, i)), S.Zero, "sum dx is 0 wherever it is taken"),
    ]


@theorem(
    "third-derivative",
    "The third derivative along a direction",
    "With `p = mean((x - mu)*(v - mean(v)))` and `q = mean((v - mean(v))**2)`. "
    "An oracle for automatic differentiation of third order, which a library gets wrong where "
    "it takes the saved mean and inv_std for constants (pytorch/pytorch issue 186256).",
)
def third_derivative() -> list[Claim]:
    """On the line, where the variance is a parabola (theorem `finite-difference-bound`)."""
    r, average = inv_std, mean(lambda i: v[i])
    on_the_line = 1 / sqrt(var + eps + 2 * t * p + t**2 * q)
    deviation = x[k] - mu + t * (v[k] - average)
    second, third = 3 * p**2 * r**5 - q * r**3, 9 * p * q * r**5 - 15 * p**3 * r**7
    return [
        Claim(_at_zero(on_the_line, 1), -p * r**3, "the first derivative of inv_std"),
        Claim(_at_zero(on_the_line, 2), second, "the second"),
        Claim(_at_zero(on_the_line, 3), third, "the third"),
        Claim(
            _at_zero(gamma * deviation * on_the_line, 3),
            gamma * (3 * (v[k] - average) * second + (x[k] - mu) * third),
            "Leibniz: the deviation is linear in t, so two terms are left",
        ),
    ]


def _at_zero(expression: Expr, order: int) -> Expr:
    return Subs(Derivative(expression, (t, order)), t, 0)
