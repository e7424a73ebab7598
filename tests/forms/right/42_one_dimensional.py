import torch
from torch import nn


class BatchNorm1dScratch(nn.Module):
    """Accepts (N, C) and (N, C, L), as nn.BatchNorm1d does."""

    def __init__(self, num_channels, epsilon=1e-5, momentum=0.1):
        super().__init__()
        self.epsilon = epsilon
        self.momentum = momentum
        self.gamma = nn.Parameter(torch.ones(num_channels))
        self.beta = nn.Parameter(torch.zeros(num_channels))
        self.register_buffer("running_mean", torch.zeros(num_channels))
        self.register_buffer("running_var", torch.ones(num_channels))

    def _statistics(self, x):
        if x.dim() == 2:
            return x.mean(0), x.var(0, unbiased=False)
        return x.mean((0, 2)), x.var((0, 2), unbiased=False)

    def forward(self, x):
        if x.dim() not in (2, 3):
            raise ValueError("expected 2D or 3D input")
        if self.training:
            mean, var = self._statistics(x)
            self.running_mean = torch.lerp(self.running_mean, mean.detach(), self.momentum)
            self.running_var = torch.lerp(self.running_var, var.detach(), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        if x.dim() == 3:
            out = (x - mean[:, None]) / torch.sqrt(var[:, None] + self.epsilon)
            return self.gamma[:, None] * out + self.beta[:, None]
        out = (x - mean) / torch.sqrt(var + self.epsilon)
        return self.gamma * out + self.beta
