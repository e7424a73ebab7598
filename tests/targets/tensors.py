"""Functions on torch tensors as people write them, right and wrong."""

from typing import Any

import torch
from torch.nn import functional


def batch_norm(
    x: Any, gamma: Any, beta: Any, moving_mean: Any, moving_var: Any, eps: Any, momentum: Any
) -> Any:
    """Right; the mode is torch.is_grad_enabled(), statistics are (1, C, 1, 1) for images."""
    if not torch.is_grad_enabled():
        return (
            gamma * (x - moving_mean) / torch.sqrt(moving_var + eps) + beta,
            moving_mean,
            moving_var,
        )
    assert len(x.shape) in (2, 4)
    axes = (0,) if len(x.shape) == 2 else (0, 2, 3)
    mean = x.mean(axes, keepdim=True)
    var = ((x - mean) ** 2).mean(axes, keepdim=True)
    moving_mean = (1 - momentum) * moving_mean + momentum * mean
    moving_var = (1 - momentum) * moving_var + momentum * var
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta, moving_mean.data, moving_var.data


class BatchNormFunction(torch.autograd.Function):
    """Right; once differentiable, its forward updates the buffers that it is given."""

    @staticmethod
    def forward(ctx: Any, x: Any, weight: Any, bias: Any, mean: Any, var: Any, train: Any) -> Any:
        """Normalize rows."""
        if not train:
            ctx.eval = True
            return weight * (x - mean) / torch.sqrt(var + 1e-5) + bias
        mu, sigma2 = x.mean(0), x.var(0, unbiased=False)
        mean.lerp_(mu, 0.1)
        var.lerp_(sigma2 * len(x) / (len(x) - 1), 0.1)
        inv_std = torch.rsqrt(sigma2 + 1e-5)
        xhat = (x - mu) * inv_std
        ctx.save_for_backward(xhat, weight, inv_std)
        return weight * xhat + bias

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, dy: Any) -> Any:
        """Closed form."""
        xhat, weight, inv_std = ctx.saved_tensors
        dgamma, dbeta = (dy * xhat).sum(0), dy.sum(0)
        dx = weight * inv_std * (dy - dbeta / len(dy) - xhat * dgamma / len(dy))
        return dx, dgamma, dbeta, None, None, None


class WrongGradient(BatchNormFunction):
    """Wrong: dx lacks the path through the variance."""

    @staticmethod
    def backward(ctx: Any, dy: Any) -> Any:
        """Lack a term."""
        xhat, weight, inv_std = ctx.saved_tensors
        dx = weight * inv_std * (dy - dy.mean(0))
        return dx, (dy * xhat).sum(0), dy.sum(0), None, None, None


def through_torch(x: Any, weight: Any = None, bias: Any = None, *, eps: float = 1e-5) -> Any:
    """Right; by torch's own function, without averages."""
    return functional.batch_norm(x, None, None, weight, bias, training=True, eps=eps)


def detached(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: the statistics are constants to autograd."""
    mean, var = x.mean(0).detach(), x.var(0, unbiased=False).detach()
    return gamma * (x - mean) / torch.sqrt(var + eps) + beta
