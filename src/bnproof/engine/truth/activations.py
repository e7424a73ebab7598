"""Activations that a layer may apply to y: exact values, slopes, and what bounds their errors.

Two kinds.  **Linear pieces** (relu, leaky_relu, relu6) have a slope that is constant between
kinks.  The value is exact to a double word.  On a kink the slope is a matter of convention:
whatever lies within its error of a kink may have the slope of either side.
**Smooth** functions are formed in float64, where exp, tanh and erf err by less than 2 units in the
last place and the few operations around them by less than 4 more: v = 2^-53, 8 v (1 + |z|) in all.
An implementation is granted twice as many units of its own format: 16 u (1 + |z|), absolutely,
since tanh and expm1 are often written as differences of exponentials.

``steepest`` bounds |a'|, ``bend`` bounds |a''|, so that an error E of z makes an error of at most
``steepest`` E in the value and ``bend`` E in the slope (mean value theorem).  Their values:

    sigmoid     |a'| <= 1/4    |a''| <= 1/(6 sqrt 3) < 0.1
    tanh        |a'| <= 1      |a''| <= 4/(3 sqrt 3) < 0.77
    silu        |a'| < 1.1     |a''| <= 1/2
    gelu        |a'| < 1.13    |a''| <= 2/sqrt(2 pi) < 0.8
    elu         |a'| <= 1      |a''| <= 1, and a' is continuous at 0
    softplus    |a'| <= 1      |a''| <= 1/4
    gelu_tanh   |a'| < 1.13    |a''| < 0.8
    mish        |a'| < 1.09    |a''| < 0.65
    hardswish   |a'| <= 3/2    |a''| <= 1/3, and a' jumps by 1/2 at -3 and 3

**Softplus** is left out by common implementations where z is large: torch's returns z above 20.
That is off by less than e^-z, in the value and in the slope, and either will do: `skipped`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from bnproof.engine.contract.choices import ActivationName
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.double_words import Word, multiply
from bnproof.engine.truth.integers import Exact

Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Activation:
    """A function that is applied to each element.

    Attributes:
        value, slope: to float64.
        kinks: where the slope jumps.
        steepest, bend: bounds of the slope and, between kinks, of its own slope.
        slopes: the slopes of the pieces between kinks; empty for a smooth function.
        leap: how far the slope of a function that is not made of lines jumps at its kinks.
        power, factor: an intermediate value may be as large as factor |z|^power, and overflow.
        skipped: by how much the value, and the slope, may be off where some leave z as it is.
    """

    value: Function
    slope: Function
    kinks: tuple[float, ...] = ()
    steepest: float = 1.0
    bend: float = 0.0
    slopes: tuple[float, ...] = ()
    leap: float = 0.0
    skipped: Function | None = None
    power: int = 1
    factor: float = 1.0

    @property
    def jump(self) -> float:
        """How far apart the slopes of two pieces are at most."""
        return max(self.slopes) - min(self.slopes) if self.slopes else self.leap

    def at(self, z: Exact) -> Exact:
        """The value at a double word.

        >>> [part.tolist() for part in activation("relu").at((np.array([-1.0, 2.0]), np.zeros(2)))]
        [[0.0, 2.0], [0.0, 0.0]]
        """
        high, low = z
        with np.errstate(all="ignore"):
            value = np.where(np.isnan(high), np.nan, self.value(high))
            slope = self.slope(high)
            if not self.slopes:
                return value, slope * low
            linear = value == slope * high  # else a constant piece
            scaled, scaled_low, _ = multiply(Word(slope), Word(high, low))
            assert scaled_low is not None  # noqa: S101  # a product has both parts
            # beyond 2^970 a product cannot be split: then it is off by half a unit of float64
            scaled_well = np.isfinite(scaled) & np.isfinite(scaled_low)
            plain = (slope == 1) | (slope == 0) | ~linear | ~scaled_well
            return (
                np.where(plain, value, scaled),
                np.where(plain, np.where(slope == 1, low, 0.0), scaled_low),
            )


def activation(name: ActivationName, slope: float = 0.01) -> Activation:
    """The activation of a name; ``slope`` is that of leaky_relu where z is negative.

    >>> activation("leaky_relu", 0.25).value(np.array([-4.0, 4.0])).tolist()
    [-1.0, 4.0]
    """
    return _leaky(slope) if name == "leaky_relu" else _KNOWN[name]


def _leaky(slope: float) -> Activation:
    return Activation(
        lambda z: np.where(z > 0, z, slope * z),
        lambda z: np.where(z > 0, 1.0, slope),
        kinks=(0.0,),
        steepest=max(1.0, abs(slope)),
        slopes=(min(slope, 1.0), max(slope, 1.0)),
    )


def _sigmoid(z: Array) -> Array:
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1 + small))


def _sigmoid_slope(z: Array) -> Array:
    return np.asarray(_sigmoid(z) * _sigmoid(-z))


def _normal(z: Array) -> Array:
    """The distribution function of the standard normal distribution."""
    half = np.asarray(z, np.float64) / math.sqrt(2)
    return np.array([math.erfc(-each) / 2 for each in half.ravel().tolist()]).reshape(half.shape)


def _normal_slope(z: Array) -> Array:
    return np.asarray(np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi))


def _bent(z: Array) -> tuple[Array, Array, Array]:
    """tanh of gelu_tanh's polynomial, the slope of the polynomial, and z within its range."""
    inner = np.clip(z, -50.0, 50.0)  # beyond, tanh is 1 or -1 in any case
    scale = math.sqrt(2 / math.pi)
    cubic = 0.044715
    tanh = np.tanh(scale * (inner + cubic * inner**3))
    return tanh, scale * (1 + 3 * cubic * inner**2), inner


def _gelu_tanh(z: Array) -> Array:
    return np.asarray(z * (1 + _bent(z)[0]) / 2)


def _gelu_tanh_slope(z: Array) -> Array:
    tanh, slope, inner = _bent(z)
    return np.asarray((1 + tanh) / 2 + inner * (1 - tanh**2) * slope / 2)


def _softplus(z: Array) -> Array:
    return np.asarray(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))


def _mish_slope(z: Array) -> Array:
    tanh = np.tanh(_softplus(z))
    return np.asarray(tanh + np.clip(z, -800.0, 800.0) * _sigmoid(z) * (1 - tanh**2))


def _hardswish_slope(z: Array) -> Array:
    inner = np.clip(z, -3.0, 3.0)
    return np.asarray(np.where(np.abs(z) < 3, (2 * inner + 3) / 6, np.where(z > 0, 1.0, 0.0)))


SKIPPED = 19.9
"""A little less than 20, since z is known but for its error."""

_KNOWN: Mapping[ActivationName, Activation] = {
    "none": Activation(lambda z: z, np.ones_like, slopes=(1.0, 1.0)),
    "relu": Activation(
        lambda z: np.where(z > 0, z, 0.0),
        lambda z: np.where(z > 0, 1.0, 0.0),
        kinks=(0.0,),
        slopes=(0.0, 1.0),
    ),
    "relu6": Activation(
        lambda z: np.clip(z, 0.0, 6.0),
        lambda z: np.where((z > 0) & (z < 6), 1.0, 0.0),
        kinks=(0.0, 6.0),
        slopes=(0.0, 1.0),
    ),
    "elu": Activation(
        lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0.0))),
        lambda z: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0.0))),
        bend=1.0,
    ),
    "sigmoid": Activation(_sigmoid, _sigmoid_slope, steepest=0.25, bend=0.1),
    "tanh": Activation(np.tanh, lambda z: 4 * _sigmoid_slope(2 * z), bend=0.77),
    "softplus": Activation(
        _softplus,
        _sigmoid,
        bend=0.25,
        skipped=lambda z: np.where(z > SKIPPED, np.exp(-np.maximum(z, 0.0)), 0.0),
    ),
    "silu": Activation(
        lambda z: z * _sigmoid(z),
        lambda z: _sigmoid(z) + z * _sigmoid_slope(z),
        steepest=1.1,
        bend=0.5,
    ),
    "gelu": Activation(
        lambda z: z * _normal(z),
        lambda z: _normal(z) + z * _normal_slope(z),
        steepest=1.13,
        bend=0.8,
    ),
    "gelu_tanh": Activation(_gelu_tanh, _gelu_tanh_slope, steepest=1.13, bend=0.8, power=3),
    "mish": Activation(lambda z: z * np.tanh(_softplus(z)), _mish_slope, steepest=1.09, bend=0.65),
    "hardswish": Activation(
        lambda z: z * (np.clip(z + 3, 0.0, 6.0) / 6),
        _hardswish_slope,
        kinks=(-3.0, 3.0),
        steepest=1.5,
        bend=1 / 3,
        leap=0.5,
        factor=6.0,
    ),
}
"""All that need no number of their own."""
