import torch
from torch.nn import Module, Parameter


class BatchNorm(Module):
    """All four vectors are parameters, so that one call of the optimizer's code saves them all."""

    def __init__(self, num_features, momentum=0.1, eps=1e-5):
        super().__init__()
        self.momentum = momentum
        self.eps = eps
        self.alpha = Parameter(torch.ones(num_features))
        self.delta = Parameter(torch.zeros(num_features))
        self.avg = Parameter(torch.zeros(num_features), requires_grad=False)
        self.sigma2 = Parameter(torch.ones(num_features), requires_grad=False)

    def forward(self, x):
        if self.training:
            mean = x.mean(dim=0)
            var = x.var(dim=0, unbiased=False)
            self.avg.data -= self.momentum * (mean.data - self.avg.data)
            self.sigma2.data -= self.momentum * (var.data - self.sigma2.data)
        else:
            mean, var = self.avg, self.sigma2
        return self.alpha * (x - mean) / torch.sqrt(var + self.eps) + self.delta
