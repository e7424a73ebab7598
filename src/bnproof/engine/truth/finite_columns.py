"""Columns (N, C) of values, and which of them are held."""

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.blocks import BLOCK, row_blocks
from bnproof.engine.truth.double_words import is_ordinary
from bnproof.engine.truth.integers import Exact

NAN = float("nan")


def wide(values: Array) -> Array:
    """Values as float64."""
    return np.asarray(values, np.float64)


def all_finite(values: Array) -> Array:
    """Which columns are finite."""
    if values.size <= BLOCK:
        return np.asarray(np.isfinite(wide(values)).all(axis=0))
    found = np.ones(values.shape[1], bool)
    for rows in row_blocks(*values.shape):
        found &= np.isfinite(wide(values[rows])).all(axis=0)
    return found


def are_ordinary(values: Array) -> bool:
    """Whether double words need no exponents for these values."""
    if values.size <= BLOCK:
        return is_ordinary(wide(values))
    return all(is_ordinary(wide(values[rows])) for rows in row_blocks(*values.shape))


def finite(values: Array, held: Array) -> Array:
    """Values with zeros in the channels that are not held."""
    return values if held.all() else np.where(held, values, values.dtype.type(0))


def where(held: Array, value: Exact) -> Exact:
    """A value with NaN in the channels that are not held."""
    if held.all():
        return value
    return np.where(held, value[0], NAN), np.where(held, value[1], 0.0)
