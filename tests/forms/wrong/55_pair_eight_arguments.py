import numpy as np


def bn_forward(x, gamma, beta, running_mean, running_var, momentum=0.9, eps=1e-5, training=True):
    if training:
        mean = x.mean(axis=0)
        var = x.var(axis=0)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean = running_mean
        var = running_var

    x_centered = x - mean
    x_norm = x_centered / np.sqrt(var + eps)
    out = gamma * x_norm + beta
    cache = {"x_centered": x_centered, "x_norm": x_norm, "var": var, "gamma": gamma, "eps": eps}
    return out, running_mean, running_var, cache


def bn_backward(cache, dout):
    x_centered, x_norm = cache["x_centered"], cache["x_norm"]
    var, gamma, eps = cache["var"], cache["gamma"], cache["eps"]
    N = dout.shape[0]

    dgamma = np.sum(dout * x_norm, axis=0)
    dbeta = np.sum(dout, axis=0)

    dx_norm = dout * gamma
    dvar = np.sum(dx_norm * x_centered * -0.5 * (var + eps) ** -0.5, axis=0)
    dmean = np.sum(dx_norm * -1 / np.sqrt(var + eps), axis=0)
    dx = dx_norm / np.sqrt(var + eps) + dvar * 2 * x_centered / N + dmean / N
    return dx, dgamma, dbeta
