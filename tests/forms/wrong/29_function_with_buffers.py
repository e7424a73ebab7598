import torch
from torch.autograd import Function
from torch.autograd.function import once_differentiable


class BatchNormFunction(Function):
    """apply(x, gamma, beta, running_mean, running_var, eps, momentum, training) -> y

    The two running statistics are updated in place.
    """

    @staticmethod
    def forward(ctx, x, gamma, beta, running_mean, running_var, eps, momentum, training):
        if training:
            n = x.shape[0]
            mean = x.mean(dim=0)
            var = x.var(dim=0, unbiased=False)
            running_mean.mul_(1 - momentum).add_(momentum * mean)
            running_var.mul_(1 - momentum).add_(momentum * var * n / (n - 1))
        else:
            mean, var = running_mean.clone(), running_var.clone()

        istd = 1.0 / torch.sqrt(var + eps)
        xhat = (x - mean) * istd
        ctx.save_for_backward(xhat, istd, gamma)
        return xhat * gamma + beta

    @staticmethod
    @once_differentiable
    def backward(ctx, dy):
        xhat, istd, gamma = ctx.saved_tensors
        dgamma = torch.sum(dy * xhat, dim=0)
        dbeta = torch.sum(dy, dim=0)
        dxhat = dy * gamma
        n = dy.shape[0]
        dx = istd / n * (n * dxhat - dxhat.sum(0) - xhat * torch.sum(dxhat * xhat, dim=0))
        return dx, dgamma, dbeta, None, None, None, None, None
