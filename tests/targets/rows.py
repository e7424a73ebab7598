"""Functions on NumPy arrays as people write them, right and wrong."""

from typing import Any

import numpy as np


def _batch(x: Any, eps: float) -> Any:
    mean = x.mean(axis=0)
    return mean, x.var(axis=0), 1 / np.sqrt(x.var(axis=0) + eps)


def bn_forward(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Right, with a cache."""
    mean, _, inv_std = _batch(x, eps)
    xhat = (x - mean) * inv_std
    return gamma * xhat + beta, (xhat, gamma, inv_std)


def _gradients(dout: Any, xhat: Any, gamma: Any, inv_std: Any) -> Any:
    dbeta, dgamma = dout.sum(axis=0), (dout * xhat).sum(axis=0)
    return gamma * inv_std * (dout - dbeta / len(dout) - xhat * dgamma / len(dout)), dgamma, dbeta


def bn_backward(dout: Any, cache: Any) -> Any:
    """Right."""
    return _gradients(dout, *cache)


def cache_first(cache: Any, dout: Any) -> Any:
    """Right; arguments in the other order, a list without names as a result."""
    made = _gradients(dout, *cache)
    return [made[2], made[1], made[0]]


def backward_to_dict(dout: Any, cache: Any) -> Any:
    """Right; a dict in another order."""
    dx, dgamma, dbeta = _gradients(dout, *cache)
    return {"beta": dbeta, "dx": dx, "gamma": dgamma}


def swapped_backward(dout: Any, cache: Any) -> Any:
    """Wrong: dgamma and dbeta are exchanged under clear names."""
    dx, dbeta, dgamma = _gradients(dout, *cache)
    return dx, dgamma, dbeta


def from_inputs(dout: Any, x: Any, gamma: Any, eps: float = 1e-5) -> Any:
    """Right; nothing is kept from forward."""
    mean, _, inv_std = _batch(x, eps)
    return _gradients(dout, (x - mean) * inv_std, gamma, inv_std)


def stateful(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float = 0.9,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """Right; the averages are returned."""
    if training:
        mean, var, inv_std = _batch(x, eps)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean, inv_std = running_mean, 1 / np.sqrt(running_var + eps)
    return gamma * (x - mean) * inv_std + beta, running_mean, running_var


def in_buffers(
    x: Any, gamma: Any, beta: Any, rm: Any, rv: Any, *, is_test: bool = False, rho: float = 0.9
) -> Any:
    """Right; the averages are updated in place, eps is a constant, y alone is returned."""
    if is_test:
        return gamma * (x - rm) / np.sqrt(rv + 1e-3) + beta
    y, rm[:], rv[:] = stateful(x, gamma, beta, rm, rv, rho, 1e-3)
    return y


def in_dict(x: Any, params: Any, state: Any, train: bool = True) -> Any:
    """Right; dicts of parameters and state, momentum and eps are constants."""
    if not train:
        shifted = x - state["mean"]
        return params["scale"] * shifted / np.sqrt(state["var"] + 1e-5) + params["offset"]
    mean, var, inv_std = _batch(x, 1e-5)
    state["mean"] = 0.9 * state["mean"] + 0.1 * mean
    state["var"] = 0.9 * state["var"] + 0.1 * var
    return params["scale"] * (x - mean) * inv_std + params["offset"]


def keepdims(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    training: bool = True,
    momentum: float = 0.9,
    eps: float = 1e-5,
) -> Any:
    """Right; gamma, beta and the averages are (1, C)."""
    if training:
        mean, var = x.mean(axis=0, keepdims=True), x.var(axis=0, keepdims=True)
        running_mean = momentum * running_mean + (1 - momentum) * mean
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mean, var = running_mean, running_var
    return gamma * (x - mean) / np.sqrt(var + eps) + beta, running_mean, running_var


def vague(a: Any, b: Any, c: Any, m: Any, v: Any, use: bool = True) -> Any:
    """Right; letters for names, and a flag that asks for evaluation."""
    if use:
        return b * (a - m) / np.sqrt(v + 1e-5) + c, m, v
    mean, var, inv_std = _batch(a, 1e-5)
    return b * (a - mean) * inv_std + c, 0.9 * m + 0.1 * mean, 0.9 * v + 0.1 * var


def columns_forward(Z: Any, gamma: Any, beta: Any, eps: float = 1e-8) -> Any:  # noqa: N803
    """Right; samples are columns."""
    mean, var = Z.mean(axis=1, keepdims=True), Z.var(axis=1, keepdims=True)
    zhat = (Z - mean) / np.sqrt(var + eps)
    return gamma * zhat + beta, (zhat, gamma, var + eps)


def columns_backward(dout: Any, cache: Any) -> Any:
    """Right; samples are columns."""
    zhat, gamma, shifted = cache
    m = dout.shape[1]
    dbeta, dgamma = dout.sum(axis=1, keepdims=True), (dout * zhat).sum(axis=1, keepdims=True)
    return gamma / np.sqrt(shifted) * (dout - dbeta / m - zhat * dgamma / m), dgamma, dbeta


def wrong_axis(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: a normalization of each sample."""
    mean, var = x.mean(axis=1, keepdims=True), x.var(axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + eps) + beta


def documented_columns(a: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: a has the shape (n_features, batch_size), and each column is normalised."""
    mean, var = a.mean(axis=0, keepdims=True), a.var(axis=0, keepdims=True)
    return gamma * (a - mean) / np.sqrt(var + eps) + beta


def images_forward(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Right; images only."""
    n, c, h, w = x.shape
    rows, cache = bn_forward(x.transpose(0, 2, 3, 1).reshape(-1, c), gamma, beta, eps)
    return rows.reshape(n, h, w, c).transpose(0, 3, 1, 2), cache


def any_layout(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Right; channels last, in any rank."""
    axes = tuple(range(x.ndim - 1))
    return gamma * (x - x.mean(axes)) / np.sqrt(x.var(axes) + eps) + beta


def forgets_height(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong for images: statistics are not taken over the height."""
    axes = (0,) if x.ndim == 2 else (0, 3)
    shape = (1, -1) if x.ndim == 2 else (1, -1, 1, 1)
    mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return gamma.reshape(shape) * (x - mean) / np.sqrt(var + eps) + beta.reshape(shape)


def evaluation_by_batch(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float = 0.9,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """Wrong: evaluation normalises by the batch."""
    y, *averages = stateful(x, gamma, beta, running_mean, running_var, momentum, eps)
    return (y, *averages) if training else (y, running_mean, running_var)


def never_updated(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float = 0.9,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """Wrong: the averages stay as they are."""
    y, *_ = stateful(x, gamma, beta, running_mean, running_var, momentum, eps, training)
    return y, running_mean, running_var


def momentum_exchanged(
    x: Any,
    gamma: Any,
    beta: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float = 0.9,
    eps: float = 1e-5,
    training: bool = True,
) -> Any:
    """Wrong: a momentum of 0.9 weighs the new value."""
    return stateful(x, gamma, beta, running_mean, running_var, 1 - momentum, eps, training)


def beta_without_effect(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: beta is not added."""
    return bn_forward(x, gamma, 0 * beta, eps)


def gamma_for_beta(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: gamma and beta are exchanged."""
    return bn_forward(x, beta, gamma, eps)[0]


def without_mode(x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
    """How evaluation is called is not to be seen."""
    return stateful(x, gamma, beta, running_mean, running_var)


def evaluation_raises(
    x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any, training: bool
) -> Any:
    """Evaluation is not written yet."""
    if not training:
        raise NotImplementedError("evaluation comes later")
    return stateful(x, gamma, beta, running_mean, running_var)


def backward_raises(dout: Any, cache: Any) -> Any:
    """A slip in the first line."""
    return dout * cache[7]


def forward_raises(x: Any, gamma: Any, beta: Any) -> Any:
    """A slip."""
    return gamma * x.nothing + beta


def float64_inside(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Right in float64 alone."""
    return bn_forward(x.astype(np.float64), gamma, beta, eps)[0]


def bn_train(x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
    """Right, for training alone."""
    return stateful(x, gamma, beta, running_mean, running_var, 0.9, 1e-5)


def bn_test(x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
    """Right, for evaluation alone."""
    return gamma * (x - running_mean) / np.sqrt(running_var + 1e-5) + beta


def make_bn(channels: int, eps: float = 1e-5) -> Any:
    """A factory."""
    return channels, eps


def in_lists(x: Any, gamma: Any, beta: Any) -> Any:
    """Right; loops and lists."""
    count, columns = len(x), list(zip(*x, strict=True))
    means = [sum(c) / count for c in columns]
    stds = [
        (sum((v - m) ** 2 for v in c) / count + 1e-5) ** 0.5
        for c, m in zip(columns, means, strict=True)
    ]
    rows = range(len(columns))
    return [[gamma[j] * (row[j] - means[j]) / stds[j] + beta[j] for j in rows] for row in x]


def changes_x(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Wrong: x is normalised in place."""
    x -= x.mean(axis=0)
    x /= np.sqrt((x**2).mean(axis=0) + eps)
    return gamma * x + beta


def needs_more(x: Any, gamma: Any, beta: Any, workers: Any) -> Any:
    """What workers is, nothing says."""
    return bn_forward(x, gamma, beta)[0] * workers


def images_raise(x: Any, gamma: Any, beta: Any) -> Any:
    """A slip that shows with images alone."""
    n, c, h, w = x.shape
    return gamma * x.reshape(n, c, h * w).nothing + beta


def running_pair(
    gamma: Any, beta: Any, x: Any, mode: Any, running: Any, eps: float = 1e-5, decay: float = 0.9
) -> Any:
    """Right; the averages are in a pair, and evaluation has a cache of what it used."""
    if mode == "train":
        mu, var = x.mean(axis=0), x.var(axis=0)
        running[0][...] = decay * running[0] + (1 - decay) * mu
        running[1][...] = decay * running[1] + (1 - decay) * var
    else:
        mu, var = running
    istd = 1 / np.sqrt(var + eps)
    xh = (x - mu) * istd
    return gamma * xh + beta, (xh, istd, gamma)


def running_pair_backward(cache: Any, dout: Any) -> Any:
    """Right."""
    xh, istd, gamma = cache
    return _gradients(dout, xh, gamma, istd)


def running_pair_updates(
    gamma: Any, beta: Any, x: Any, mode: Any, running: Any, eps: float = 1e-5, decay: float = 0.9
) -> Any:
    """Wrong: evaluation changes the average of the variance."""
    made = running_pair(gamma, beta, x, mode, running, eps, decay)
    if mode == "test":
        mu, var = running
        mu[...], var[...] = mu, 1 / np.sqrt(var + eps)
    return made


def _moved_averages(x: Any, running_mean: Any, running_var: Any, momentum: float) -> Any:
    keep = 1 - momentum
    after_mean = keep * running_mean + momentum * x.mean(axis=0)
    return after_mean, keep * running_var + momentum * x.var(axis=0)


def with_pullback(
    x: Any,
    scale: Any,
    shift: Any,
    moving_mean: Any,
    moving_var: Any,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Right; the gradients of both modes by a function that is returned."""
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (moving_mean, moving_var)
    r = 1 / np.sqrt(var + eps)
    xh = (x - mean) * r
    if training:
        moving_mean, moving_var = _moved_averages(x, moving_mean, moving_var, momentum)

    def pullback(ct: Any) -> Any:
        if training:
            return _gradients(ct, xh, scale, r)
        return ct * scale * r, (ct * xh).sum(axis=0), ct.sum(axis=0)

    return xh * scale + shift, moving_mean, moving_var, pullback


def one_vjp_for_both(
    x: Any,
    scale: Any,
    shift: Any,
    moving_mean: Any,
    moving_var: Any,
    *,
    training: bool,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Wrong: evaluation returns the gradients of training."""
    y, *averages, _ = with_pullback(
        x, scale, shift, moving_mean, moving_var, training=training, momentum=momentum, eps=eps
    )
    mean, var = (x.mean(axis=0), x.var(axis=0)) if training else (moving_mean, moving_var)
    r = 1 / np.sqrt(var + eps)

    def pullback(ct: Any) -> Any:
        return _gradients(ct, (x - mean) * r, scale, r)

    return y, *averages, pullback


def vjp_raises(x: Any, gamma: Any, beta: Any, rm: Any, rv: Any, training: bool) -> Any:
    """The function that evaluation returns is not written yet."""
    y, *averages, pullback = with_pullback(x, gamma, beta, rm, rv, training=training)

    def later(ct: Any) -> Any:
        raise NotImplementedError("evaluation comes later")

    return y, *averages, pullback if training else later


def returns_a_helper(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """What the function beside y gives is not a gradient."""
    y, _ = bn_forward(x, gamma, beta, eps)
    return y, lambda dy: float(dy.sum())


def dbatch_norm(g: Any, saved: Any) -> Any:
    """Right; names of letters."""
    return _gradients(g, *saved)


def images_backward(dout: Any, cache: Any) -> Any:
    """Right; images only."""
    n, c, h, w = dout.shape
    dx, dgamma, dbeta = bn_backward(dout.transpose(0, 2, 3, 1).reshape(-1, c), cache)
    return dx.reshape(n, h, w, c).transpose(0, 3, 1, 2), dgamma, dbeta


def with_batch_statistics(x: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> Any:
    """Right; the statistics of the batch come back too."""
    mean, var, inv_std = _batch(x, eps)
    return gamma * (x - mean) * inv_std + beta, mean, var
