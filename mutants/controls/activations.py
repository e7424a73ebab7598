"""Right implementations with an activation fused into y."""

import numpy as np

from bnproof.mutants.controls.control import control
from bnproof.mutants.fused import Activated
from bnproof.mutants.parts import Gradients, Results
from bnproof.reference.checks import Array


@control("relu-by-maximum", "ReLU by a maximum; on the kink its slope is 1.")
class ReLUByMaximum(Activated):
    """ReLU whose slope at 0 is 1."""

    def value(self, z: Array) -> Array:
        """The larger of z and 0."""
        return np.maximum(z, 0)

    def slope(self, z: Array) -> Array:
        """1 at the kink."""
        return np.asarray((z >= 0).astype(z.dtype))


@control("relu-by-its-output", "ReLU whose backward keeps y, and halves the slope on the kink.")
class ReLUByOutput(Activated):
    """ReLU whose backward looks at y."""

    def slope(self, z: Array) -> Array:
        """1/2 at the kink, as some automatic differentiation has it."""
        return np.where(z > 0, 1, np.where(z == 0, 0.5, 0)).astype(z.dtype)


@control("leaky-relu", "Leaky ReLU by a product in the dtype of y.")
class LeakyReLU(Activated):
    """Leaky ReLU with a slope that no format holds."""

    activation = "leaky_relu"
    activation_slope = 0.2

    def value(self, z: Array) -> Array:
        """The larger of two products."""
        return np.asarray(np.maximum(z, z * z.dtype.type(self.activation_slope)))


@control("relu-clipped-at-six", "ReLU6, clipped in place.")
class ReLU6(Activated):
    """ReLU6."""

    activation = "relu6"

    def value(self, z: Array) -> Array:
        """Clipped from 0 to 6."""
        clipped = z.copy()
        np.clip(clipped, 0, 6, out=clipped)
        return clipped


@control("sigmoid-by-exp", "Sigmoid by exp in the dtype of y, its slope from y.")
class Sigmoid(Activated):
    """Sigmoid whose slope is y (1 - y)."""

    activation = "sigmoid"

    def value(self, z: Array) -> Array:
        """1 / (1 + exp(-z)), which overflows to 0."""
        with np.errstate(all="ignore"):
            return np.asarray(1 / (1 + np.exp(-z)))

    def slope(self, z: Array) -> Array:
        """From the output."""
        y = self.value(z)
        return np.asarray(y * (1 - y))


@control("tanh-by-exp", "tanh by differences of exponentials, its slope 1 - y^2.")
class Tanh(Activated):
    """Tanh whose slope is 1 - y^2."""

    activation = "tanh"

    def value(self, z: Array) -> Array:
        """2 / (1 + exp(-2 z)) - 1."""
        with np.errstate(all="ignore"):
            return np.asarray(2 / (1 + np.exp(-2 * z)) - 1)

    def slope(self, z: Array) -> Array:
        """From the output."""
        return np.asarray(1 - self.value(z) ** 2)


@control("elu-by-exp", "elu by exp(z) - 1 in the dtype of y, its slope y + 1.")
class ELU(Activated):
    """Elu that cancels near 0."""

    activation = "elu"

    def value(self, z: Array) -> Array:
        """exp(z) - 1 below 0."""
        return np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1).astype(z.dtype)

    def slope(self, z: Array) -> Array:
        """From the output."""
        return np.where(z > 0, 1, self.value(z) + 1).astype(z.dtype)


@control("silu", "silu in float64, stored once.")
class SiLU(Activated):
    """Swish."""

    activation = "silu"


@control("gelu", "gelu by the error function.")
class GELU(Activated):
    """The exact gelu."""

    activation = "gelu"


@control("softplus", "softplus by log(1 + exp(-|z|)).")
class Softplus(Activated):
    """A smooth ReLU."""

    activation = "softplus"


@control("relu-in-place", "ReLU that overwrites z and keeps where it was positive.")
class ReLUInPlace(Activated):
    """ReLU in the memory of z."""

    def activated(self, z: Array, mean: Array, var: Array, inner: object) -> Results:
        """Overwrite z."""
        passed = z > 0
        z[~passed] = 0

        def backward(dy: Array) -> Gradients:
            gradients: Gradients = inner(np.where(passed, dy, 0).astype(dy.dtype))  # type: ignore[operator]  # a backward
            return gradients

        return z, mean, var, backward
