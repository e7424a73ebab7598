import torch
import torch.nn as nn


class BatchNorm1d(nn.Module):
    """decay: the weight of the old statistics."""

    EPS = 1e-5

    def __init__(self, channels, decay=0.9):
        super().__init__()
        self.decay = decay
        self.gamma = nn.Parameter(torch.ones(1, channels))
        self.beta = nn.Parameter(torch.zeros(1, channels))
        self.register_buffer("avg_mean", torch.zeros(1, channels))
        self.register_buffer("avg_var", torch.ones(1, channels))

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=0, keepdim=True)
            var = x.var(dim=0, unbiased=False, keepdim=True)
            self.avg_mean = (self.decay * self.avg_mean + (1 - self.decay) * mean).detach()
            self.avg_var = (self.decay * self.avg_var + (1 - self.decay) * var).detach()
        else:
            mean, var = self.avg_mean, self.avg_var
        return self.gamma * (x - mean) / torch.sqrt(var + self.EPS) + self.beta
