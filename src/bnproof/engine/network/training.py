"""One training step of a layer on a batch, and what it returned."""

from typing import NamedTuple

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.network.batches import Batch
from bnproof.engine.network.interfaces import Layer


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
