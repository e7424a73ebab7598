"""Ordinary data for probes of objects."""

from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.patterns import SIDES

CHANNELS = 3


def shape_of(rank: int, channels: int = CHANNELS) -> tuple[int, ...]:
    """The shape of a probe, (N, C, ...), in which all sides differ.

    >>> shape_of(4), shape_of(4, channels=5)
    ((4, 3, 5, 2), (4, 5, 8, 2))
    """
    n, _, *spatial = SIDES[rank]
    first, *others = (8 if side == channels else side for side in (n, *spatial))
    return (first, channels, *others)


def probe(rank: int, dtype: Any, channels: int = CHANNELS, seed: int = 0) -> Array:
    """Ordinary data of a rank, whose channels differ in mean and deviation."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=shape_of(rank, channels))
    along = (1, -1, *(1,) * (rank - 2))
    spread = np.resize([0.5, 1.0, 2.0], channels).reshape(along)
    offset = np.resize([-1.0, 0.75, 2.0], channels).reshape(along)
    return np.asarray(offset + spread * values).astype(dtype)
