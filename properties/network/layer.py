"""A layer in training: its gradients, and a bias in front, which has no effect."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds.evaluate import EVALUATION
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.properties.network.batches import QUANTUM, SEEDS, Batch, U, made, moved_layers
from bnproof.properties.network.property import Finding, compared, network_property
from bnproof.properties.network.subject import Layer
from bnproof.properties.network.training import results


@network_property(
    "network/gradients",
    "Z~, dW, dgamma and dbeta of a layer agree with exact arithmetic.",
    theorem="layer-in-front",
)
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


@network_property(
    "network/bias-has-no-effect",
    "A bias in front changes neither Z~ nor dW, at any step.",
    theorem="bias-invariance",
)
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


@network_property(
    "network/bias-gradient-zero",
    "The gradient of a bias in front is 0.",
    theorem="bias-gradient-zero",
)
def bias_gradient_zero(layer: Layer) -> Iterator[Finding]:
    """The gradient of a bias is 0, within what dZ and its sum may be off by."""
    for seed in SEEDS:
        for name, _, batch in biased(seed):
            db = results(layer, batch).db
            yield compared(f"db, {name}", db, np.zeros_like(db), batch.bias_gradient_bound())
