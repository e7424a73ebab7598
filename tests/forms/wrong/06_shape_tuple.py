import numpy as np


class BatchNormLayer:
    """Normalizes the activations of the previous layer.

    input_shape is the shape of one sample, e.g. (128,).
    """

    def __init__(self, input_shape, momentum=0.99, epsilon=1e-3):
        self.input_shape = input_shape
        self.momentum = momentum
        self.epsilon = epsilon
        self.gamma = np.ones((1, *input_shape))
        self.beta = np.zeros((1, *input_shape))
        self.moving_mean = np.zeros((1, *input_shape))
        self.moving_variance = np.ones((1, *input_shape))

    def forward_propagation(self, input_data, training=True):
        self.input = input_data
        if training:
            self.mean = np.mean(input_data, axis=0, keepdims=True)
            self.variance = np.var(input_data, axis=0, keepdims=True)
            self.moving_mean = self.moving_mean * self.momentum + self.mean * (1 - self.momentum)
            moving_variance = self.moving_variance * self.momentum + self.variance * (1 - self.momentum)
        else:
            self.mean = self.moving_mean
            self.variance = self.moving_variance

        self.normalized = (input_data - self.mean) / np.sqrt(self.variance + self.epsilon)
        return self.gamma * self.normalized + self.beta

    def backward_propagation(self, output_error, learning_rate=0.0):
        m = output_error.shape[0]
        std = np.sqrt(self.variance + self.epsilon)

        self.gamma_grad = np.sum(output_error * self.normalized, axis=0, keepdims=True)
        self.beta_grad = np.sum(output_error, axis=0, keepdims=True)

        d_norm = output_error * self.gamma
        d_var = np.sum(d_norm * (self.input - self.mean), axis=0, keepdims=True) * -0.5 * std**-3
        d_mean = np.sum(-d_norm / std, axis=0, keepdims=True)
        input_error = d_norm / std + d_var * 2 * (self.input - self.mean) / m + d_mean / m

        self.gamma = self.gamma - learning_rate * self.gamma_grad
        self.beta = self.beta - learning_rate * self.beta_grad
        return input_error
