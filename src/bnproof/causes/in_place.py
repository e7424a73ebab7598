"""Known mistakes in implementations that update the running statistics in the given buffers."""

from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array


class UpdatedInPlace:
    """An object of the contract that updates the statistics in place, made from another one.

    >>> from bnproof.reference import BatchNorm
    >>> x, one, mean = np.array([[1.0], [3.0]]), np.ones(1), np.zeros(1)
    >>> _ = UpdatedInPlace(BatchNorm()).train(x, one, one, mean, one, momentum=0.5, eps=0.0)
    >>> mean.tolist()
    [1.0]
    """

    def __init__(self, separate: Any) -> None:
        self._separate = separate

    def train(
        self, x: Array, gamma: Any, beta: Any, mean: Array, var: Array, **settings: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return y, the buffers and backward."""
        results = self._separate.train(x, gamma, beta, mean.copy(), var.copy(), **settings)
        return _moved(results, mean, var)

    def infer(
        self, x: Array, gamma: Any, beta: Any, mean: Array, var: Array, **settings: Any
    ) -> tuple[Any, Any, Any, Any]:
        """Return y, the buffers and backward."""
        results = self._separate.infer(x, gamma, beta, mean.copy(), var.copy(), **settings)
        return _moved(results, mean, var)


def _moved(
    results: tuple[Any, Any, Any, Any], mean: Array, var: Array
) -> tuple[Any, Any, Any, Any]:
    """The results with the statistics written to the buffers, if they have the form of those."""
    y, new_mean, new_var, backward = results
    for buffer, new in ((mean, new_mean), (var, new_var)):
        if np.shape(new) != buffer.shape or np.asarray(new).dtype != buffer.dtype:
            return results
        buffer[...] = new
    return y, mean, var, backward
