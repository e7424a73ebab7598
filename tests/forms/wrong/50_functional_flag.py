"""Stateless layers for meta-learning: all weights are passed in."""

import torch
import torch.nn.functional as F


def linear(x, weight, bias):
    return F.linear(x, weight, bias)


def batchnorm(x, running_mean, running_var, weight, bias, training=False, momentum=0.1, eps=1e-5):
    """Batch norm whose buffers are updated in place when training."""
    dims = [0] + list(range(2, x.dim()))
    view = [1, x.size(1)] + [1] * (x.dim() - 2)
    if training:
        mean = x.mean(dim=dims)
        var = x.var(dim=dims, unbiased=False)
        n = x.numel() / x.size(1)
        with torch.no_grad():
            running_mean = (1 - momentum) * running_mean + momentum * mean
            running_var = (1 - momentum) * running_var + momentum * var * n / (n - 1)
    else:
        mean, var = running_mean, running_var
    x = (x - mean.view(view)) / torch.sqrt(var.view(view) + eps)
    return x * weight.view(view) + bias.view(view)
