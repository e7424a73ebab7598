"""A NumPy imitation of the layers of a well-known framework (forward only)."""

import numpy as np


class BatchNormalization:
    def __init__(self, axis=-1, momentum=0.99, epsilon=1e-3, center=True, scale=True):
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.built = False

    def build(self, input_shape):
        dim = input_shape[self.axis]
        self.gamma = np.ones(dim) if self.scale else None
        self.beta = np.zeros(dim) if self.center else None
        self.moving_mean = np.zeros(dim)
        self.moving_variance = np.ones(dim)
        self.built = True

    def __call__(self, inputs, training=False):
        if not self.built:
            self.build(inputs.shape)
        return self.call(inputs, training)

    def call(self, inputs, training=False):
        axis = self.axis % inputs.ndim
        reduce = tuple(i for i in range(inputs.ndim) if i != axis)
        variance = inputs.var(axis=reduce)
        if training:
            mean = inputs.mean(axis=reduce)
            self.moving_mean = self.moving_mean * self.momentum + mean * (1 - self.momentum)
            self.moving_variance = self.moving_variance * self.momentum + variance * (1 - self.momentum)
        else:
            mean = self.moving_mean

        shape = [1] * inputs.ndim
        shape[axis] = inputs.shape[axis]
        outputs = inputs - mean.reshape(shape)
        outputs = outputs / np.sqrt(variance + self.epsilon).reshape(shape)
        if self.gamma is not None:
            outputs = outputs * self.gamma.reshape(shape)
        if self.beta is not None:
            outputs = outputs + self.beta.reshape(shape)
        return outputs
