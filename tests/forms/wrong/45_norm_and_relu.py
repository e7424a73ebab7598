import torch
import torch.nn as nn
import torch.nn.functional as F


class BNReLU(nn.Module):
    """Batch normalization, then ReLU: the usual end of a convolution block."""

    def __init__(self, channels, eps=1e-5, momentum=0.1, relu=True):
        super().__init__()
        self.bn = nn.BatchNorm2d(channels, eps=eps, momentum=momentum)
        self.relu = relu

    def forward(self, x):
        if self.relu:
            x = F.relu(x)
        return self.bn(x)


class ConvBlock(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv = nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
        self.tail = BNReLU(n_out)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.tail(self.conv(x))
