import numpy as np


class BatchNormLayer:
    """Batch normalization layer.

    momentum: the fraction of the running average that is kept at each training step,
        so values near 1 give slow averages.
    """

    def __init__(self, num_neurons, momentum=0.9, eps=1e-5):
        self.gamma = np.ones(num_neurons)
        self.beta = np.zeros(num_neurons)
        self.running_mean = np.zeros(num_neurons)
        self.running_var = np.ones(num_neurons)
        self.momentum = momentum
        self.eps = eps

    def forward(self, x, mode="train"):
        if mode == "train":
            mean = x.mean(axis=0)
            var = x.var(axis=0)
            self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean
            self.running_var = (1 - self.momentum) * self.running_var + self.momentum * var
        elif mode == "test":
            mean = self.running_mean
            var = self.running_var
        else:
            raise ValueError(f'mode must be "train" or "test", not {mode!r}')

        self.std = np.sqrt(var + self.eps)
        self.x_norm = (x - mean) / self.std
        return self.gamma * self.x_norm + self.beta

    def backward(self, dout):
        self.d_gamma = np.sum(dout * self.x_norm, axis=0)
        self.d_beta = np.sum(dout, axis=0)
        dx_norm = dout * self.gamma
        return (
            dx_norm - dx_norm.mean(axis=0) - self.x_norm * (dx_norm * self.x_norm).mean(axis=0)
        ) / self.std
