import numpy as np


def init_state(d):
    return {"mean": np.zeros(d), "var": np.ones(d)}


def batchnorm(x, gamma, beta, state, training, momentum=0.9, eps=1e-5):
    """Forward pass; the running statistics are kept in the dict `state`."""
    if training:
        mean, var = x.mean(0), x.var(0)
        state["mean"] = momentum * state["mean"] + (1 - momentum) * mean
        state["var"] = momentum * state["var"] + (1 - momentum) * var
    else:
        mean, var = state["mean"], state["var"]
    return gamma * (x - mean) / np.sqrt(var + eps) + beta
