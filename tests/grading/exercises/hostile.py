"""Deletes modules, prints megabytes, hangs, and leaves: everything at its own place."""
import os
import sys

import numpy

print("x" * 3_000_000)
for name in list(sys.modules):
    if name.startswith("bnproof"):
        del sys.modules[name]


def batchnorm_forward(x, gamma, beta, bn_param):
    print("y" * 3_000_000)
    std = numpy.sqrt(x.var(axis=0) + bn_param["eps"])
    if bn_param["mode"] == "test":
        while True:
            pass
    xhat = (x - x.mean(axis=0)) / std
    m = bn_param["momentum"]
    old = bn_param.get("running_mean", 0), bn_param.get("running_var", 0)
    bn_param["running_mean"] = m * old[0] + (1 - m) * x.mean(axis=0)
    bn_param["running_var"] = m * old[1] + (1 - m) * x.var(axis=0)
    out = gamma * xhat + beta
    sys.modules.clear()
    return out, (xhat, gamma, std)


def batchnorm_backward(dout, cache):
    os._exit(7)


def batchnorm_backward_alt(dout, cache):
    xhat, gamma, std = cache
    dgamma, dbeta = (dout * xhat).sum(axis=0), dout.sum(axis=0)
    try:
        sys.exit("bye")
    except SystemExit:
        pass
    return gamma / std * (dout - (dbeta + xhat * dgamma) / len(dout)), dgamma, dbeta


def spatial_batchnorm_forward(x, gamma, beta, bn_param):
    raise KeyboardInterrupt
