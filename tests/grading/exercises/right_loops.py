"""Loops over examples and features, the variance in one pass, and a lot of printing."""
import math

import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    N, D = x.shape
    out = np.zeros_like(x)
    xhat = np.zeros_like(x)
    stds = np.zeros(D)
    if "running_mean" not in bn_param:
        bn_param["running_mean"] = np.zeros(D)
        bn_param["running_var"] = np.ones(D)
    for j in range(D):
        if bn_param["mode"] == "train":
            total = squares = 0.0
            for i in range(N):
                total += x[i, j]
                squares += x[i, j] * x[i, j]
            mean = total / N
            var = squares / N - mean * mean
            if var < 0:
                var = 0.0
            m = bn_param["momentum"]
            bn_param["running_mean"][j] = m * bn_param["running_mean"][j] + (1 - m) * mean
            bn_param["running_var"][j] = m * bn_param["running_var"][j] + (1 - m) * var
        else:
            mean = bn_param["running_mean"][j]
            var = bn_param["running_var"][j]
        stds[j] = math.sqrt(var + bn_param["eps"])
        for i in range(N):
            xhat[i, j] = (x[i, j] - mean) / stds[j]
            out[i, j] = gamma[j] * xhat[i, j] + beta[j]
        print("feature", j, "mean", mean, "var", var)
    return out, [xhat, gamma, stds]


def batchnorm_backward(dout, cache):
    xhat, gamma, stds = cache
    N, D = dout.shape
    dx = np.zeros_like(dout)
    dgamma, dbeta = np.zeros(D), np.zeros(D)
    for j in range(D):
        for i in range(N):
            dgamma[j] += dout[i, j] * xhat[i, j]
            dbeta[j] += dout[i, j]
    for j in range(D):
        for i in range(N):
            for k in range(N):
                jacobian = (1.0 if i == k else 0.0) - 1.0 / N - xhat[i, j] * xhat[k, j] / N
                dx[i, j] += gamma[j] / stds[j] * jacobian * dout[k, j]
    return dx, dgamma, dbeta
