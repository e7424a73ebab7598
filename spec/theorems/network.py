"""Batch normalization in a network: the layer in front, inference, folding, and why it works."""

from collections.abc import Callable
from typing import Any

from sympy import Derivative, Expr, KroneckerDelta, S, Symbol, sqrt

from bnproof.spec.kernel.sums import Index, over
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    LOSS,
    a,
    b,
    beta,
    c,
    dy,
    eps,
    gamma,
    inv_std,
    k,
    l,
    m,
    mean,
    mu,
    n,
    running_mean,
    running_var,
    substituted,
    total,
    unfold,
    var,
    vector,
    x,
    xhat,
    y,
)
from bnproof.spec.terms.theorem import Method, theorem
from bnproof.spec.theorems.backward import at, dx_formula, sum_dy_xhat

W, A, u = vector("W"), vector("A"), vector("u")
"""Weights W[j], activations A[j, i] of input j in sample i, and a single input u[j]."""

K = Symbol("K", integer=True, positive=True)
offset = Index("o", K)


def z(i: Any) -> Expr:
    """What the layer in front makes of sample i."""
    return over(n, lambda j: W[j] * A[j, i]) + b


def behind_layer(expression: Expr, layer: Callable[[Any], Expr] = z) -> Expr:
    """An expression with every x[i] computed by the layer in front."""
    return substituted(unfold(expression), x, layer)


def weight_gradient() -> Expr:
    """dW, by the chain rule."""
    return over(m, lambda i: at(unfold(dx_formula()), i) * A[a, i])


@theorem(
    "layer-in-front",
    "Backpropagation through the layer in front",
    "The gradient of a weight sums `dx` times the activation. The bias in front has gradient 0.",
    method=Method.CANONICAL_INPUTS,
)
def layer() -> list[Claim]:
    return [
        Claim(
            Derivative(behind_layer(LOSS), W[a]),
            behind_layer(weight_gradient()),
            "x_i is linear in W, with A as its slope",
        ),
        Claim(Derivative(behind_layer(LOSS), b), S.Zero, "sum dx is 0"),
    ]


@theorem(
    "weight-orthogonality",
    "A weight is almost orthogonal to its gradient",
    "`W . dW` is `gamma*eps*inv_std**2` times `dgamma`: gradient steps make W longer.",
    method=Method.CANONICAL_INPUTS,
)
def orthogonality() -> list[Claim]:
    no_bias = {b: S.Zero}
    product = over(n, lambda j: W[j] * at(behind_layer(weight_gradient()), j, a))
    due = behind_layer(gamma * eps / (var + eps) * sum_dy_xhat())
    return [
        Claim(product.xreplace(no_bias), due.xreplace(no_bias), "sum x dx, with x = W A (bias 0)")
    ]


@theorem(
    "weight-scale",
    "The scale of the weights",
    "If weights (with eps scaled along, or eps = 0) are multiplied by c, the output stays and "
    "the gradient is divided by c.",
)
def weight_scale() -> list[Claim]:
    """c > 0 multiplies W and, as x = W A, every sample; eps is scaled along, or 0."""
    scaled = substituted(unfold(y[k]), x, lambda i: c * x[i]).xreplace({eps: c**2 * eps})
    gradient = substituted(unfold(dx_formula()), x, lambda i: c * x[i]).xreplace({eps: c**2 * eps})
    step, rate = Symbol("g", real=True), Symbol("alpha", positive=True)
    return [
        Claim(scaled, unfold(y[k]), "the output does not see the scale", from_definitions=True),
        Claim(gradient, dx_formula() / c, "the gradient is the smaller"),
        Claim(
            rate * (step / c) / c,
            rate / c**2 * step,
            "so a step, relative to the weight, falls with its square: large weights slow down",
        ),
    ]


def frozen(i: Any) -> Expr:
    """The output of inference for sample i."""
    return gamma * (x[i] - running_mean) / sqrt(running_var + eps) + beta


@theorem(
    "inference-affine",
    "Inference is an affine map",
    "With frozen statistics each sample is scaled and shifted by itself, so a single example "
    "will do.",
    behaviour=True,
)
def inference_affine() -> list[Claim]:
    slope = gamma / sqrt(running_var + eps)
    return [
        Claim(frozen(k), slope * x[k] + (beta - slope * running_mean), "a slope and a shift"),
        Claim(
            Derivative(frozen(k), x[l]),
            slope * KroneckerDelta(k, l),
            "every sample is alone: the Jacobian is diagonal",
        ),
    ]


@theorem(
    "inference-gradients",
    "The gradients of inference",
    "The running statistics are constants.",
    behaviour=True,
)
def inference_gradients() -> list[Claim]:
    loss = total(lambda i: dy[i] * frozen(i))
    scale = 1 / sqrt(running_var + eps)
    return [
        Claim(Derivative(loss, x[k]), gamma * scale * dy[k], "the slope"),
        Claim(
            Derivative(loss, gamma),
            total(lambda i: dy[i] * (x[i] - running_mean) * scale),
            "the normalized input",
        ),
        Claim(Derivative(loss, beta), total(lambda i: dy[i]), "once each"),
    ]


def deployed(inputs: Callable[[Any], Expr]) -> Expr:
    """Inference behind a linear layer, for one example."""
    front = over(n, lambda j: W[j] * inputs(j)) + b
    return gamma * (front - running_mean) / sqrt(running_var + eps) + beta


@theorem(
    "folding-linear",
    "Folding into a linear layer",
    "For inference, batch normalization disappears in the weight and the bias of the layer in "
    "front.",
    method=Method.CANONICAL_WIDTH,
    behaviour=True,
)
def folding() -> list[Claim]:
    slope = gamma / sqrt(running_var + eps)
    shift = beta + slope * (b - running_mean)
    return [
        Claim(Derivative(deployed(lambda j: u[j]), u[a]), slope * W[a], "the folded weight"),
        Claim(deployed(lambda _: S.Zero), shift, "the folded bias"),
        Claim(
            deployed(lambda j: u[j]),
            over(n, lambda j: slope * W[j] * u[j]) + shift,
            "an affine map is its slope and its value at 0",
        ),
    ]


@theorem(
    "folding-convolution",
    "Folding into a convolution",
    "A convolution is a linear layer at each place; a kernel of any size is scaled as a whole.",
    method=Method.CANONICAL_CHANNELS,
)
def folding_convolution() -> list[Claim]:
    """u[j, o] is input channel j at offset o from the place that is computed."""
    kernel, patch = vector("W"), vector("u")
    slope = gamma / sqrt(running_var + eps)

    def convolved(weight: Callable[[Any, Any], Expr], bias: Expr) -> Expr:
        return over(n, lambda j: over(K, lambda o: weight(j, o) * patch[j, o])) + bias

    whole = slope * (convolved(lambda j, o: kernel[j, o], b) - running_mean) + beta
    folded = convolved(lambda j, o: slope * kernel[j, o], beta + slope * (b - running_mean))
    return [
        Claim(whole, folded, "each output channel's kernel is scaled by that channel's slope"),
        Claim(Derivative(whole, patch[a, offset]), slope * kernel[a, offset], "at every offset"),
    ]


@theorem(
    "covariate-shift",
    "Covariate shift",
    "However the layers before move, mean and variance of a unit's output over the batch "
    "stay at `beta` and `gamma**2*var/(var + eps)`. This says nothing of the input of the "
    "next layer, which is behind an activation function, nor of correlations between units.",
    method=Method.CANONICAL_INPUTS,
)
def covariate_shift() -> list[Claim]:
    output = behind_layer(y[k])
    average = over(m, lambda i: at(output, i)) / m
    spread = over(m, lambda i: (at(y[k], i) - beta) ** 2) / m
    return [
        Claim(average, beta, "whatever W, b and the activations are"),
        Claim(spread, gamma**2 * var / (var + eps), "and gamma^2, but for eps"),
        Claim(
            gamma**2 - gamma**2 * var / (var + eps),
            gamma**2 * eps * inv_std**2,
            "what eps takes away",
        ),
        Claim(
            mean(lambda i: xhat[i] * (x[i] - mu)), var * inv_std, "xhat keeps the sign of x - mu"
        ),
    ]
