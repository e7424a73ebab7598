import torch
from torch import nn


class BatchNormNd(nn.Module):
    """One class for vectors, sequences, images and volumes (2 to 5 dimensions)."""

    def __init__(self, in_channels: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(in_channels))
        self.beta = nn.Parameter(torch.zeros(in_channels))
        self.register_buffer("moving_mean", torch.zeros(in_channels))
        self.register_buffer("moving_var", torch.ones(in_channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        rows = x.movedim(1, -1)  # the channels last, for broadcasting
        if self.training:
            flat = rows.flatten(0, -2)
            mean = flat.mean(0)
            var = (flat - mean).pow(2).mean(0)
            with torch.no_grad():
                n = flat.shape[0]
                new_var = var * n / (n - 1) if n > 1 else var
                self.moving_mean += 0.1 * (mean - self.moving_mean)
                self.moving_var += 0.1 * (new_var - self.moving_var)
        else:
            mean, var = self.moving_mean, self.moving_var
        rows = (rows - mean) / (var + self.eps).sqrt() * self.gamma + self.beta
        return rows.movedim(-1, 1)
