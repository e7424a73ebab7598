"""A whole file of layers: affine, relu, layer normalization; forward and backward of the paper."""
from builtins import range

import numpy as np


def affine_forward(x, w, b):
    return x.reshape(x.shape[0], -1).dot(w) + b, (x, w, b)


def train(model, data):
    """A name that has nothing to do with batch normalization."""
    raise RuntimeError("not meant to be called")


def batchnorm_forward(x, gamma, beta, bn_param):
    mode = bn_param["mode"]
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    D = x.shape[1]
    running_mean = bn_param.get("running_mean", np.zeros(D, dtype=x.dtype))
    running_var = bn_param.get("running_var", np.zeros(D, dtype=x.dtype))
    if mode == "train":
        sample_mean = np.mean(x, axis=0, keepdims=True)
        sample_var = np.var(x, axis=0, keepdims=True)
        x_normalized = (x - sample_mean) / np.sqrt(sample_var + eps)
        out = x_normalized * gamma + beta
        running_mean *= momentum
        running_mean += (1 - momentum) * sample_mean[0]
        running_var *= momentum
        running_var += (1 - momentum) * sample_var[0]
        cache = (x, x_normalized, gamma, beta, sample_mean, sample_var, eps)
    elif mode == "test":
        out = (x - running_mean) / np.sqrt(running_var + eps) * gamma + beta
        cache = None
    bn_param["running_mean"] = running_mean
    bn_param["running_var"] = running_var
    return out, cache


def batchnorm_backward(dout, cache):
    x, x_normalized, gamma, beta, mean, var, eps = cache
    m = x.shape[0]
    dx_normalized = dout * gamma
    dvar = np.sum(dx_normalized * (x - mean) * -0.5 * (var + eps) ** (-1.5), axis=0)
    dmean = np.sum(dx_normalized * -1 / np.sqrt(var + eps), axis=0)
    dmean += dvar * np.sum(-2 * (x - mean), axis=0) / m
    dx = dx_normalized / np.sqrt(var + eps) + dvar * 2 * (x - mean) / m + dmean / m
    return dx, np.sum(dout * x_normalized, axis=0), np.sum(dout, axis=0)


def layernorm_forward(x, gamma, beta, ln_param):
    eps = ln_param.get("eps", 1e-5)
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    xhat = (x - mean) / np.sqrt(var + eps)
    return gamma * xhat + beta, (xhat, gamma, var + eps)


def layernorm_backward(dout, cache):
    raise NotImplementedError
