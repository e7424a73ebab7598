"""Properties of a layer at test time: single examples, and averages that converge."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.network.batches import SEEDS, made
from bnproof.engine.network.evaluation import KEEP, closed_form, distance, frozen, statistics_off
from bnproof.engine.network.interfaces import Layer
from bnproof.engine.network.network_property import Finding, compared, network_property

STEPS = 24


@network_property(
    "network/averages-converge",
    "As the running averages converge, inference comes to give what training gives.",
    theorem="running-convergence",
)
def averages_converge(layer: Layer) -> Iterator[Finding]:
    """After many steps on one batch, inference gives what training gives.

    The running statistics have a closed form, which exact inference takes.  Its distance from the
    training output shrinks by the weight of the old value.
    """
    for seed in SEEDS:
        batch = made(seed)
        n = len(batch.W)
        statistics = np.zeros((n, 1)), np.ones((n, 1))
        parameters = batch.W, batch.b, batch.gamma, batch.beta
        for t in range(1, STEPS + 1):
            Z_tilde, *moved, _ = layer.train(
                batch.A, *parameters, *statistics, momentum=KEEP, eps=batch.eps
            )
            statistics = moved[0], moved[1]
            mean, var = (
                closed_form(start, batch.exact(name), t)
                for start, name in ((0.0, "mean"), (1.0, "var"))
            )
            want, bound = frozen(batch, mean, var)
            got = layer.infer(batch.A, *parameters, *statistics, eps=batch.eps)
            bound = bound + statistics_off(batch)
            yield compared(f"Z~ in inference after {t} steps", got, want, bound)
            near = batch.bound("y") + bound + distance(batch, t)
            yield compared(f"inference and training after {t} steps", got, Z_tilde, near)


@network_property(
    "network/single-example",
    "At test time a single example gives what it gives within its batch.",
    theorem="inference-affine",
)
def single_example(layer: Layer) -> Iterator[Finding]:
    """Each example alone gives what exact inference gives of it, as the whole batch does."""
    for seed in SEEDS:
        batch = made(seed)
        mean, var = batch.beta + 0.25, np.abs(batch.gamma)
        want, bound = frozen(batch, mean, var)
        arguments = batch.W, batch.b, batch.gamma, batch.beta, mean, var
        whole = layer.infer(batch.A, *arguments, eps=batch.eps)
        yield compared("Z~ of a batch in inference", whole, want, bound)
        alone = [
            layer.infer(batch.A[:, i : i + 1], *arguments, eps=batch.eps)
            for i in range(batch.A.shape[1])
        ]
        yield compared("Z~ of single examples", np.hstack(alone), want, bound)
