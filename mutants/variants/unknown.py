"""Mistakes that the library does not have: nothing should be named for them."""

import numpy as np

from bnproof.mutants.variants.columns import Columns, Walk
from bnproof.mutants.variants.single import BY_MEAN, BY_VARIANCE, Replaced, scaled, times, variant
from bnproof.reference.checks import Array


def _trimmed(self: Columns, flat: Array) -> tuple[Array, Array]:
    """The largest and the smallest value left out of the mean."""
    mean = (flat.sum(axis=0) - flat.max(axis=0) - flat.min(axis=0)) / len(flat)
    return mean, ((flat - mean) ** 2).mean(axis=0)


def _smoothed(self: Columns, flat: Array) -> tuple[Array, Array]:
    """The variance of neighbouring differences."""
    mean = flat.mean(axis=0)
    return mean, np.square(np.diff(flat, axis=0)).mean(axis=0) / 2


def _weighted(self: Columns, flat: Array) -> tuple[Array, Array]:
    """Later rows weigh more."""
    weights = np.arange(1, len(flat) + 1)[:, None] / (len(flat) * (len(flat) + 1) / 2)
    mean = (weights * flat).sum(axis=0)
    return mean, (weights * (flat - mean) ** 2).sum(axis=0)


def _bent(self: Columns, walk: Walk, beta: Array) -> Array:
    """A sine on top of y."""
    xhat = walk.centred * walk.root
    return np.asarray(walk.gamma * (xhat + 0.013 * np.sin(5 * xhat)) + beta)


def _cubed(self: Columns, walk: Walk, dy: Array) -> Array:
    """The variance's part with a power too many."""
    return np.asarray(BY_VARIANCE(self, walk, dy) * walk.root)


STEPS: tuple[tuple[str, dict[str, Replaced]], ...] = (
    ("trimmed-mean", {"moments": _trimmed}),
    ("variance-of-differences", {"moments": _smoothed}),
    ("later-rows-weigh-more", {"moments": _weighted}),
    ("sine-on-top", {"affine": _bent}),
    ("softplus-of-var", {"root": lambda s, v, e: np.log1p(np.exp(v + e)) ** -0.5}),
    ("fourth-root", {"root": lambda s, v, e: (v + e) ** -0.25}),
    ("eps-a-third-too-large", {"root": lambda s, v, e: (v + e * 4 / 3) ** -0.5}),
    ("gamma-cubed", {"affine": lambda s, w, b: w.centred * w.gamma**3 * w.root + b}),
    ("beta-a-tenth-too-small", {"affine": lambda s, w, b: w.centred * w.gamma * w.root + 0.9 * b}),
    ("variance-part-cubed", {"by_variance": _cubed}),
    ("variance-part-a-third", {"by_variance": times(BY_VARIANCE, lambda w: 1 / 3)}),
    ("mean-part-by-root-of-count", {"by_mean": times(BY_MEAN, lambda w: w.count**-0.5)}),
    ("dgamma-by-root-of-count", {"of_parameters": scaled(0, lambda w: w.count**-0.5)}),
    ("dbeta-seven-eighths", {"of_parameters": scaled(1, lambda w: 0.875)}),
    ("average-by-root-of-weight", {"moved": lambda s, o, n, w: o + np.sqrt(w) * (n - o)}),
    (
        "average-geometric",
        {"moved": lambda s, o, n, w: np.sign(n) * np.abs(o) ** (1 - w) * np.abs(n) ** w},
    ),
    ("count-minus-two", {"averaged_var": lambda s, v, m: v * (m / max(m - 2, 1))}),
    ("evaluation-halfway", {"used": lambda s, c, a, v: ((a + c.mean(axis=0)) / 2, v)}),
)

VARIANTS = tuple(
    variant(name, turn=turn, **replaced) for turn, (name, replaced) in enumerate(STEPS)
)
