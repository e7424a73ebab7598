"""Training by mini-batches: forward, backward, update, and the running statistics moved along."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bnproof.reference.checks import Array
from bnproof.reference.mini_batches import mini_batches
from bnproof.reference.network import Network, Pass
from bnproof.reference.optimizers import Memory, Optimizer, updated


class Step(NamedTuple):
    """One step of training, as it is told to whoever looks on.

    Attributes:
        epoch, batch: counted from 1.
        cost: J of the mini-batch, before the update.
        passed: the forward pass, before the update.
        memory: of the optimizer, after the update.
    """

    epoch: int
    batch: int
    cost: float
    passed: Pass
    memory: Memory


def training(
    network: Network,
    X: Array,
    Y: Array,
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    memory: Memory | None = None,
) -> Iterator[Step]:
    """Train a network on X (n[0], m) and Y (n[L], m), in place, a step at a time.

    Nothing happens before a step is asked for.  The same rng, seeded alike, gives the same numbers.
    A learning rate that is too large makes parameters infinite or NaN, quietly; see the costs.
    With the memory of an earlier run, the optimizer goes on where it was.

    Raises ValueError for wrong shapes and dtypes.

    >>> from bnproof.reference.architecture import Architecture
    >>> from bnproof.reference.network import initialized
    >>> from bnproof.reference.optimizers import Adam
    >>> rng = np.random.default_rng(0)
    >>> network = initialized(Architecture((2, 8, 1), loss="logistic"), rng)
    >>> X = rng.normal(size=(2, 64))
    >>> Y = (X[:1] * X[1:] > 0).astype(float)
    >>> steps = list(training(network, X, Y, Adam(), epochs=40, batch_size=16, rng=rng))
    >>> len(steps), steps[-1].cost < steps[0].cost / 2
    (160, True)
    """
    memory = Memory() if memory is None else memory
    for epoch in range(1, epochs + 1):
        for batch, (X_t, Y_t) in enumerate(mini_batches(X, Y, batch_size, rng), 1):
            with np.errstate(all="ignore"):
                passed = network.forward(X_t)
                cost, gradients = network.backward(Y_t, passed)
                network.track(passed)
                network.parameters, memory = updated(
                    optimizer, network.parameters, gradients, memory
                )
            yield Step(epoch, batch, cost, passed, memory)
