"""Batch normalization in inference, an affine map of x, forward and backward side by side."""

import numpy as np

from bnproof.reference.batch_norm import Cache, gradients
from bnproof.reference.checks import (
    Array,
    check_array,
    check_data,
    check_parameters,
    check_statistics,
)
from bnproof.reference.rows import column, from_rows, to_rows


def inference_forward(
    x: Array,
    gamma: Array | None,
    beta: Array | None,
    running_mean: Array,
    running_var: Array,
    *,
    eps: float = 1e-5,
    channel_axis: int = 1,
) -> tuple[Array, Cache]:
    """Normalize each channel by its running mean and variance, then scale and shift it.

    Shapes and dtypes are those of `train_forward`; running_mean and running_var are (C,).  One
    example will do, and none gives none.  Returns y, and what `inference_backward` needs.

    Raises ValueError for a wrong shape, dtype, channel_axis or eps.

    Source: Ioffe and Szegedy (2015), Algorithm 2; theorem "inference-affine".

    >>> one = np.ones(1)
    >>> inference_forward(np.array([[5.0]]), 2 * one, one, 3 * one, 4 * one, eps=0.0)[0].tolist()
    [[3.0]]
    """
    check_data(x, channel_axis, eps)
    check_parameters(x.shape[channel_axis], gamma, beta)
    check_statistics(x.shape[channel_axis], running_mean, running_var)
    rows = to_rows(x, channel_axis)
    mean, var = column(running_mean, 0, rows.dtype), column(running_var, 1, rows.dtype)
    with np.errstate(all="ignore"):
        inv_std = 1 / np.sqrt(var + float(eps))
        xhat = (rows - mean) * inv_std
        y = column(gamma, 1, rows.dtype) * xhat + column(beta, 0, rows.dtype)
        result = from_rows(y, x.shape, channel_axis, x.dtype)
    return result, Cache(xhat, inv_std, mean, var, gamma, beta, x.shape, x.dtype, channel_axis)


def inference_backward(dy: Array, cache: Cache) -> tuple[Array, Array | None, Array | None]:
    """Gradients of a loss by x, gamma and beta; the running statistics are constants.

    Shapes, dtypes and errors are those of `train_backward`.  Theorem "inference-gradients".

    >>> one = np.ones(1)
    >>> _, cache = inference_forward(np.array([[5.0]]), 2 * one, one, 3 * one, 4 * one, eps=0.0)
    >>> dx, dgamma, dbeta = inference_backward(np.array([[10.0]]), cache)
    >>> dx.tolist(), dgamma.tolist(), dbeta.tolist()
    ([[10.0]], [10.0], [10.0])
    """
    check_array("dy", dy, cache.shape)
    xhat = cache.xhat
    dy = to_rows(dy, cache.channel_axis).astype(xhat.dtype)
    with np.errstate(all="ignore"):
        dbeta = dy.sum(axis=1, keepdims=True)
        dgamma = (dy * xhat).sum(axis=1, keepdims=True)
        dx = column(cache.gamma, 1, xhat.dtype) * cache.inv_std * dy
        return gradients(dx, dgamma, dbeta, cache)
