"""The cache is a global variable, and so are the running averages."""
import numpy as np

kept = {}


def batchnorm_forward(x, gamma, beta, bn_param):
    global kept
    eps = bn_param["eps"]
    if bn_param["mode"] == "test":
        return gamma * (x - kept["mean"]) / np.sqrt(kept["var"] + eps) + beta, None
    mean, var = x.mean(axis=0), x.var(axis=0)
    if "running" not in kept:
        kept["running"] = np.zeros(x.shape[1])
    kept["mean"], kept["var"] = mean, var
    kept["xhat"], kept["std"], kept["gamma"] = (x - mean) / np.sqrt(var + eps), np.sqrt(var + eps), gamma
    return gamma * kept["xhat"] + beta, "see kept"


def batchnorm_backward(dout, cache):
    N = len(dout)
    xhat = kept["xhat"]
    if xhat.shape != dout.shape:
        xhat = np.resize(xhat, dout.shape)
    dbeta = dout.sum(axis=0)
    dgamma = (dout * xhat).sum(axis=0)
    return kept["gamma"] / kept["std"] / N * (N * dout - dbeta - xhat * dgamma), dgamma, dbeta
