"""Running statistics: the averages over batches that inference normalizes by."""

import numpy as np

from bnproof.reference.batch_norm import Cache
from bnproof.reference.checks import Array, check_choice, check_momentum, check_statistics


def running_update(
    running_mean: Array,
    running_var: Array,
    cache: Cache,
    *,
    momentum: float | None,
    batches_seen: int = 0,
    momentum_weighs: str = "new",
    running_variance: str = "unbiased",
) -> tuple[Array, Array]:
    """Move the running mean and variance towards those of the batch that left the cache.

    running_mean and running_var are (C,), of any of the four dtypes, and are not changed; the new
    ones are returned in their dtypes.  momentum is the weight of the "new" value (PyTorch) or of
    the "old" one (Keras, Flax, ONNX); None gives the plain average over all batches, of which
    batches_seen came before.  The "unbiased" variance is m / (m - 1) times the "biased" one.

    Raises ValueError for a wrong shape or dtype, a momentum outside 0..1, and unknown conventions.

    Source: Ioffe and Szegedy (2015), section 3.1 and Algorithm 2; theorem "running-one-step".

    >>> from bnproof.reference import train_forward
    >>> _, cache = train_forward(np.array([[1.0], [3.0]]))
    >>> mean, var = running_update(np.zeros(1), np.ones(1), cache, momentum=0.25)
    >>> mean.tolist(), var.tolist()
    ([0.5], [1.25])
    """
    check_momentum(momentum, batches_seen)
    check_choice("momentum_weighs", momentum_weighs, ("new", "old"))
    check_choice("running_variance", running_variance, ("unbiased", "biased"))
    check_statistics(len(cache.xhat), running_mean, running_var)
    old, new = weights(momentum, batches_seen, momentum_weighs)
    m = cache.xhat.shape[1]
    correction = m / (m - 1) if running_variance == "unbiased" else 1.0
    with np.errstate(all="ignore"):
        mean = old * running_mean.astype(cache.mean.dtype) + new * cache.mean[:, 0]
        var = old * running_var.astype(cache.var.dtype) + new * (correction * cache.var[:, 0])
        return mean.astype(running_mean.dtype), var.astype(running_var.dtype)


def weights(momentum: float | None, batches_seen: int, momentum_weighs: str) -> tuple[float, float]:
    """Return the weights of the old and of the new value, which add up to 1.

    >>> weights(0.25, 0, "new"), weights(0.25, 0, "old"), weights(None, 3, "new")
    ((0.75, 0.25), (0.25, 0.75), (0.75, 0.25))
    """
    if momentum is None:
        return batches_seen / (batches_seen + 1), 1 / (batches_seen + 1)
    momentum = float(momentum)
    other = 1 - momentum
    return (other, momentum) if momentum_weighs == "new" else (momentum, other)
