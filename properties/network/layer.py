"""Properties of a layer in training: gradients, bias, weights, and what later layers see."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bnproof.engine.judging.laws import exact_sums
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds.evaluate import EVALUATION
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.properties.network.batches import QUANTUM, Batch, U, made, moved_layers
from bnproof.properties.network.subject import Finding, Layer, compared

SEEDS = range(3)
FACTOR = 4.0
"""A power of two, by which W is scaled without rounding."""


class Results(NamedTuple):
    """What a layer returned: Z~ and its gradients."""

    Z_tilde: Array
    dA: Array
    dW: Array
    db: Array
    dgamma: Array
    dbeta: Array


def results(layer: Layer, batch: Batch) -> Results:
    """Train a layer on a batch once."""
    n = len(batch.W)
    Z_tilde, _, _, backward = layer.train(
        batch.A,
        batch.W,
        batch.b,
        batch.gamma,
        batch.beta,
        np.zeros((n, 1)),
        np.ones((n, 1)),
        momentum=0.75,
        eps=batch.eps,
    )
    return Results(Z_tilde, *backward(batch.dZ_tilde))


def gradients(layer: Layer) -> Iterator[Finding]:
    """Z~ and its gradients, dW among them, agree with exact arithmetic."""
    for seed in SEEDS:
        batch = made(seed)
        got = results(layer, batch)
        dW, bound = batch.weight_gradient()
        yield compared("Z~", got.Z_tilde, batch.exact("y"), batch.bound("y"))
        yield compared("dW", got.dW, dW, bound)
        yield compared("dgamma", got.dgamma, batch.exact("dgamma"), batch.bound("dgamma"))
        yield compared("dbeta", got.dbeta, batch.exact("dbeta"), batch.bound("dbeta"))


def biased(seed: int) -> Iterator[tuple[str, Batch, Batch]]:
    """Batches without a bias, and the same with one on the grid, and with one off it."""
    rng = np.random.default_rng(seed)
    for batch in moved_layers(seed):
        on_grid = rng.integers(-512, 512, batch.gamma.shape) * QUANTUM
        yield "b on the grid", batch, batch.but(b=on_grid)
        yield "b off the grid", batch, batch.but(b=on_grid + rng.normal(size=on_grid.shape))


def bias_has_no_effect(layer: Layer) -> Iterator[Finding]:
    """Z~ and dW with a bias are those without one."""
    for seed in SEEDS:
        for name, plain, batch in biased(seed):
            got = results(layer, batch)
            if name == "b on the grid":
                dW, bound = plain.weight_gradient()
                yield compared(f"Z~, {name}", got.Z_tilde, plain.exact("y"), batch.bound("y"))
                yield compared(f"dW, {name}", got.dW, dW, bound + batch.weight_gradient()[1])
            else:
                bound = batch.bound("y") + rounded_input(batch)
                yield compared(f"Z~, {name}", got.Z_tilde, plain.exact("y"), bound)


def rounded_input(batch: Batch) -> Array:
    """How far Z~ moves where Z = W A + b rounds: by eta at most, in whatever order it is summed.

    With rho = sqrt(mean eta^2): the mean of Z moves by at most rho, and so does sqrt(var + eps),
    the norm of the centred Z and of sqrt(eps) taken together, so that inv_std moves by
    rho r r' with r' <= r / (1 - rho r).  Hence
    |y' - y| <= |gamma| [r (eta + rho) + (d + eta + rho) rho r r'].
    """
    assert batch.b is not None  # noqa: S101  # only asked for with a bias
    eta = accumulated(batch.W.shape[1] + 2, U) * (np.abs(batch.W) @ np.abs(batch.A) + abs(batch.b))
    rho = np.sqrt((eta**2).mean(axis=1, keepdims=True))
    r, d = batch.exact("inv_std"), np.abs(batch.Z - batch.exact("mean"))
    moved = rho * r * r / (1 - rho * r)
    whole = np.abs(batch.gamma) * (r * (eta + rho) + (d + eta + rho) * moved)
    return np.asarray(whole * (1 + EVALUATION))


def bias_gradient_zero(layer: Layer) -> Iterator[Finding]:
    """The gradient of a bias is 0, within what dZ and its sum may be off by."""
    for seed in SEEDS:
        for name, _, batch in biased(seed):
            db = results(layer, batch).db
            yield compared(f"db, {name}", db, np.zeros_like(db), batch.bias_gradient_bound())


def weight_scale(layer: Layer) -> Iterator[Finding]:
    """c W with c^2 eps gives Z~ again and dW / c; with the same eps, a factor that nears 1.

    xhat of c W and eps is that of W times sqrt((var + eps) / (var + eps / c^2)).
    """
    for seed in SEEDS:
        batch = made(seed)
        first = results(layer, batch)
        large = batch.but(W=FACTOR * batch.W, eps=FACTOR**2 * batch.eps)
        got = results(layer, large)
        both = batch.bound("y") + large.bound("y")
        yield compared("Z~ of c W, c^2 eps", got.Z_tilde, first.Z_tilde, both)
        bound = batch.weight_gradient()[1] / FACTOR + large.weight_gradient()[1]
        yield compared("dW of c W, c^2 eps", got.dW, first.dW / FACTOR, bound)
        same_eps = batch.but(W=FACTOR * batch.W)
        got = results(layer, same_eps)
        var, eps = batch.exact("var"), batch.eps
        factor = np.sqrt((var + eps) / (var + eps / FACTOR**2))
        want = batch.beta + factor * (first.Z_tilde - batch.beta)
        few = accumulated(12, U) * (np.abs(factor * first.Z_tilde) + 2 * factor * abs(batch.beta))
        bound = factor * batch.bound("y") + same_eps.bound("y") + few
        yield compared("Z~ of c W, the same eps", got.Z_tilde, want, bound)


def weight_orthogonality(layer: Layer) -> Iterator[Finding]:
    """W . dW = gamma eps inv_std^2 dgamma in each unit."""
    for seed in SEEDS:
        batch = made(seed)
        got = results(layer, batch)
        inner = exact_sums((batch.W * got.dW).T)[:, np.newaxis]
        factor = batch.gamma * batch.eps * batch.exact("inv_std") ** 2
        want = factor * batch.exact("dgamma")
        bound = (np.abs(batch.W) * batch.weight_gradient()[1]).sum(axis=1, keepdims=True)
        few = accumulated(8, U) * np.abs(want) + U * np.abs(batch.W * got.dW).sum(1, keepdims=True)
        yield compared("W . dW", inner, want, bound + few)


def moments_stay(layer: Layer) -> Iterator[Finding]:
    """Mean and variance of Z~ are beta and gamma^2 var / (var + eps), however A and W move."""
    for seed in SEEDS:
        for batch in moved_layers(seed):
            yield from moments(results(layer, batch).Z_tilde, batch)


def moments(Z_tilde: Array, batch: Batch) -> Iterator[Finding]:
    """Mean and variance of a Z~ that may be off by the bound of y.

    With errors e of Z~: its mean is off by mean |e|, and its standard deviation by sqrt(mean e^2).
    """
    e, m = batch.bound("y"), batch.Z.shape[1]
    mean = exact_sums(Z_tilde.T)[:, np.newaxis] / m
    yield compared("mean of Z~", mean, batch.beta, e.mean(axis=1, keepdims=True))
    centred = Z_tilde - mean
    var = exact_sums((centred * centred).T)[:, np.newaxis] / m
    due = batch.gamma**2 * batch.exact("var") * batch.exact("inv_std") ** 2
    rms = np.sqrt((e**2).mean(axis=1, keepdims=True)) + U * np.abs(mean)
    bound = 2 * np.sqrt(due) * rms + rms**2 + accumulated(12, U) * due
    yield compared("variance of Z~", var, due, bound)
