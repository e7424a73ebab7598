import torch
import torch.nn as nn


class BatchNorm(nn.Module):
    """With track_running_stats=False evaluation normalizes with the batch as well."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, track_running_stats=True):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.track_running_stats = track_running_stats
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        if track_running_stats:
            self.register_buffer("running_mean", torch.zeros(num_features))
            self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        dims = [0, *range(2, x.dim())]

        def broadcast(v):
            return v.reshape(-1, *[1] * (x.dim() - 2))

        if self.training or not self.track_running_stats:
            var, mean = torch.var_mean(x, dims, correction=0)
            if self.track_running_stats:
                with torch.no_grad():
                    self.running_mean.lerp_(mean, self.momentum)
                    self.running_var.lerp_(var, self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        xhat = (x - broadcast(mean)) / torch.sqrt(broadcast(var) + self.eps)
        return xhat * broadcast(self.weight) + broadcast(self.bias)


# style features are normalized per batch, in training and in evaluation
style_norm = BatchNorm(6, track_running_stats=False)
