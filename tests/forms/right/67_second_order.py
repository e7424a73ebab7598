import torch


class BatchNormFn(torch.autograd.Function):
    """Batch norm for a gradient penalty: the backward pass is differentiable too.

    apply(x, weight, bias, eps) -> y
    """

    @staticmethod
    def forward(ctx, x, weight, bias, eps):
        mean = x.mean(dim=0)
        inv_std = torch.rsqrt(x.var(dim=0, correction=0) + eps)
        x_hat = (x - mean) * inv_std
        ctx.eps = eps
        ctx.save_for_backward(x, weight)
        return x_hat * weight + bias

    @staticmethod
    def backward(ctx, grad_y):
        x, weight = ctx.saved_tensors
        # computed again, so that autograd can follow it back to x
        inv_std = torch.rsqrt(x.var(dim=0, correction=0) + ctx.eps)
        x_hat = (x - x.mean(dim=0)) * inv_std

        grad_weight = (grad_y * x_hat).sum(dim=0)
        grad_bias = grad_y.sum(dim=0)
        grad_x = weight * inv_std * (grad_y - grad_y.mean(dim=0) - x_hat * (grad_y * x_hat).mean(dim=0))
        return grad_x, grad_weight, grad_bias, None
