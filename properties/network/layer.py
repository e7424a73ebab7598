"""A layer in training: its gradients, and a bias in front, which has no effect."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.network.batches import SEEDS, made
from bnproof.engine.network.bias import biased, rounded_input
from bnproof.engine.network.interfaces import Layer
from bnproof.engine.network.network_property import Finding, compared, network_property
from bnproof.engine.network.training import results


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
