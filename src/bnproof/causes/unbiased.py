"""Known mistakes in implementations that normalise by the unbiased variance.

The mutants normalise by var + eps.  With c = N / (N - 1), gamma / sqrt(c) and eps / c in place of
gamma and eps, that is the normalisation by c var + eps (theorem "unbiased-normalisation"), and
dgamma is divided by sqrt(c) as well.  So each mutant makes its mistake under that declaration too.
"""

from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array


class NormalisedByUnbiased:
    """An object of the contract that normalises by the unbiased variance, made from another one.

    >>> from bnproof.reference import BatchNorm
    >>> x, one = np.array([[1.0], [3.0]]), np.ones(1)
    >>> wrapped = NormalisedByUnbiased(BatchNorm())
    >>> y, *_ = wrapped.train(x, one, 0 * one, one, one, momentum=0.5, eps=2.0)
    >>> y.round(12).tolist()
    [[-0.5], [0.5]]
    """

    def __init__(self, biased: Any) -> None:
        self._biased = biased
        self.infer = biased.infer

    def train(
        self,
        x: Array,
        gamma: Array | None,
        beta: Array | None,
        running_mean: Array,
        running_var: Array,
        *,
        eps: float,
        **settings: Any,
    ) -> tuple[Any, Any, Any, Any]:
        """Return y, the statistics and backward."""
        count = x.size // len(running_mean)
        factor = count / (count - 1) if count > 1 else 1.0
        scale = np.ones_like(running_mean) if gamma is None else gamma
        scale = (scale / np.sqrt(factor)).astype(scale.dtype)
        results = self._biased.train(
            x, scale, beta, running_mean, running_var, eps=eps / factor, **settings
        )
        y, mean, var, backward = results

        def of_gamma(dgamma: Array | None) -> Array | None:
            if gamma is None or dgamma is None:
                return None
            return np.asarray((dgamma / np.sqrt(factor)).astype(dgamma.dtype))

        def gradients(dy: Array) -> tuple[Array, Array | None, Array | None]:
            dx, dgamma, dbeta = backward(dy)
            return dx, of_gamma(dgamma), dbeta

        double = getattr(backward, "double", None)
        if double is not None:
            gradients.double = _double(double, factor, scale, of_gamma)  # type: ignore[attr-defined]  # as the contract has it
        return y, mean, var, gradients


def _double(double: Any, factor: float, scale: Array, of_gamma: Any) -> Any:
    """Double backward, whose ddgamma is that of gamma / sqrt(c)."""

    def doubled(dy: Array, ddx: Array, ddgamma: Array | None, ddbeta: Array | None) -> Any:
        wide = np.zeros_like(scale) if ddgamma is None else ddgamma
        narrowed = (wide / np.sqrt(factor)).astype(scale.dtype)
        ddy, dx, dgamma = double(dy, ddx, narrowed, ddbeta)
        return ddy, dx, of_gamma(dgamma)

    return doubled
