"""Layers as (init, apply) pairs."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp


class BatchNormState(NamedTuple):
    mean: jax.Array
    var: jax.Array


def batchnorm_init(channels: int) -> tuple[dict, BatchNormState]:
    params = {"gamma": jnp.ones((channels,)), "beta": jnp.zeros((channels,))}
    return params, BatchNormState(jnp.zeros((channels,)), jnp.ones((channels,)))


@partial(jax.jit, static_argnames="train")
def batchnorm_apply(
    params: dict,
    state: BatchNormState,
    x: jax.Array,
    *,
    train: bool,
    decay: float = 0.99,
    eps: float = 1e-3,
) -> tuple[jax.Array, BatchNormState]:
    if train:
        mean, var = x.mean(axis=0), x.var(axis=0)
        new_state = BatchNormState(
            mean=decay * state.mean + (1 - decay) * mean,
            var=decay * state.var + (1 - decay) * var,
        )
    else:
        new_state = state
    mean, var = new_state
    inv = jax.lax.rsqrt(var + eps) * params["gamma"]
    return (x - mean) * inv + params["beta"], new_state
