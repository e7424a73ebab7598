"""Batches with a bias in front, and how far its rounding moves a layer's output."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.network.batches import QUANTUM, Batch, U, moved_layers
from bnproof.engine.truth.bounds.roundings import EVALUATION, accumulated


def biased(seed: int) -> Iterator[tuple[str, Batch, Batch]]:
    """Batches without a bias, and the same with one on the grid, and with one off it."""
    rng = np.random.default_rng(seed)
    for batch in moved_layers(seed):
        on_grid = rng.integers(-512, 512, batch.gamma.shape) * QUANTUM
        yield "b on the grid", batch, batch.but(b=on_grid)
        yield "b off the grid", batch, batch.but(b=on_grid + rng.normal(size=on_grid.shape))


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
