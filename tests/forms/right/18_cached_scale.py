import numpy as np


class BatchNorm1D:
    def __init__(self, n, eps=1e-5, momentum=0.1):
        self.weight = np.ones(n)
        self.bias = np.zeros(n)
        self.running_mean = np.zeros(n)
        self.running_var = np.ones(n)
        self.eps = eps
        self.momentum = momentum
        self.training = True
        self._scale = None

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def _inference_scale(self):
        self._scale = self.weight / np.sqrt(self.running_var + self.eps)
        return self._scale

    def forward(self, x):
        if not self.training:
            scale = self._inference_scale()
            return x * scale + (self.bias - self.running_mean * scale)
        mean, var = x.mean(axis=0), x.var(axis=0)
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(axis=0, ddof=1)
        self.rstd = 1 / np.sqrt(var + self.eps)
        self.xhat = (x - mean) * self.rstd
        return self.xhat * self.weight + self.bias

    def backward(self, dy):
        self.dweight = (dy * self.xhat).sum(axis=0)
        self.dbias = dy.sum(axis=0)
        n = dy.shape[0]
        return self.weight * self.rstd * (dy - self.dbias / n - self.xhat * self.dweight / n)
