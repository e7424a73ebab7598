import numpy as np


class BN:
    def __init__(self, dim, eps=1e-8, momentum=0.9):
        self.gamma = np.ones((1, dim))
        self.beta = np.zeros((1, dim))
        self.mu_avg = np.zeros((1, dim))
        self.var_avg = np.ones((1, dim))
        self.eps, self.momentum = eps, momentum

    def forward(self, X, training=True):
        if training:
            mu = np.mean(X, axis=0, keepdims=True)
            var = np.var(X, axis=0, keepdims=True)
            self.mu_avg = self.momentum * self.mu_avg + (1.0 - self.momentum) * mu
            self.var_avg = self.momentum * self.var_avg + (1.0 - self.momentum) * var
        else:
            mu, var = self.mu_avg, self.var_avg
        X_norm = (X - mu) / np.sqrt(var + self.eps)
        self.cache = (X, X_norm, mu, var)
        return self.gamma * X_norm + self.beta

    def backward(self, dout):
        X, X_norm, mu, var = self.cache
        N = X.shape[0]

        X_mu = X - mu
        std_inv = 1.0 / np.sqrt(var + self.eps)

        dX_norm = dout * self.gamma
        dmu = np.sum(dX_norm * -std_inv, axis=0)

        dX = (dX_norm * std_inv) + (dmu / N)
        dgamma = np.sum(dout * X_norm, axis=0)
        dbeta = np.sum(dout, axis=0)
        return dX, dgamma, dbeta
