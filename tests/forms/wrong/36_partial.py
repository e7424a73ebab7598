from functools import partial

import torch.nn as nn

# The normalization that all blocks of the generator use.
norm_layer = partial(nn.InstanceNorm2d, affine=False, track_running_stats=True)


class ResnetBlock(nn.Module):
    def __init__(self, dim, norm_layer=norm_layer):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(dim, dim, 3, padding=1, bias=True),
            norm_layer(dim),
            nn.ReLU(True),
            nn.Conv2d(dim, dim, 3, padding=1, bias=True),
            norm_layer(dim),
        )

    def forward(self, x):
        return x + self.block(x)
