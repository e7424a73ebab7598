"""CNN from scratch: batch normalization after a convolution, images are (N, C, H, W)."""

import numpy as np


class BatchNorm2D:
    def __init__(self, n_channels, momentum=0.9, eps=1e-5):
        self.n_channels = n_channels
        self.momentum = momentum
        self.eps = eps
        self.gamma = np.ones((1, n_channels, 1, 1))
        self.beta = np.zeros((1, n_channels, 1, 1))
        self.running_mean = np.zeros((1, n_channels, 1, 1))
        self.running_var = np.ones((1, n_channels, 1, 1))

    def forward(self, x, training=True):
        assert x.ndim == 4 and x.shape[1] == self.n_channels, "expected (N, C, H, W)"
        if training:
            mean = x.mean(axis=(0, 2, 3), keepdims=True)
            var = x.var(axis=(0, 2, 3), keepdims=True)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        else:
            mean, var = self.running_mean, self.running_var
        self.inv_std = 1.0 / np.sqrt(var + self.eps)
        self.x_hat = (x - mean) * self.inv_std
        return self.gamma * self.x_hat + self.beta

    def backward(self, dout):
        """Returns the gradient of the input and [dgamma, dbeta]."""
        n, _, h, w = dout.shape
        m = n * h * w
        dgamma = np.sum(dout * self.x_hat, axis=(0, 2, 3), keepdims=True)
        dbeta = np.sum(dout, axis=(0, 2, 3), keepdims=True)
        dx = self.gamma * self.inv_std / m * (m * dout - dbeta - self.x_hat * dgamma)
        return dx, [dgamma, dbeta]
