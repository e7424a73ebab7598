"""Batch normalization in training, forward and backward side by side.

Ioffe and Szegedy (2015), Algorithm 1 and section 3.  A row holds the m values of a channel.
"""

from typing import Any, NamedTuple

import numpy as np

from bnproof.reference.checks import Array, check_array, check_data, check_parameters
from bnproof.reference.rows import column, from_rows, to_rows


class Cache(NamedTuple):
    """What a forward pass leaves for its backward pass, one row per channel.

    Attributes:
        xhat: the normalized values, (C, m).
        inv_std: 1 / sqrt(var + eps), (C, 1).
        mean, var: of the channel, (C, 1); var is the biased one.
        gamma, beta: as they were given, (C,) or None.
        shape, dtype, channel_axis: of x.

    """

    xhat: Array
    inv_std: Array
    mean: Array
    var: Array
    gamma: Array | None
    beta: Array | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    channel_axis: int


def train_forward(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    *,
    eps: float = 1e-5,
    channel_axis: int = 1,
) -> tuple[Array, Cache]:
    """Normalize each channel by its own mean and biased variance, then scale and shift it.

    x is (N, C, ...), or (N, ..., C) with channel_axis = -1; gamma and beta are (C,) or None for
    1 and 0.  All are float16, bfloat16, float32 or float64; 16-bit x is computed in float32.
    Returns y with the shape and dtype of x, and what `train_backward` needs.

    Raises ValueError for a wrong shape, dtype, channel_axis or eps, and for fewer than two values
    per channel.  A NaN or an infinity makes its channel non-finite and leaves the others alone.

    Source: Ioffe and Szegedy (2015), Algorithm 1; theorem "forward-definition".

    >>> y, cache = train_forward(np.array([[1.0], [3.0]]), np.array([2.0]), eps=0.0)
    >>> y.tolist(), cache.mean.item(), cache.var.item()
    ([[-2.0], [2.0]], 2.0, 1.0)
    """
    check_data(x, channel_axis, eps, training=True)
    check_parameters(x.shape[channel_axis], gamma, beta)
    rows = to_rows(x, channel_axis)
    with np.errstate(all="ignore"):
        mean = rows.mean(axis=1, keepdims=True)
        centred = rows - mean
        var = (centred * centred).mean(axis=1, keepdims=True)
        inv_std = 1 / np.sqrt(var + float(eps))
        xhat = centred * inv_std
        y = column(gamma, 1, rows.dtype) * xhat + column(beta, 0, rows.dtype)
        result = from_rows(y, x.shape, channel_axis, x.dtype)
    return result, Cache(xhat, inv_std, mean, var, gamma, beta, x.shape, x.dtype, channel_axis)


def train_backward(dy: Array, cache: Cache) -> tuple[Array, Array | None, Array | None]:
    """Gradients of a loss by x, gamma and beta, given dy, its gradient by y.

    dy has the shape of x.  Returns dx in the shape and dtype of x, dgamma and dbeta (C,) in the
    dtypes of gamma and beta, or None where those were.  May be called any number of times.

    Raises ValueError for a wrong shape or dtype of dy.

    Source: Ioffe and Szegedy (2015), section 3; theorems "dx-closed-form", "dgamma" and "dbeta".

    >>> _, cache = train_forward(np.array([[-1.0], [1.0], [-1.0], [1.0]]), eps=0.0)
    >>> train_backward(np.array([[4.0], [0.0], [0.0], [0.0]]), cache)[0].tolist()
    [[2.0], [0.0], [-2.0], [0.0]]
    """
    check_array("dy", dy, cache.shape)
    xhat, m = cache.xhat, cache.xhat.shape[1]
    dy = to_rows(dy, cache.channel_axis).astype(xhat.dtype, copy=False)
    with np.errstate(all="ignore"):
        dbeta = dy.sum(axis=1, keepdims=True)
        dgamma = (dy * xhat).sum(axis=1, keepdims=True)
        scale = column(cache.gamma, 1, xhat.dtype) * cache.inv_std
        dx = scale * (dy - dbeta / m - xhat * (dgamma / m))
        return gradients(dx, dgamma, dbeta, cache)


def gradients(
    dx: Array, dgamma: Array, dbeta: Array, cache: Cache
) -> tuple[Array, Array | None, Array | None]:
    """Round gradients to the shapes and dtypes of what they belong to, None to None."""
    gamma, beta = cache.gamma, cache.beta
    return (
        from_rows(dx, cache.shape, cache.channel_axis, cache.dtype),
        None if gamma is None else dgamma[:, 0].astype(gamma.dtype),
        None if beta is None else dbeta[:, 0].astype(beta.dtype),
    )
