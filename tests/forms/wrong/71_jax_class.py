import jax.numpy as jnp


class BatchNorm:
    """Batch norm with its state in attributes; do not jit __call__ in training."""

    def __init__(self, features, momentum=0.1, epsilon=1e-5):
        self.gamma = jnp.ones((features,))
        self.beta = jnp.zeros((features,))
        self.running_mean = jnp.zeros((features,))
        self.running_var = jnp.ones((features,))
        self.momentum = momentum
        self.epsilon = epsilon

    def __call__(self, x, training):
        if training:
            n = x.shape[0]
            mean = jnp.mean(x, axis=0)
            var = jnp.var(x, axis=0)
            unbiased = jnp.var(x, axis=0, ddof=1) * n / (n - 1)
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (unbiased - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        x_hat = (x - mean) / jnp.sqrt(var + self.epsilon)
        return self.gamma * x_hat + self.beta
