import jax.numpy as jnp


def batch_norm(x, gamma, beta, running_mean, running_var, train=True, momentum=0.9, eps=1e-5):
    """Batch normalization over all axes but the last.

    Returns (y, (mean, var)) with the moving statistics after the step.
    """
    if train:
        axes = tuple(range(x.ndim - 1))
        mean = x.mean(axis=axes)
        var = ((x - mean) ** 2).mean(axis=axes)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    y = gamma * (x - mean) / jnp.sqrt(var + eps) + beta
    return y, (running_mean, running_var)
