"""Mini-batches X{1}, X{2}, ...: the examples, shuffled and cut into equal parts."""

import numbers

import numpy as np

from bnproof.reference.checks import Array, refuse


def mini_batches(
    X: Array, Y: Array, size: int, rng: np.random.Generator
) -> list[tuple[Array, Array]]:
    """Return the pairs (X{t}, Y{t}) of one epoch; X (n[0], m) and Y (n[L], m) are shuffled alike.

    The last one has what is left over.  A single example left over has no variance and joins the
    one before it, which then has size + 1.

    Raises ValueError for X and Y of different m, and a size that is not a whole number above 1.

    >>> X, Y = np.arange(7.0).reshape(1, 7), np.arange(7.0).reshape(1, 7)
    >>> [X_t.shape for X_t, _ in mini_batches(X, Y, 3, np.random.default_rng(0))]
    [(1, 3), (1, 4)]
    """
    if X.ndim != 2 or Y.ndim != 2 or X.shape[1] != Y.shape[1]:
        refuse(f"X has shape {X.shape} and Y {Y.shape}; due are (n[0], m) and (n[L], m)")
    if not isinstance(size, numbers.Integral) or size < 2:
        refuse(f"size = {size!r}; due is a whole number, at least 2")
    m = X.shape[1]
    order = rng.permutation(m)
    ends = [*range(size, m - 1, size), m]
    starts = [0, *ends[:-1]]
    parts = [order[start:end] for start, end in zip(starts, ends, strict=True)]
    return [(X[:, part], Y[:, part]) for part in parts]
