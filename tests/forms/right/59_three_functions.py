import numpy as np

EPS = 1e-5


def bn_train(x, gamma, beta, running_mean, running_var, momentum=0.9):
    mu = x.mean(axis=0)
    xmu = x - mu
    var = (xmu**2).mean(axis=0)
    ivar = 1 / np.sqrt(var + EPS)
    out = gamma * (xmu * ivar) + beta
    running_mean = momentum * running_mean + (1 - momentum) * mu
    running_var = momentum * running_var + (1 - momentum) * var
    return out, running_mean, running_var, (xmu, ivar, gamma)


def bn_test(x, gamma, beta, running_mean, running_var):
    return gamma * (x - running_mean) / np.sqrt(running_var + EPS) + beta


def bn_backward(dout, cache):
    xmu, ivar, gamma = cache
    n = dout.shape[0]
    dgamma = (dout * xmu * ivar).sum(axis=0)
    dbeta = dout.sum(axis=0)
    dxhat = gamma * dout
    divar = (dxhat * xmu).sum(axis=0)
    dvar = -0.5 * ivar**3 * divar
    dxmu = dxhat * ivar + 2 / n * xmu * dvar
    dx = dxmu - dxmu.mean(axis=0)
    return dx, dgamma, dbeta
