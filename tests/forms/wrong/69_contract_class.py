"""Batch normalization for bnproof: a class with train and infer, and nothing else."""

import numpy as np


def _columns(v, ndim):
    return v.reshape((1, -1) + (1,) * (ndim - 2))


class BatchNorm:
    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        if x.size == 0:
            raise ValueError("empty batch")
        axes = (0, *range(2, x.ndim))
        n = x.size // x.shape[1]
        mean = x.mean(axis=axes)
        centred = x - _columns(mean, x.ndim)
        var = (centred * centred).mean(axis=axes)
        inv_std = 1 / np.sqrt(var + x.dtype.type(eps))
        xhat = centred * _columns(inv_std, x.ndim)
        y = xhat * _columns(gamma, x.ndim) + _columns(beta, x.ndim)

        m = x.dtype.type(momentum)
        new_mean = (1 - m) * running_mean + m * mean
        new_var = (1 - m) * running_var + m * var * x.dtype.type(n / max(n - 1, 1))

        def backward(dy):
            dbeta = dy.sum(axis=axes)
            dgamma = (dy * xhat).sum(axis=axes)
            dx = _columns(gamma * inv_std, x.ndim) * (
                dy - _columns(dbeta / n, x.ndim) - xhat * _columns(dgamma / n, x.ndim)
            )
            return dx, dgamma, dbeta

        return y, new_mean, new_var, backward

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        inv_std = 1 / np.sqrt(running_var + x.dtype.type(1e-3))
        xhat = (x - _columns(running_mean, x.ndim)) * _columns(inv_std, x.ndim)
        y = xhat * _columns(gamma, x.ndim) + _columns(beta, x.ndim)
        return y, running_mean, running_var, None
