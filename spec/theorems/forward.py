"""The forward pass: what it is, and what it achieves."""

from sympy import S, Symbol, sqrt

from bnproof.spec.terms.claims import Claim
from bnproof.spec.terms.language import (
    FRAME,
    beta,
    eps,
    gamma,
    inv_std,
    k,
    m,
    mean,
    mu,
    running_mean,
    running_var,
    total,
    unfold,
    v,
    var,
    x,
    xhat,
    y,
)
from bnproof.spec.terms.theorem import theorem


@theorem(
    "forward-definition",
    "The forward pass",
    "Each sample is centred by the batch's mean `mu`, divided by `sqrt(var + eps)`, scaled by "
    "`gamma` and shifted by `beta`. This is done on z, before the activation function. The "
    "variance divides by m, and not by m - 1.",
    behaviour=True,
)
def definition() -> list[Claim]:
    average = mean(lambda i: x[i])
    spread = mean(lambda i: (x[i] - average) ** 2)
    written_out = gamma * (x[k] - average) / sqrt(spread + eps) + beta
    return [
        Claim(mu, average, "the mean of the batch", from_definitions=True),
        Claim(var, mean(lambda i: (x[i] - mu) ** 2), "its variance", from_definitions=True),
        Claim(inv_std, 1 / sqrt(var + eps), "one over its standard deviation, or nearly"),
        Claim(xhat[k], (x[k] - mu) * inv_std, "normalize"),
        Claim(y[k], gamma * xhat[k] + beta, "scale and shift"),
        Claim(y[k], written_out, "all four equations in one", from_definitions=True),
        Claim(
            var,
            mean(lambda i: x[i] ** 2) - mu**2,
            "the square expanded; in floating point the two differ",
            from_definitions=True,
        ),
    ]


@theorem(
    "frame",
    "The frame: two relations, from the definitions alone",
    "With `x[i] = mu + xhat[i]/inv_std`, two relations are all that is left to know of "
    "a batch. Later proofs use them; this one does not.",
)
def frame() -> list[Claim]:
    reasons = ("deviations from the mean cancel", "the definition of var, times inv_std^2")
    return [
        Claim(expression, value, because, from_definitions=True)
        for (expression, value), because in zip(FRAME.items(), reasons, strict=True)
    ]


@theorem(
    "moments-of-xhat",
    "What normalization achieves, exactly",
    "The mean of `xhat` is 0. Its variance is `var/(var + eps)`, a little below 1.",
)
def moments_of_xhat() -> list[Claim]:
    return [
        Claim(mean(lambda i: xhat[i]), S.Zero, "deviations cancel", from_definitions=True),
        Claim(
            mean(lambda i: xhat[i] ** 2),
            var / (var + eps),
            "below 1 unless eps = 0",
            from_definitions=True,
        ),
    ]


@theorem(
    "moments-of-y",
    "Mean and variance of the output are set by gamma and beta",
    "Whatever the batch, the outputs have mean `beta` and variance "
    "`gamma**2*var/(var + eps)`, per unit and training batch.",
    behaviour=True,
)
def moments_of_y() -> list[Claim]:
    return [
        Claim(mean(lambda i: y[i]), beta, "gamma times a mean of 0, plus beta"),
        Claim(
            mean(lambda i: (y[i] - beta) ** 2),
            gamma**2 * var / (var + eps),
            "gamma^2 times the mean square of xhat",
        ),
    ]


@theorem(
    "affine-in-gamma-beta",
    "The output is linear in gamma and beta",
    "Outputs for two pairs of parameters add up to the output for their sum.",
    behaviour=True,
)
def affine() -> list[Claim]:
    other_gamma, other_beta = Symbol("gamma2", real=True), Symbol("beta2", real=True)
    swapped = {gamma: other_gamma, beta: other_beta}
    joined = {gamma: gamma + other_gamma, beta: beta + other_beta}
    output = gamma * xhat[k] + beta
    return [
        Claim(output.xreplace(joined), output + output.xreplace(swapped), "linear in both at once"),
        Claim(output.xreplace({gamma: S.Zero}), beta, "gamma = 0 leaves beta"),
    ]


@theorem(
    "identity-recovered",
    "gamma and beta can restore the identity",
    "Normalization takes nothing away that the parameters could not give back.",
    behaviour=True,
)
def identity() -> list[Claim]:
    chosen = {gamma: sqrt(unfold(var) + eps), beta: unfold(mu)}
    return [
        Claim(
            unfold(y[k]).xreplace(chosen),
            x[k],
            "gamma undoes the division by the standard deviation, and beta the subtraction",
            from_definitions=True,
        )
    ]


@theorem(
    "training-ignores-running",
    "Training does not look at the running statistics",
    "The output of a training step depends on the batch alone.",
    behaviour=True,
)
def independent_of_running() -> list[Claim]:
    return [
        Claim(unfold(y[k]).diff(running_mean), S.Zero, "running_mean does not occur"),
        Claim(unfold(y[k]).diff(running_var), S.Zero, "nor does running_var"),
    ]


@theorem(
    "inference-equals-training",
    "Inference with the batch's own statistics is the training output",
    "Both modes evaluate one formula; they differ in where mean and variance come from.",
    behaviour=True,
)
def inference_equals_training() -> list[Claim]:
    frozen = gamma * (x[k] - running_mean) / sqrt(running_var + eps) + beta
    of_the_batch = {running_mean: unfold(mu), running_var: unfold(var)}
    return [
        Claim(
            frozen.xreplace(of_the_batch),
            unfold(y[k]),
            "the same numbers in the same formula",
            from_definitions=True,
        )
    ]


@theorem(
    "variance-about-another-centre",
    "The variance about a wrong centre",
    "An error in the mean enters the variance squared, and a shift by any constant K can be "
    "taken back exactly. Error bounds of two-pass and of shifted one-pass algorithms rest on "
    "this.",
)
def mean_is_linear() -> list[Claim]:
    centre = Symbol("K", real=True)
    about = mean(lambda i: (x[i] - centre) ** 2)
    return [
        Claim(about, var + (mu - centre) ** 2, "the cross term is twice a sum of deviations"),
        Claim(
            about - mean(lambda i: x[i] - centre) ** 2,
            var,
            "so a shifted one-pass variance is exact, whatever the shift",
        ),
    ]


@theorem(
    "multiples-of-a-quantum",
    "Sums of multiples of a quantum are whole numbers of quanta",
    "If every sample is a whole number of quanta q, then so is every partial sum, in "
    "any order. While these whole numbers stay below 2^p, a format with p bits holds "
    "each exactly, and no addition rounds.",
)
def quantum() -> list[Claim]:
    unit = Symbol("q", positive=True)
    return [
        Claim(
            total(lambda i: unit * v[i]),
            unit * total(lambda i: v[i]),
            "every partial sum is a whole number of quanta",
        ),
        Claim(
            total(lambda i: (unit * v[i]) ** 2),
            unit**2 * total(lambda i: v[i] ** 2),
            "and so is every partial sum of squares, in units of q^2",
        ),
        Claim(m * mean(lambda i: unit * v[i]), unit * total(lambda i: v[i]), "the mean, times m"),
    ]
