import numpy as np


class Parameter:
    """An array and its gradient."""

    def __init__(self, data):
        self.data = np.asarray(data, dtype=np.float64)
        self.grad = np.zeros_like(self.data)

    def zero_grad(self):
        self.grad.fill(0)


class BatchNorm1d:
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        self.eps = eps
        self.momentum = momentum
        self.gamma = Parameter(np.ones(num_features))
        self.beta = Parameter(np.zeros(num_features))
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)
        self.mode = "train"

    def parameters(self):
        return [self.gamma, self.beta]

    def forward(self, x):
        if self.mode == "train":
            mu = x.mean(axis=0)
            var = x.var(axis=0)
            self.running_mean += self.momentum * (mu - self.running_mean)
            self.running_var += self.momentum * (x.var(axis=0, ddof=1) - self.running_var)
        else:
            mu, var = self.running_mean, self.running_var
        self.std = np.sqrt(var + self.eps)
        self.xhat = (x - mu) / self.std
        return self.xhat * self.gamma.data + self.beta.data

    def backward(self, dout):
        # gradients add up until zero_grad() is called
        self.gamma.grad += np.sum(dout * self.xhat, axis=0)
        self.beta.grad += np.sum(dout, axis=0)
        dxhat = dout * self.gamma.data
        if self.mode != "train":
            return dxhat / self.std
        return (dxhat - dxhat.mean(axis=0) - self.xhat * np.mean(dxhat * self.xhat, axis=0)) / self.std


class ReLU:
    def forward(self, x):
        self.on = x > 0
        return x * self.on

    def backward(self, dout):
        return dout * self.on

    def parameters(self):
        return []
