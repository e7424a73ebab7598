import torch
from torch.autograd.function import once_differentiable


class CustomBatchNormManualFunction(torch.autograd.Function):
    """Batch normalization with a hand-written backward pass.

    Usage: CustomBatchNormManualFunction.apply(input, gamma, beta, eps)
    """

    @staticmethod
    def forward(ctx, input, gamma, beta, eps=1e-5):
        mean = input.mean(0)
        centered = input - mean
        var = centered.pow(2).mean(0)
        inv_std = (var + eps).rsqrt()
        x_hat = centered * inv_std
        ctx.save_for_backward(centered, x_hat, inv_std, gamma)
        ctx.eps = eps  # a plain number, not a tensor
        return gamma * x_hat + beta

    @staticmethod
    @once_differentiable
    def backward(ctx, grad_output):
        centered, x_hat, inv_std, gamma = ctx.saved_tensors
        grad_input = grad_gamma = grad_beta = None

        if ctx.needs_input_grad[1]:
            grad_gamma = (grad_output * x_hat).sum(0)
        if ctx.needs_input_grad[2]:
            grad_beta = grad_output.sum(0)
        if ctx.needs_input_grad[0]:
            g = grad_output * gamma
            grad_input = inv_std * (g - g.mean(0) - centered * (g * x_hat).mean(0))

        # eps needs no gradient
        return grad_input, grad_gamma, grad_beta, None
