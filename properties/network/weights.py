"""The weights in front: their scale, their gradient, and moments that stay while they move."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.judging.laws import exact_sums
from bnproof.engine.network.batches import SEEDS, U, made, moved_layers
from bnproof.engine.network.interfaces import Layer
from bnproof.engine.network.moments import moments
from bnproof.engine.network.network_property import Finding, compared, network_property
from bnproof.engine.network.training import results
from bnproof.engine.truth.bounds.roundings import accumulated

FACTOR = 4.0
"""A power of two, by which W is scaled without rounding."""


@network_property(
    "network/weight-scale",
    "W multiplied by c leaves Z~ as it is, but for eps, and divides dW by c.",
    theorem="weight-scale",
)
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


@network_property(
    "network/weight-orthogonality",
    "W . dW = gamma eps inv_std^2 dgamma in each unit.",
    theorem="weight-orthogonality",
)
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


@network_property(
    "network/moments-stay",
    "Mean and variance of Z~ stay at beta and gamma^2 var / (var + eps) as layers before move.",
    theorem="covariate-shift",
)
def moments_stay(layer: Layer) -> Iterator[Finding]:
    """Mean and variance of Z~ are beta and gamma^2 var / (var + eps), however A and W move."""
    for seed in SEEDS:
        for batch in moved_layers(seed):
            yield from moments(results(layer, batch).Z_tilde, batch)
