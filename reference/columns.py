"""Batch normalization in the notation of the lectures: examples are columns, units are rows.

Z[l] is (n[l], m), and gamma[l], beta[l] and the running statistics are (n[l], 1).  `train_forward`
and its kin take x (N, C), where examples are rows and units are channels.  So x is Z transposed,
and that is all: N = m, C = n[l].
"""

import numpy as np

from bnproof.reference.batch_norm import Cache, train_backward, train_forward
from bnproof.reference.checks import Array
from bnproof.reference.inference import inference_forward
from bnproof.reference.running import running_update


def normalize_forward(
    Z: Array, gamma: Array, beta: Array, *, eps: float = 1e-5
) -> tuple[Array, Cache]:
    """Return Z~ = gamma * Z_norm + beta, with the mean and variance of each row of Z.

    Z is (n, m), gamma and beta (n, 1); Z~ is (n, m).  Errors are those of `train_forward`.
    Theorem "forward-definition".

    >>> Z_tilde, _ = normalize_forward(np.array([[1.0, 3.0]]), *np.ones((2, 1, 1)), eps=0.0)
    >>> Z_tilde.tolist()
    [[0.0, 2.0]]
    """
    y, cache = train_forward(Z.T, gamma[:, 0], beta[:, 0], eps=eps)
    return y.T, cache


def normalize_backward(dZ_tilde: Array, cache: Cache) -> tuple[Array, Array, Array]:
    """Return dZ (n, m), dgamma (n, 1) and dbeta (n, 1), given dZ~ (n, m).

    Theorems "dx-closed-form", "dgamma" and "dbeta".

    >>> _, cache = normalize_forward(np.array([[1.0, 3.0]]), *np.ones((2, 1, 1)), eps=0.0)
    >>> [d.tolist() for d in normalize_backward(np.array([[0.0, 2.0]]), cache)]
    [[[0.0, 0.0]], [[2.0]], [[2.0]]]
    """
    dx, dgamma, dbeta = train_backward(dZ_tilde.T, cache)
    assert dgamma is not None  # noqa: S101  # gamma and beta were given; told to the type checker
    assert dbeta is not None  # noqa: S101  # for the type checker: it is always there
    return dx.T, dgamma[:, np.newaxis], dbeta[:, np.newaxis]


def frozen_forward(
    Z: Array,
    gamma: Array,
    beta: Array,
    running_mean: Array,
    running_var: Array,
    *,
    eps: float = 1e-5,
) -> tuple[Array, Cache]:
    """Return Z~ as at test time, with running statistics (n, 1); one example will do.

    Theorem "inference-affine".

    >>> frozen_forward(np.array([[5.0]]), *np.ones((4, 1, 1)), eps=0.0)[0].tolist()
    [[5.0]]
    """
    statistics = running_mean[:, 0], running_var[:, 0]
    y, cache = inference_forward(Z.T, gamma[:, 0], beta[:, 0], *statistics, eps=eps)
    return y.T, cache


def averaged_statistics(
    running_mean: Array,
    running_var: Array,
    cache: Cache,
    *,
    momentum: float,
    running_variance: str = "biased",
) -> tuple[Array, Array]:
    """Return momentum * old + (1 - momentum) * new of mean and variance, each (n, 1).

    As in the lectures, momentum weighs the old value, and the batch's variance is the biased one
    unless "unbiased" is said.  Errors are those of `running_update`.  Theorem "running-one-step".

    >>> _, cache = normalize_forward(np.array([[1.0, 3.0]]), *np.ones((2, 1, 1)))
    >>> mean, var = averaged_statistics(*np.zeros((2, 1, 1)), cache, momentum=0.75)
    >>> mean.tolist(), var.tolist()
    ([[0.5]], [[0.25]])
    """
    mean, var = running_update(
        running_mean[:, 0],
        running_var[:, 0],
        cache,
        momentum=momentum,
        momentum_weighs="old",
        running_variance=running_variance,
    )
    return mean[:, np.newaxis], var[:, np.newaxis]
