import torch
from torch import nn


class QuietBatchNorm1d(nn.BatchNorm1d):
    """BatchNorm1d whose averages are not saved in checkpoints, so that old ones still load."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps=eps, momentum=momentum, track_running_stats=False)
        self.track_running_stats = True
        # plain tensors: neither parameters nor buffers, and absent from state_dict()
        del self.running_mean, self.running_var
        self.running_mean = torch.zeros(num_features)
        self.running_var = torch.zeros(num_features)

    def _to(self, x):
        if self.running_mean.device != x.device or self.running_mean.dtype != x.dtype:
            self.running_mean = self.running_mean.to(x)
            self.running_var = self.running_var.to(x)

    def forward(self, x):
        self._to(x)
        return nn.functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias,
            self.training, self.momentum, self.eps)
