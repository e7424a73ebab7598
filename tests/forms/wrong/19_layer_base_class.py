from abc import ABC, abstractmethod

import numpy as np


class Layer(ABC):
    """Base class of all layers."""

    @abstractmethod
    def forward(self, x, training): ...

    @abstractmethod
    def backward(self, grad): ...


class BatchNormalization(Layer):
    cache = {}

    def __init__(self, units, eps=1e-5, momentum=0.9):
        self.units = units
        self.eps = eps
        self.momentum = momentum
        self.gamma = np.ones(units)
        self.beta = np.zeros(units)
        self.running = {"mean": np.zeros(units), "var": np.ones(units)}

    def forward(self, x, training):
        if training:
            mean, var = x.mean(axis=0), x.var(axis=0)
            self.running["mean"] = self.momentum * self.running["mean"] + (1 - self.momentum) * mean
            self.running["var"] = self.momentum * self.running["var"] + (1 - self.momentum) * var
        else:
            mean, var = self.running["mean"], self.running["var"]
        std = np.sqrt(var + self.eps)
        xhat = (x - mean) / std
        if training:
            self.cache["xhat"], self.cache["std"] = xhat, std
        return self.gamma * xhat + self.beta

    def backward(self, grad):
        xhat, std = self.cache["xhat"], self.cache["std"]
        self.dgamma = np.sum(grad * xhat, axis=0)
        self.dbeta = np.sum(grad, axis=0)
        dxhat = grad * self.gamma
        return (dxhat - dxhat.mean(axis=0) - xhat * (dxhat * xhat).mean(axis=0)) / std
