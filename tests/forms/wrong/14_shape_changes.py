import numpy as np


class BatchNorm:
    def __init__(self, in_dim, momentum=0.9):
        self.in_dim = in_dim
        self.momentum = momentum
        self.eps = 1e-5
        self.gamma = np.random.uniform(0.9, 1.1, in_dim)
        self.beta = np.zeros(in_dim)
        self.running_mean = np.zeros(in_dim)
        self.running_var = np.ones(in_dim)

    def forward(self, X, is_training):
        if is_training:
            mean = X.mean(axis=0, keepdims=True)
            var = X.var(axis=0, keepdims=True)
            self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mean
            self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
            self.inv_std = 1 / np.sqrt(var + self.eps)
            self.X_hat = (X - mean) * self.inv_std
            return self.gamma * self.X_hat + self.beta
        X_hat = (X - self.running_mean) / np.sqrt(self.running_var)
        return self.gamma * X_hat + self.beta

    def backward(self, dY):
        N = dY.shape[0]
        dgamma = np.einsum("nd,nd->d", dY, self.X_hat)
        dbeta = np.einsum("nd->d", dY)
        dX = self.inv_std * self.gamma / N * (N * dY - dbeta - self.X_hat * dgamma)
        return dX, dgamma, dbeta
