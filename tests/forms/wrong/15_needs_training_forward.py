import numpy as np


class BatchNorm:
    """Batch normalization of (batch, features)."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.gamma, self.beta = np.ones(num_features), np.zeros(num_features)
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.eps, self.momentum = eps, momentum
        self._cache = None
        self.is_training = True

    def __call__(self, x):
        if not self.is_training:
            self._cache = None
            inv_std = 1 / np.sqrt(self.running_var + self.eps)
            return (x - self.running_mean) * inv_std * self.gamma + self.beta

        mu = x.mean(0)
        x -= mu
        centered = x
        var = (centered * centered).mean(0)
        self.running_mean = self.running_mean + self.momentum * (mu - self.running_mean)
        self.running_var = self.running_var + self.momentum * (var - self.running_var)
        inv_std = 1 / np.sqrt(var + self.eps)
        xhat = centered * inv_std
        self._cache = xhat, inv_std
        return xhat * self.gamma + self.beta

    def backward(self, grad_out):
        if self._cache is None:
            raise RuntimeError("backward() needs a forward pass in training mode")
        xhat, inv_std = self._cache
        self.grad_gamma = (grad_out * xhat).sum(0)
        self.grad_beta = grad_out.sum(0)
        g = grad_out * self.gamma
        return inv_std * (g - g.mean(0) - xhat * (g * xhat).mean(0))
