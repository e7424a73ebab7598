"""Implementations that a check takes a second for: inference alone, of one shape."""

import warnings
from typing import Any

import numpy as np


class Norm:
    """A right one."""

    dtypes: tuple[str, ...] = ("float32",)
    ranks = (2,)
    fixed = {"shape": (8, 3)}  # noqa: RUF012  # as users write it

    def infer(self, x: Any, gamma: Any, beta: Any, *statistics: Any, eps: float) -> Any:
        """Inference, without gradients."""
        inv_std = 1 / np.sqrt(statistics[1] + x.dtype.type(eps))
        return (x - statistics[0]) * inv_std * gamma + beta, *statistics, None


class Both(Norm):
    """In two dtypes."""

    dtypes = ("float32", "float64")


class Doubled(Both):
    """One that adds eps twice."""

    def infer(self, x: Any, gamma: Any, beta: Any, *statistics: Any, eps: float) -> Any:
        """Inference with twice the eps."""
        return super().infer(x, gamma, beta, *statistics, eps=2 * eps)


class Warns(Norm):
    """A right one that warns at each call."""

    def infer(self, x: Any, gamma: Any, beta: Any, *statistics: Any, eps: float) -> Any:
        """Inference with a warning."""
        warnings.warn("so slow", UserWarning, stacklevel=2)
        return super().infer(x, gamma, beta, *statistics, eps=eps)


class Interrupted(Norm):
    """One during one of whose calls somebody presses Ctrl-C."""

    def __init__(self, at: int) -> None:
        self.calls, self.at = 0, at

    def infer(self, x: Any, gamma: Any, beta: Any, *statistics: Any, eps: float) -> Any:
        """Inference that is interrupted once."""
        self.calls += 1
        if self.calls == self.at:
            raise KeyboardInterrupt
        return super().infer(x, gamma, beta, *statistics, eps=eps)


class Bare:
    """One that returns nothing of the contract."""

    def infer(self, *arguments: Any, **settings: Any) -> Any:
        """Nothing."""
