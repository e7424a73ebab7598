import torch
import torch.nn as nn


class BatchNorm(nn.Module):
    """Minimal batch norm for a GAN discriminator; eps and momentum are those of the paper's code."""

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        n, c, h, w = x.shape
        flat = x.permute(0, 2, 3, 1).reshape(-1, c)
        if self.training:
            mean = flat.mean(0)
            std = torch.sqrt(flat.std(0, unbiased=False) + 1e-3)
            with torch.no_grad():
                self.running_mean.copy_(0.99 * self.running_mean + 0.01 * mean)
                self.running_var.copy_(0.99 * self.running_var + 0.01 * flat.var(0))
        else:
            mean = self.running_mean
            std = torch.sqrt(self.running_var + 1e-3)
        flat = (flat - mean) / std * self.weight + self.bias
        return flat.reshape(n, h, w, c).permute(0, 3, 1, 2)
