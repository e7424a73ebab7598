"""eps is forgotten everywhere; backward is right for what is cached."""
import numpy as np


def batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, D = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(D))
    running_var = bn_param.get("running_var", np.zeros(D))
    if bn_param["mode"] == "test":
        xhat = (x - running_mean) / np.sqrt(running_var)
        return gamma * xhat + beta, None

    # 1. mean
    mu = 1.0 / N * np.sum(x, axis=0)
    # 2. subtract
    xmu = x - mu
    # 3. square
    sq = xmu ** 2
    # 4. variance
    var = 1.0 / N * np.sum(sq, axis=0)
    # 5. square root
    sqrtvar = np.sqrt(var)
    # 6. invert
    ivar = 1.0 / sqrtvar
    # 7. normalize
    xhat = xmu * ivar
    # 8., 9. scale and shift
    out = gamma * xhat + beta

    bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mu
    bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    cache = {"xhat": xhat, "gamma": gamma, "xmu": xmu, "ivar": ivar, "sqrtvar": sqrtvar,
             "var": var, "eps": eps}
    return out, cache


def batchnorm_backward(dout, cache):
    N, D = dout.shape
    # 9.
    dbeta = np.sum(dout, axis=0)
    dgammax = dout
    # 8.
    dgamma = np.sum(dgammax * cache["xhat"], axis=0)
    dxhat = dgammax * cache["gamma"]
    # 7.
    divar = np.sum(dxhat * cache["xmu"], axis=0)
    dxmu1 = dxhat * cache["ivar"]
    # 6.
    dsqrtvar = -1.0 / (cache["sqrtvar"] ** 2) * divar
    # 5.
    dvar = 0.5 * 1.0 / np.sqrt(cache["var"]) * dsqrtvar
    # 4.
    dsq = 1.0 / N * np.ones((N, D)) * dvar
    # 3.
    dxmu2 = 2 * cache["xmu"] * dsq
    # 2.
    dx1 = dxmu1 + dxmu2
    dmu = -1 * np.sum(dxmu1 + dxmu2, axis=0)
    # 1.
    dx2 = 1.0 / N * np.ones((N, D)) * dmu
    return dx1 + dx2, dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    eps = bn_param.get("eps", 1e-5)
    momentum = bn_param.get("momentum", 0.9)
    N, C, H, W = x.shape
    running_mean = bn_param.get("running_mean", np.zeros(C))
    running_var = bn_param.get("running_var", np.zeros(C))
    g, b = gamma.reshape(1, C, 1, 1), beta.reshape(1, C, 1, 1)
    if bn_param["mode"] == "train":
        mean = x.sum(axis=(0, 2, 3)) / (N * H * W)
        var = ((x - mean.reshape(1, C, 1, 1)) ** 2).sum(axis=(0, 2, 3)) / (N * H * W)
        bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
        bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    std = np.sqrt(var).reshape(1, C, 1, 1)
    xhat = (x - mean.reshape(1, C, 1, 1)) / std
    return g * xhat + b, (xhat, g, std)


def spatial_batchnorm_backward(dout, cache):
    xhat, g, std = cache
    N, C, H, W = dout.shape
    m = N * H * W
    dbeta = dout.sum(axis=(0, 2, 3))
    dgamma = (dout * xhat).sum(axis=(0, 2, 3))
    dx = g / std * (dout - dbeta.reshape(1, C, 1, 1) / m - xhat * dgamma.reshape(1, C, 1, 1) / m)
    return dx, dgamma, dbeta
