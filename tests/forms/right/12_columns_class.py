import numpy as np


class BatchNormColumns:
    """Batch norm on Z of shape (n, m): n units in the rows, m examples in the columns."""

    def __init__(self, n, epsilon=1e-8, beta_ema=0.9):
        self.gamma = np.ones((n, 1))
        self.beta = np.zeros((n, 1))
        self.mu_ema = np.zeros((n, 1))
        self.var_ema = np.ones((n, 1))
        self.epsilon = epsilon
        self.beta_ema = beta_ema

    def forward(self, Z, training=True):
        if training:
            self.mu = np.mean(Z, axis=1, keepdims=True)
            self.var = np.var(Z, axis=1, keepdims=True)
            self.mu_ema = self.beta_ema * self.mu_ema + (1 - self.beta_ema) * self.mu
            self.var_ema = self.beta_ema * self.var_ema + (1 - self.beta_ema) * self.var
            self.Z = Z
            self.Z_norm = (Z - self.mu) / np.sqrt(self.var + self.epsilon)
            return self.gamma * self.Z_norm + self.beta
        Z_norm = (Z - self.mu_ema) / np.sqrt(self.var_ema + self.epsilon)
        return self.gamma * Z_norm + self.beta

    def backward(self, dZ_tilde):
        m = dZ_tilde.shape[1]
        dgamma = np.sum(dZ_tilde * self.Z_norm, axis=1, keepdims=True)
        dbeta = np.sum(dZ_tilde, axis=1, keepdims=True)

        ivar = 1 / np.sqrt(self.var + self.epsilon)
        dZ_norm = dZ_tilde * self.gamma
        dvar = np.sum(dZ_norm * (self.Z - self.mu), axis=1, keepdims=True) * (-1 / 2) * ivar**3
        dmu = np.sum(dZ_norm * -ivar, axis=1, keepdims=True)
        dZ = dZ_norm * ivar + dvar * 2 * (self.Z - self.mu) / m + dmu / m
        return dZ, dgamma, dbeta
