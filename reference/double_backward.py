"""The backward pass of one call, and the gradients of its own results: double backward."""

import numpy as np

from bnproof.reference.batch_norm import Cache, train_backward
from bnproof.reference.checks import Array, check_array
from bnproof.reference.inference import inference_backward
from bnproof.reference.rows import column, from_rows, to_rows

Double = tuple[Array, Array, Array | None]


def train_double_backward(
    dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None, cache: Cache
) -> Double:
    """Gradients of <ddx, dx> + <ddgamma, dgamma> + <ddbeta, dbeta> by dy, x and gamma.

    dx, dgamma and dbeta are the results of `train_backward`, and functions of dy, x and gamma.  dy
    and ddx have the shape of x, ddgamma and ddbeta those of gamma and beta, or are None where those
    were.  Returns ddy and dx in the shape and dtype of x, and dgamma in that of gamma, or None.

    Raises ValueError for a wrong shape or dtype.

    Source: theorem "double-backward".

    >>> x, dy, one = np.array([[-1.0], [1.0]]), np.array([[1.0], [3.0]]), np.ones(1)
    >>> from bnproof.reference import train_forward
    >>> _, cache = train_forward(x, one, one, eps=3.0)
    >>> ddy, dx, dgamma = train_double_backward(dy, dy, 0 * one, 0 * one, cache)
    >>> ddy.tolist(), dx.tolist(), dgamma.tolist()
    ([[-0.375], [0.375]], [[0.28125], [-0.28125]], [0.75])
    """
    _check(dy, ddx, ddgamma, ddbeta, cache)
    xhat, inv_std, kind = cache.xhat, cache.inv_std, cache.xhat.dtype
    dy, ddx = (to_rows(a, cache.channel_axis).astype(kind) for a in (dy, ddx))
    gamma, ddgamma, ddbeta = (
        column(a, absent, kind) for a, absent in ((cache.gamma, 1), (ddgamma, 0), (ddbeta, 0))
    )
    with np.errstate(all="ignore"):
        along_dy, rest_dy = _split(dy, xhat)
        along_ddx, rest_ddx = _split(ddx, xhat)
        common = (rest_dy * ddx).mean(axis=1, keepdims=True)
        ddy = gamma * inv_std * rest_ddx + ddgamma * xhat + ddbeta
        dx = ddgamma * inv_std * rest_dy - gamma * inv_std * inv_std * (
            xhat * common + rest_dy * along_ddx + rest_ddx * along_dy
        )
        return _rounded(ddy, dx, xhat.shape[1] * inv_std * common, cache)


def inference_double_backward(
    dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None, cache: Cache
) -> Double:
    """Gradients of <ddx, dx> + <ddgamma, dgamma> + <ddbeta, dbeta>; the statistics are constants.

    Shapes, dtypes and errors are those of `train_double_backward`, dx, dgamma and dbeta the
    results of `inference_backward`.  Theorem "double-backward-inference".

    >>> x, two = np.array([[5.0]]), 2 * np.ones(1)
    >>> from bnproof.reference import inference_forward
    >>> _, cache = inference_forward(x, two, two, two, 4 * np.ones(1), eps=0.0)
    >>> ddy, dx, dgamma = inference_double_backward(2 * x, x, two, two, cache)
    >>> ddy.tolist(), dx.tolist(), dgamma.tolist()
    ([[10.0]], [[10.0]], [25.0])
    """
    _check(dy, ddx, ddgamma, ddbeta, cache)
    xhat, inv_std, kind = cache.xhat, cache.inv_std, cache.xhat.dtype
    dy, ddx = (to_rows(a, cache.channel_axis).astype(kind) for a in (dy, ddx))
    gamma, ddgamma, ddbeta = (
        column(a, absent, kind) for a, absent in ((cache.gamma, 1), (ddgamma, 0), (ddbeta, 0))
    )
    with np.errstate(all="ignore"):
        ddy = gamma * inv_std * ddx + ddgamma * xhat + ddbeta
        dgamma = inv_std * (dy * ddx).sum(axis=1, keepdims=True)
        return _rounded(ddy, ddgamma * inv_std * dy, dgamma, cache)


class BackwardPass:
    """The backward pass of one call: a function of dy, with double backward as a method."""

    def __init__(self, cache: Cache, *, training: bool) -> None:
        self._cache, self._training = cache, training

    def __call__(self, dy: Array) -> tuple[Array, Array | None, Array | None]:
        """Return dx, dgamma and dbeta."""
        return (train_backward if self._training else inference_backward)(dy, self._cache)

    def double(self, dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None) -> Double:
        """Return ddy, dx and dgamma."""
        form = train_double_backward if self._training else inference_double_backward
        return form(dy, ddx, ddgamma, ddbeta, self._cache)


def _split(rows: Array, xhat: Array) -> tuple[Array, Array]:
    """The mean of rows times xhat, and what backward leaves of rows but for a factor."""
    along = (rows * xhat).mean(axis=1, keepdims=True)
    return along, rows - rows.mean(axis=1, keepdims=True) - xhat * along


def _check(
    dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None, cache: Cache
) -> None:
    check_array("dy", dy, cache.shape)
    check_array("ddx", ddx, cache.shape)
    for name, value in (("ddgamma", ddgamma), ("ddbeta", ddbeta)):
        if value is not None:
            check_array(name, value, (cache.shape[cache.channel_axis],))


def _rounded(ddy: Array, dx: Array, dgamma: Array, cache: Cache) -> Double:
    ddy, dx = (from_rows(a, cache.shape, cache.channel_axis, cache.dtype) for a in (ddy, dx))
    return ddy, dx, None if cache.gamma is None else dgamma[:, 0].astype(cache.gamma.dtype)
