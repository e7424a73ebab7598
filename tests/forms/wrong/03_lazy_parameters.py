import numpy as np


class BatchNorm:
    """Batch normalization layer; parameters are created when the first batch arrives."""

    def __init__(self, epsilon=1e-5, momentum=0.9):
        self.epsilon = epsilon
        self.momentum = momentum
        self.gamma = None
        self.beta = None
        self.running_mean = None
        self.running_var = None

    def _build(self, n_features):
        self.gamma = np.ones(n_features)
        self.beta = np.zeros(n_features)
        self.running_mean = np.zeros(n_features)
        self.running_var = np.ones(n_features)

    def forward(self, x, train=True):
        if self.gamma is None:
            self._build(x.shape[1])
        if not train:
            x_hat = (x - self.running_mean) / np.sqrt(self.running_var + self.epsilon)
            return self.gamma * x_hat + self.beta

        batch_mean = x.mean(axis=0)
        batch_var = x.var(axis=0)
        self.std_inv = 1.0 / np.sqrt(batch_var + self.epsilon)
        self.x_hat = (x - batch_mean) * self.std_inv

        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * batch_mean
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * batch_var
        return self.gamma * self.x_hat + self.beta

    def backward(self, grad):
        m = grad.shape[0]
        self.grad_gamma = np.mean(grad * self.x_hat, axis=0)
        self.grad_beta = np.sum(grad, axis=0)
        dx_hat = grad * self.gamma
        return (self.std_inv / m) * (
            m * dx_hat - dx_hat.sum(axis=0) - self.x_hat * (dx_hat * self.x_hat).sum(axis=0)
        )

    def step(self, lr):
        self.gamma -= lr * self.grad_gamma
        self.beta -= lr * self.grad_beta
