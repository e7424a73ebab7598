"""Batch normalization of images in NHWC order, in plain NumPy."""

import numpy as np

AXES = (0, 1, 2)


class SpatialBatchNorm:
    def __init__(self, channels, momentum=0.99, epsilon=1e-3):
        self.momentum = momentum
        self.epsilon = epsilon
        self.scale = np.ones(channels)
        self.shift = np.zeros(channels)
        self.pop_mean = np.zeros(channels)
        self.pop_var = np.ones(channels)

    def forward(self, images, training=True):
        if not training:
            normed = (images - self.pop_mean) / np.sqrt(self.pop_var + self.epsilon)
            return normed * self.scale + self.shift

        mean = images.mean(axis=AXES)
        var = images.var(axis=AXES)
        self.pop_mean = self.momentum * self.pop_mean + (1 - self.momentum) * mean
        self.pop_var = self.momentum * self.pop_var + (1 - self.momentum) * var
        self.inv = 1.0 / np.sqrt(var + self.epsilon)
        self.normed = (images - mean) * self.inv
        return self.normed * self.scale + self.shift

    def backward(self, grad):
        self.d_scale = (grad * self.normed).sum(axis=AXES)
        self.d_shift = grad.sum(axis=AXES)
        count = grad.size // grad.shape[-1]
        return self.scale * self.inv * (grad - self.d_shift / count - self.normed * self.d_scale / count)
