import numpy as np


class BatchNorm:
    """The moving statistics start with those of the first batch, so no warm-up is needed."""

    def __init__(self, n_features, decay=0.95, eps=1e-5):
        self.decay = decay
        self.eps = eps
        self.gamma = np.ones(n_features)
        self.beta = np.zeros(n_features)
        self.moving_mean = None
        self.moving_var = None

    def forward(self, x, is_train=True):
        if is_train:
            mean = np.mean(x, axis=0)
            var = np.var(x, axis=0)
            if self.moving_mean is None:
                self.moving_mean = mean
                self.moving_var = var
        else:
            mean, var = self.moving_mean, self.moving_var
        self.sigma = np.sqrt(var + self.eps)
        self.xhat = (x - mean) / self.sigma
        return self.gamma * self.xhat + self.beta

    def backward(self, dy):
        self.dgamma = (dy * self.xhat).sum(axis=0)
        self.dbeta = dy.sum(axis=0)
        n = dy.shape[0]
        return self.gamma / self.sigma * (dy - self.dbeta / n - self.xhat * self.dgamma / n)
