"""Mean and variance of what a layer returns, against those that they must have."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.judging.laws import exact_sums
from bnproof.engine.model.formats import Array
from bnproof.engine.network.batches import Batch, U
from bnproof.engine.network.network_property import Finding, compared
from bnproof.engine.truth.bounds.roundings import accumulated


def moments(Z_tilde: Array, batch: Batch) -> Iterator[Finding]:
    """Mean and variance of a Z~ that may be off by the bound of y.

    With errors e of Z~: its mean is off by mean |e|, and its standard deviation by sqrt(mean e^2).
    """
    e, m = batch.bound("y"), batch.Z.shape[1]
    mean = exact_sums(Z_tilde.T)[:, np.newaxis] / m
    yield compared("mean of Z~", mean, batch.beta, e.mean(axis=1, keepdims=True))
    centred = Z_tilde - mean
    var = exact_sums((centred * centred).T)[:, np.newaxis] / m
    want = batch.gamma**2 * batch.exact("var") * batch.exact("inv_std") ** 2
    rms = np.sqrt((e**2).mean(axis=1, keepdims=True)) + U * np.abs(mean)
    bound = 2 * np.sqrt(want) * rms + rms**2 + accumulated(12, U) * want
    yield compared("variance of Z~", var, want, bound)
