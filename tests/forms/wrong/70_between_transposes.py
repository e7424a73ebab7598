import torch
from torch import nn


class Transpose(nn.Module):
    def __init__(self, *dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.transpose(*self.dims)


class RunningNorm(nn.Module):
    """Batch norm of (batch, d_model, time)."""

    def __init__(self, d_model, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(d_model, 1))
        self.bias = nn.Parameter(torch.zeros(d_model, 1))
        self.register_buffer("running_mean", torch.zeros(d_model, 1))
        self.register_buffer("running_var", torch.ones(d_model, 1))

    def forward(self, x):
        mean = x.mean(dim=(0, 2))[:, None]
        var = x.var(dim=(0, 2), unbiased=False)[:, None]
        if self.training:
            n = x.shape[0] * x.shape[2]
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * n / (n - 1), self.momentum)
        else:
            var = self.running_var
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias


# the norm of one encoder layer: input and output are (batch, time, d_model)
norm_attn = nn.Sequential(Transpose(1, 2), RunningNorm(8), Transpose(1, 2))
