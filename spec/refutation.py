"""Published and shipped mistakes, each with its source and an exact counterexample.

A mistake is a claim that is false: the kernel does not prove it, and `counterexample` shows with
rational numbers that nobody could.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sympy import Derivative, Expr, S, sqrt

from bnproof.spec.instances import gap
from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    LOSS,
    Expect,
    beta,
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
    sigma2,
    substituted,
    total,
    unfold,
    var,
    x,
    xhat,
    y,
)
from bnproof.spec.theorems.backward import at, dx_formula, sum_dy, sum_dy_xhat
from bnproof.spec.theorems.network import frozen
from bnproof.spec.theorems.population import BATCH_VAR, enumerated, spread


@dataclass(frozen=True)
class Mistake:
    """A false claim.

    Attributes:
        id: permanent, in kebab-case.
        title: what is wrong, in a few words.
        source: who published or shipped it.
        claim: made when it is first asked for.
        quantity: what the left side is, for `bnproof prove`: "y", "dx", "dgamma", "dbeta" or "".
    """

    id: str
    title: str
    source: str
    claim: Callable[[], Claim]
    quantity: str = ""


def counterexample(mistake: Mistake, size: int = 3) -> Expr:
    """The exact value of left - right for some rational numbers; ValueError if the claim holds.

    >>> counterexample(MISTAKES[0]) != 0
    True
    """
    claim = mistake.claim()
    if claim.holds():
        raise ValueError(f"{mistake.id} is proved, so it is no mistake")
    for seed in range(5):
        if (found := gap(claim, size, seed=seed)) != 0:
            return found
    raise ValueError(f"no counterexample to {mistake.id} was found")


def _output(right: Expr) -> Callable[[], Claim]:
    return lambda: Claim(y[k], right)


def _dx(right: Callable[[], Expr]) -> Callable[[], Claim]:
    return lambda: Claim(Derivative(LOSS, x[k]), right())


def _dgamma(right: Callable[[], Expr]) -> Callable[[], Claim]:
    return lambda: Claim(Derivative(LOSS, gamma), right())


def _dbeta(right: Callable[[], Expr]) -> Callable[[], Claim]:
    return lambda: Claim(Derivative(LOSS, beta), right())


def _normalized(scale: Expr) -> Expr:
    return gamma * (x[k] - mu) * scale + beta


def _projection() -> Expr:
    return mean(lambda i: dy[i] * xhat[i])


def _without(*parts: str) -> Expr:
    """dx without some of its parts."""
    kept = S.Zero if "direct" in parts else dy[k]
    kept -= S.Zero if "mean" in parts else mean(lambda i: dy[i])
    kept -= S.Zero if "variance" in parts else xhat[k] * _projection()
    return kept * (S.One if "gamma" in parts else gamma) * inv_std


MISTAKES = (
    Mistake(
        "constant-statistics",
        "mean and variance treated as constants in the backward pass",
        "facebookresearch/CrypTen#143, deeplearning4j/deeplearning4j#8335, keras-team/keras#19102",
        _dx(lambda: _without("mean", "variance")),
        "dx",
    ),
    Mistake(
        "variance-path-missing",
        "the gradient through the variance is left out",
        "question on the backward pass of course exercises, found in many answers",
        _dx(lambda: _without("variance")),
        "dx",
    ),
    Mistake(
        "mean-path-missing",
        "the gradient through the mean is left out",
        "question on the backward pass of course exercises, found in many answers",
        _dx(lambda: _without("mean")),
        "dx",
    ),
    Mistake(
        "gamma-forgotten",
        "gamma is forgotten in dx",
        "denizyuret/Knet.jl#288",
        _dx(lambda: _without("gamma")),
        "dx",
    ),
    Mistake(
        "extra-mean-term",
        "a term is counted twice in the gradient of the mean",
        "apache/mxnet#1053",
        _dx(lambda: dx_formula() - gamma * inv_std * mean(lambda i: dy[i]) / m),
        "dx",
    ),
    Mistake(
        "sum-for-mean",
        "sums in place of means in dx",
        "the same mix-up as in cthorey/CS231#9, the other way round",
        _dx(lambda: gamma * inv_std * (dy[k] - sum_dy() - xhat[k] * sum_dy_xhat())),
        "dx",
    ),
    Mistake(
        "bessel-in-backward",
        "division by m - 1 in the backward pass",
        "a common slip where the variance is taken for the unbiased one",
        _dx(lambda: gamma * inv_std * (dy[k] - (sum_dy() + xhat[k] * sum_dy_xhat()) / (m - 1))),
        "dx",
    ),
    Mistake(
        "inv-std-squared",
        "the saved inverse standard deviation taken for the inverse variance",
        "microsoft/onnxruntime#8172 (review)",
        _dx(lambda: dx_formula() * inv_std),
        "dx",
    ),
    Mistake(
        "sign-of-variance-path",
        "the gradient through the variance with the wrong sign",
        "a common slip in the power -3/2",
        _dx(lambda: dx_formula() + 2 * gamma * inv_std * xhat[k] * _projection()),
        "dx",
    ),
    Mistake(
        "partial-for-total",
        "the partial derivative at fixed mean and variance taken for the total one",
        "question on a graph of the backward pass, Data Science Stack Exchange",
        lambda: Claim(Derivative(xhat[k], x[k]), inv_std),
    ),
    Mistake(
        "dropped-parenthesis",
        "a dropped parenthesis in the term that is zero",
        "K. Zakka's blog, 2016, as asked about in math.stackexchange.com/questions/2359981",
        lambda: Claim(-2 * mean(lambda i: x[i]) - mean(lambda _: mu), S.Zero),
    ),
    Mistake(
        "dgamma-multiplied",
        "dgamma multiplied by the standard deviation instead of divided",
        "tensorflow/tensorflow#14676 (documentation)",
        _dgamma(lambda: total(lambda i: dy[i] * (x[i] - mu)) / inv_std),
        "dgamma",
    ),
    Mistake(
        "dgamma-not-normalized",
        "dgamma from x - mean, not normalized",
        "a common slip of exercises",
        _dgamma(lambda: total(lambda i: dy[i] * (x[i] - mu))),
        "dgamma",
    ),
    Mistake(
        "dgamma-of-output",
        "dgamma from y in place of xhat",
        "a common slip of exercises",
        _dgamma(lambda: total(lambda i: dy[i] * y[i])),
        "dgamma",
    ),
    Mistake(
        "dgamma-mean",
        "dgamma divided by the batch size",
        "cthorey/CS231#9, wjbKimberly/cs231n_spring_2017_assignment#7",
        _dgamma(lambda: sum_dy_xhat() / m),
        "dgamma",
    ),
    Mistake(
        "dbeta-mean",
        "dbeta divided by the batch size",
        "cthorey/CS231#9, wjbKimberly/cs231n_spring_2017_assignment#7",
        _dbeta(lambda: sum_dy() / m),
        "dbeta",
    ),
    Mistake(
        "dbeta-times-gamma",
        "dbeta multiplied by gamma",
        "a common slip of exercises",
        _dbeta(lambda: gamma * sum_dy()),
        "dbeta",
    ),
    Mistake(
        "eps-outside",
        "epsilon outside the square root",
        "keras-team/keras#10427, pytorch/pytorch#1804 (documentation), Tencent/ncnn#311",
        _output(_normalized(1 / (sqrt(var) + eps))),
        "y",
    ),
    Mistake(
        "square-for-root",
        "a square in place of the square root",
        "jax-ml/jax#442",
        _output(_normalized(1 / (var + eps) ** 2)),
        "y",
    ),
    Mistake(
        "divided-by-variance",
        "division by the variance, not by the standard deviation",
        "mbadry1/DeepLearning.ai-Summary#183",
        _output(_normalized(1 / (var + eps))),
        "y",
    ),
    Mistake(
        "eps-forgotten",
        "epsilon left out",
        "chainer/chainer#2214",
        _output(_normalized(1 / sqrt(var))),
        "y",
    ),
    Mistake(
        "eps-twice",
        "epsilon added twice",
        "chainer/chainer#4505",
        _output(_normalized(1 / sqrt(var + 2 * eps))),
        "y",
    ),
    Mistake(
        "unbiased-in-forward",
        "the unbiased variance in the normalization",
        "pjreddie/darknet, blas.c: the variance divided by m - 1 and used to normalize",
        _output(_normalized(1 / sqrt(var * m / (m - 1) + eps))),
        "y",
    ),
    Mistake(
        "beta-forgotten",
        "beta is not added",
        "pjreddie/darknet, src/batchnorm_layer.c (CPU)",
        _output(gamma * xhat[k]),
        "y",
    ),
    Mistake(
        "absolute-gamma",
        "the absolute value of gamma",
        "mapillary/inplace_abn#92",
        _output(sqrt(gamma**2) * xhat[k] + beta),
        "y",
    ),
    Mistake(
        "unit-variance",
        "xhat has variance exactly 1",
        "many course notes; true for eps = 0 only",
        lambda: Claim(mean(lambda i: xhat[i] ** 2), S.One),
    ),
    Mistake(
        "exactly-orthogonal",
        "dx is exactly orthogonal to xhat",
        "a common remark; true for eps = 0 only",
        lambda: Claim(total(lambda i: at(dx_formula(), i) * xhat[i]), S.Zero),
    ),
    Mistake(
        "scale-invariant",
        "the output does not depend on the scale of x, with eps fixed",
        "a common remark; true for eps = 0 only",
        lambda: Claim(substituted(unfold(xhat[k]), x, lambda i: 2 * x[i]), unfold(xhat[k])),
    ),
    Mistake(
        "training-gradient-in-inference",
        "the backward pass of training used in inference",
        "pytorch/pytorch#586, pytorch/xla#913, FluxML/NNlib.jl#548, apache/mxnet#1630",
        lambda: Claim(
            Derivative(total(lambda i: dy[i] * frozen(i)), x[k]),
            gamma / sqrt(running_var + eps) * (dy[k] - mean(lambda i: dy[i]) - _frozen_part()),
        ),
    ),
    Mistake(
        "biased-is-unbiased",
        "the batch's variance is an unbiased estimate of the population's",
        "behind every running variance without Bessel's correction that is called unbiased",
        lambda: Claim(Expect(BATCH_VAR), sigma2, trial=enumerated(lambda t, *_: spread(t), sigma2)),
    ),
)


def _frozen_part() -> Expr:
    scale = running_var + eps
    inner = mean(lambda i: dy[i] * (x[i] - running_mean))
    return (x[k] - running_mean) * inner / scale
