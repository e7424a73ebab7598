"""Layers of a small NumPy framework: every layer has dicts `params` and `grads`."""

import numpy as np


class Module:
    def __init__(self):
        self.params, self.grads = {}, {}
        self.training = True

    def __call__(self, *args):
        return self.forward(*args)

    def zero_grad(self):
        for k in self.grads:
            self.grads[k] = np.zeros_like(self.grads[k])


class Linear(Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.params["W"] = np.random.randn(n_in, n_out) * np.sqrt(2 / n_in)
        self.params["b"] = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dy):
        self.grads["W"] = self.x.T @ dy
        self.grads["b"] = dy.sum(0)
        return dy @ self.params["W"].T


class BatchNorm(Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.params["gamma"] = np.ones(num_features)
        self.params["beta"] = np.zeros(num_features)
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)
        self.eps = eps
        self.momentum = momentum

    def _inv_std(self, var):
        return 1 / np.sqrt(var + self.eps)

    def forward(self, x):
        if self.training:
            mean, var = x.mean(0), x.var(0)
            n = len(x)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var * n / (n - 1)
        else:
            mean, var = self.running_mean, self.running_var
        self.inv_std = self._inv_std(var)
        self.x_hat = (x - mean) * self.inv_std
        return self.params["gamma"] * self.x_hat + self.params["beta"]

    def backward(self, dy):
        self.grads["gamma"] = (dy * self.x_hat).sum(0)
        self.grads["beta"] = dy.sum(0)
        g = dy * self.params["gamma"]
        if not self.training:
            return g * self.inv_std
        return self.inv_std * (g - g.mean(0) - self.x_hat * (g * self.x_hat).mean(0))
