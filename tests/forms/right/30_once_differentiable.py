import torch
from torch.autograd.function import once_differentiable


class BatchNorm2dFunction(torch.autograd.Function):
    """Memory-saving batch norm of images: only x and two vectors are saved."""

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean = x.mean(dim=(0, 2, 3))
        var = x.var(dim=(0, 2, 3), unbiased=False)
        rstd = torch.rsqrt(var + eps)
        ctx.save_for_backward(x, weight, mean, rstd)
        scale = weight * rstd
        return (x - mean[None, :, None, None]) * scale[None, :, None, None] + bias[None, :, None, None]

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        x, weight, mean, rstd = ctx.saved_tensors
        count = x.numel() / x.size(1)
        xhat = (x - mean[None, :, None, None]) * rstd[None, :, None, None]
        grad_weight = (grad_output * xhat).sum(dim=(0, 2, 3))
        grad_bias = grad_output.sum(dim=(0, 2, 3))
        centered = grad_output - (grad_bias / count)[None, :, None, None]
        grad_x = (weight * rstd)[None, :, None, None] * (
            centered - xhat * (grad_weight / count)[None, :, None, None]
        )
        return grad_x, grad_weight, grad_bias, None
