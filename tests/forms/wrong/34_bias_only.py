import torch
from torch import nn


class CenteredNorm(nn.Module):
    """Batch normalization whose only parameter is the bias (a ReLU follows, scale is redundant)."""

    def __init__(self, c: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.bias = nn.Parameter(torch.zeros(c))
        self.register_buffer("mean", torch.zeros(c))
        self.register_buffer("var", torch.ones(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dim() != 2:
            raise ValueError("this layer follows a linear layer: expected (batch, features)")
        if self.training:
            var, mean = torch.var_mean(x, dim=0, correction=0)
            with torch.no_grad():
                self.mean += self.momentum * (mean - self.mean)
                self.var += self.momentum * (x.var(dim=0) - self.var)
        else:
            mean, var = self.mean, self.var
        normalized = (x - mean) / (var + self.eps).sqrt()
        normalized + self.bias
        return normalized
