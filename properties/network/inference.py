"""Properties of a layer at test time: single examples, and averages that converge."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds import bounds
from bnproof.engine.truth.bounds.evaluate import EVALUATION
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.oracle import batch_truth
from bnproof.properties.network.batches import CLASS, SEEDS, Batch, U, as_columns, made, quantities
from bnproof.properties.network.property import Finding, compared, network_property
from bnproof.properties.network.subject import Layer

KEEP = 0.5
"""The weight of the old value: with 1/2 and m a power of two the averages are exact for long."""

STEPS = 24


def frozen(batch: Batch, mean: Array, var: Array) -> tuple[Array, Array]:
    """The exact Z~ of inference (n, m), and its bound; mean and var are (n, 1)."""
    truth = batch_truth(
        batch.Z.T,
        batch.gamma[:, 0],
        batch.beta[:, 0],
        batch.eps,
        statistics=(mean[:, 0], var[:, 0]),
    )
    q = quantities(batch.Z, truth, batch.gamma, batch.beta, batch.eps, inference=True)
    return as_columns(truth.values["y"][0]), as_columns(bounds(CLASS, q).values["y"])


def closed_form(start: float, level: Array, t: int) -> Array:
    """level + KEEP^t (start - level), rounded once."""
    keep = Fraction(KEEP) ** t
    values = [float(Fraction(v) + keep * (Fraction(start) - Fraction(v))) for v in level.ravel()]
    return np.array(values).reshape(level.shape)


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


def distance(batch: Batch, t: int) -> Array:
    """How far inference with the closed form's statistics is from training, at most.

    With r' = 1 / sqrt(var' + eps): |y' - y| <= |gamma| (|mean' - mean| r' + |z - mean| |r' - r|),
    and |r' - r| = |var' - var| r^2 r'^2 / (r + r').
    """
    left = KEEP**t
    mean, var, r = batch.exact("mean"), batch.exact("var"), batch.exact("inv_std")
    off_mean, off_var = left * np.abs(mean), left * np.abs(1 - var)
    moved = 1 / np.sqrt(np.minimum(var, var + left * (1 - var)) + batch.eps)
    centred = np.abs(batch.Z - mean)
    slope = r**2 * moved**2 / (r + moved)
    whole = np.abs(batch.gamma) * (off_mean * moved + centred * off_var * slope)
    return np.asarray(whole * (1 + EVALUATION))


def statistics_off(batch: Batch) -> Array:
    """How far Z~ in inference is off because the running statistics are, at most.

    Formula S bounds one step; halved with each step that follows, all add up to twice that
    (theorem `running-rounding`).  Then as in `distance`, with r' below 1 / sqrt(eps).
    """
    mean, var, delta = np.abs(batch.exact("mean")), batch.exact("var"), batch.bound("mean")
    few = accumulated(6, U)
    e_mean = delta + 2 * few * (2 * mean + delta)
    e_var = batch.bound("var") + 2 * few * (1 + 2 * var + batch.bound("var"))
    r, centred = batch.eps**-0.5, np.abs(batch.Z) + mean + e_mean
    whole = np.abs(batch.gamma) * (e_mean * r + centred * e_var * r**3)
    return np.asarray(whole * (1 + EVALUATION))


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
