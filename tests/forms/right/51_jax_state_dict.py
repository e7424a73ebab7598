import jax
import jax.numpy as jnp


def init_batch_norm(num_features):
    params = {"scale": jnp.ones(num_features), "offset": jnp.zeros(num_features)}
    state = {"mean": jnp.zeros(num_features), "var": jnp.ones(num_features)}
    return params, state


def batch_norm(params, state, x, is_training, momentum=0.9, eps=1e-5):
    """Returns the output and the new state."""
    if is_training:
        axes = tuple(range(x.ndim - 1))
        mean = jnp.mean(x, axis=axes)
        var = jnp.var(x, axis=axes)
        state = {
            "mean": momentum * state["mean"] + (1 - momentum) * mean,
            "var": momentum * state["var"] + (1 - momentum) * var,
        }
    else:
        mean, var = state["mean"], state["var"]
    y = (x - mean) * jax.lax.rsqrt(var + eps)
    return y * params["scale"] + params["offset"], state
