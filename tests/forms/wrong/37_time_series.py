import torch
from torch import Tensor, nn


class SequenceBatchNorm(nn.Module):
    """Batch norm for (batch, time, features): statistics over batch and time."""

    def __init__(self, features: int, eps: float = 1e-5, rho: float = 0.1):
        super().__init__()
        self.eps = eps
        self.rho = rho
        self.g = nn.Parameter(torch.ones(features))
        self.b = nn.Parameter(torch.zeros(features))
        self.register_buffer("ema_mean", torch.zeros(features))
        self.register_buffer("ema_var", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            dims = tuple(range(x.ndim - 1))
            n = x.shape[0]
            mean = x.mean(dims)
            var = (x - mean).square().mean(dims)
            with torch.no_grad():
                self.ema_mean.lerp_(mean, self.rho)
                self.ema_var.lerp_(var * (n / (n - 1)), self.rho)
        else:
            mean, var = self.ema_mean, self.ema_var
        return (x - mean) * torch.rsqrt(var + self.eps) * self.g + self.b
