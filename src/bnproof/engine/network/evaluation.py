"""A layer at test time: exact results, their bounds, and how far they are from training."""

from fractions import Fraction

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.network.batches import CLASS, Batch, U, as_columns, quantities
from bnproof.engine.truth.bounds import bounds
from bnproof.engine.truth.bounds.roundings import EVALUATION, accumulated
from bnproof.engine.truth.oracle import batch_truth

KEEP = 0.5
"""The weight of the old value: with 1/2 and m a power of two the averages are exact for long."""


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
