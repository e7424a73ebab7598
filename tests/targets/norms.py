"""Implementations as people write them: right, in undeclared conventions, or wrong."""

from typing import Any

import numpy as np

from bnproof.recognition.recognised import Origin, Part, Recognition, Unidentified


class Undeclared:
    """A right one: momentum weighs the old value, and the biased variance is averaged."""

    def train(
        self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, momentum: float, eps: float
    ) -> Any:
        """Training, with float64 inside."""
        axes, sides = (0, *range(2, x.ndim)), (1, -1) + (1,) * (x.ndim - 2)
        wide = x.astype(np.float64)
        mu = wide.mean(axes)
        centred = wide - mu.reshape(sides)
        spread = (centred**2).mean(axes)
        inv_std = 1 / np.sqrt(spread + eps)
        xhat = centred * inv_std.reshape(sides)
        y = xhat * gamma.reshape(sides) + beta.reshape(sides)

        def backward(dy: Any) -> Any:
            up, count = dy.astype(np.float64), x.size / x.shape[1]
            dbeta, dgamma = up.sum(axes), (up * xhat).sum(axes)
            rest = up - (dbeta / count).reshape(sides) - xhat * (dgamma / count).reshape(sides)
            dx = (gamma * inv_std).reshape(sides) * rest
            return self.gradients(dx, dgamma, dbeta, x, gamma)

        averaged = [
            self.averaged(a, b, momentum) for a, b in ((mean, mu), (var, self.of(spread, x)))
        ]
        return y.astype(x.dtype), *averaged, backward

    def averaged(self, old: Any, new: Any, momentum: float) -> Any:
        """One step of a running average."""
        return (momentum * old.astype(np.float64) + (1 - momentum) * new).astype(old.dtype)

    def of(self, spread: Any, x: Any) -> Any:  # noqa: ARG002  # others need the number of values
        """The variance that is averaged."""
        return spread

    def gradients(self, dx: Any, dgamma: Any, dbeta: Any, x: Any, gamma: Any) -> Any:
        """What backward returns."""
        return dx.astype(x.dtype), dgamma.astype(gamma.dtype), dbeta.astype(gamma.dtype)

    def infer(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float) -> Any:
        """Evaluation, without gradients."""
        sides = (1, -1) + (1,) * (x.ndim - 2)
        inv_std = 1 / np.sqrt(var.astype(np.float64) + eps)
        xhat = (x - mean.astype(np.float64).reshape(sides)) * inv_std.reshape(sides)
        return (xhat * gamma.reshape(sides) + beta.reshape(sides)).astype(x.dtype), mean, var, None


class Declared(Undeclared):
    """The same, declared."""

    momentum_weighs = "old"
    running_variance = "biased"


class WrongGradient(Undeclared):
    """In undeclared conventions, and with a dgamma that leaves out that it is a sum."""

    def gradients(self, dx: Any, dgamma: Any, dbeta: Any, x: Any, gamma: Any) -> Any:
        """The mean of dy xhat in place of its sum."""
        return super().gradients(dx, dgamma / (x.size / x.shape[1]), dbeta, x, gamma)


class OnePass(Declared):
    """Right, in declared conventions, with E[x^2] - E[x]^2 in float32."""

    def train(
        self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, momentum: float, eps: float
    ) -> Any:
        """Training without gradients."""
        axes, sides = (0, *range(2, x.ndim)), (1, -1) + (1,) * (x.ndim - 2)
        mu = x.mean(axes)
        spread = np.maximum((x * x).mean(axes) - mu * mu, np.float32(0))
        inv_std = (1 / np.sqrt(spread + np.float32(eps))).astype(x.dtype)
        y = (x - mu.reshape(sides)) * inv_std.reshape(sides) * gamma.reshape(sides)
        averaged = [self.averaged(a, b, momentum) for a, b in ((mean, mu), (var, spread))]
        return (y + beta.reshape(sides)).astype(x.dtype), *averaged, None


class EpsOutside(Undeclared):
    """Wrong: in evaluation eps is added to the standard deviation."""

    def infer(self, x: Any, gamma: Any, beta: Any, mean: Any, var: Any, *, eps: float) -> Any:
        """Evaluation with eps outside of the root."""
        wrong = (np.sqrt(var.astype(np.float64)) + eps) ** 2 - eps
        return super().infer(x, gamma, beta, mean, wrong, eps=eps)[0], mean, var, None


class Unbiased(Undeclared):
    """Right: the unbiased variance is averaged, which one value per channel makes NaN."""

    momentum_weighs = "old"

    def of(self, spread: Any, x: Any) -> Any:
        """The unbiased variance."""
        count = x.size / x.shape[1]
        with np.errstate(all="ignore"):
            return spread * (np.float64(count) / (count - 1))


class HalfRecognised(Declared):
    """As a recogniser might hand it over, with a buffer that it could not identify."""

    recognition = Recognition(
        "NumPy class with forward and backward",
        roles={"gamma": "scale", "beta": "shift"},
        origins={"momentum_weighs": Origin.IDENTIFIED},
        unidentified=(
            Unidentified("the buffer noise of shape (3,)", Part.OTHER_STATE, "training moves it"),
        ),
        evidence=("scale multiplies y",),
    )
