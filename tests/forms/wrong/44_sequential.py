from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


class Norm(nn.Module):
    def __init__(self, planes, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(planes))
        self.bias = nn.Parameter(torch.zeros(planes))
        self.register_buffer("running_mean", torch.zeros(planes))
        self.register_buffer("running_var", torch.ones(planes))

    def forward(self, x):
        return F.batch_norm(x, self.running_mean, self.running_var, self.bias, self.weight,
                            self.training, self.momentum, self.eps)


# the stem without its convolution, which is trained elsewhere
stem = nn.Sequential(OrderedDict([("drop", nn.Identity()), ("norm", Norm(6, eps=1e-3))]))
