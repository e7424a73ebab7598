"""The activation behind a normalisation: which one it is, and how objects are seen without it.

y = a(z) with an activation a.  Nothing needs to be known of z, which may be wrong:

- Most activations leave large values as they are.  Raised by a beta of 100, y is z + 100, which
  gives z, and a is the function that makes the usual y of it.  With that beta objects are probed
  as if there were no activation.
- relu6 ends at 6: there beta is 3 and gamma small.
- sigmoid and tanh are inverted; what comes out is z if it is a line of x in each channel.
- Without beta z is taken for x with mean 0 and variance 1, as a right normalisation makes it.

What is a function of z and none that the contract knows is refused with a message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bnproof.engine.contract.choices import ACTIVATIONS, ActivationName
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.activations import activation
from bnproof.recognition.errors import Unusable
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.slots import Path, leaves
from bnproof.recognition.user_calls import UsersError

HIGH = 100.0
"""A beta under which no activation that leaves large values as they are changes y."""

WIDE = 1000.0
"""How much data is scaled so that no eps counts."""

STEEPEST = 3.0
"""More than the slope of any activation."""

BOUNDED: tuple[ActivationName, ...] = ("sigmoid", "tanh")
KEEPS_LARGE = tuple(n for n in ACTIVATIONS if n not in ("none", "leaky_relu", "relu6", *BOUNDED))


@dataclass(frozen=True)
class Fused:
    """An activation behind a normalisation.

    Attributes:
        name, slope: as the contract declares them.
        seen_through: whether experiments see objects as if it were not there.
    """

    name: ActivationName
    slope: float = 0.01
    seen_through: bool = True

    @property
    def words(self) -> str:
        """The activation in words.

        >>> Fused("leaky_relu", 0.2).words
        'leaky_relu with slope 0.2'
        """
        if self.name == "relu":
            return "a ReLU"
        return f"leaky_relu with slope {self.slope:g}" if self.name == "leaky_relu" else self.name


def uncovered(lab: Lab, rank: int) -> tuple[Lab, Fused | None]:
    """The lab in which objects are seen without their activation, and the activation if any.

    Raises `Unusable` for an activation that is none of the contract's.
    """
    x = lab.probe(rank)
    y = lab.once(rank, x, training=True)
    if not np.isfinite(y).all() or _is_straight(x, y, _near(y)):
        return lab, None
    for found in _found(lab, rank, x, y):
        return found
    return lab, None


Way = Iterator[tuple[Lab, Fused]]


def _found(lab: Lab, rank: int, x: Array, y: Array) -> Way:
    yield from _raised(lab, rank, x, y)
    yield from _capped(lab, rank, x, y)
    yield from _inverted(lab, rank, x)
    yield from _standardised(lab, rank, x)


def _raised(lab: Lab, rank: int, x: Array, y: Array) -> Way:
    """By a beta that lifts all of y to where the activation changes nothing."""
    for path, start in lab.per_channel(lab.new(rank)).items():
        raised, lifted = _with(lab, rank, x, {path: np.full_like(start, HIGH)})
        if lifted is None or not (lifted > HIGH / 2).all():
            continue
        z = lifted - HIGH + _along(start, y)
        _, sunk = _with(lab, rank, x, {path: np.full_like(start, -HIGH)})
        slope = None if sunk is None else float(np.median(sunk / (lifted - 2 * HIGH)))
        found = _of(z, y, lab, rank, 4 * HIGH * float(np.finfo(x.dtype).eps), slope)
        if found is None and _is_relu_like(y):
            found = Fused("relu")
        if found is not None:
            yield raised, found
        elif _is_function(z, y):
            raise Unusable(_UNKNOWN)


_UNKNOWN = (
    "y is an activation of what was normalised, and none that a check knows "
    f"({', '.join(ACTIVATIONS[1:])}); name a class or factory without it"
)


def _capped(lab: Lab, rank: int, x: Array, y: Array) -> Way:
    """relu6: everything is 6 with a high beta; between 0 and 6 nothing changes."""
    slots = lab.per_channel(lab.new(rank))
    for path, start in slots.items():
        _, lifted = _with(lab, rank, x, {path: np.full_like(start, HIGH)})
        if lifted is None or not np.allclose(lifted, 6):
            continue
        middle = {path: np.full_like(start, 3)}
        lab_, inner = _with(lab, rank, x, middle)
        if inner is None or not ((inner > 0) & (inner < 6)).all():
            continue
        z = inner - 3 + _along(start, y)
        if not np.allclose(y, np.clip(z, 0, 6), atol=_near(y)):
            continue
        for other, value in slots.items():
            small, shrunk = _with(lab, rank, x, {**middle, other: value / 50})
            if shrunk is not None and np.ptp(shrunk) < np.ptp(inner) / 25:
                lab_ = small
                break
        yield lab_, Fused("relu6")


def _inverted(lab: Lab, rank: int, x: Array) -> Way:
    """sigmoid and tanh, by their inverses."""
    for name in BOUNDED:
        undone = lab.with_(undone=_INVERSES[name])
        z = undone.once(rank, x, training=True)
        if np.isfinite(z).all() and _is_straight(x, z, 1e-2):
            yield undone, Fused(name)


def _logit(y: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.log(y) - np.log1p(-y))


def _artanh(y: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.arctanh(y))


_INVERSES: dict[ActivationName, Any] = {"sigmoid": _logit, "tanh": _artanh}


def _standardised(lab: Lab, rank: int, x: Array) -> Way:
    """By data whose mean and variance a right normalisation makes 0 and 1."""
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    wide = np.asarray(WIDE * x, np.float64)
    z = (wide - wide.mean(axes, keepdims=True)) / wide.std(axes, keepdims=True)
    try:
        seen = lab.once(rank, (WIDE * x).astype(x.dtype), training=True)
    except UsersError:
        return
    found = _of(z, seen, lab, rank, 64 * float(np.finfo(x.dtype).eps))
    if found is not None:
        yield lab, Fused(found.name, found.slope, seen_through=False)


def _with(lab: Lab, rank: int, x: Array, slots: dict[Path, Array]) -> tuple[Lab, Array | None]:
    """The lab with some slots set, and its y in training, None where that raises."""
    made = lab.with_(base={**lab.base, **slots})
    try:
        return made, made.once(rank, x, training=True)
    except UsersError:
        return made, None


def _of(
    z: Array, y: Array, lab: Lab, rank: int, off: float, slope: float | None = None
) -> Fused | None:
    """The activation that makes y of z; ``slope`` is that of values far below 0."""
    near = max(5e-5, off)
    for name in KEEPS_LARGE:
        if np.allclose(y, activation(name).value(z), rtol=1e-6, atol=near):
            return Fused(name)
    below = z < -0.25
    if not below.any():
        return None
    rough = 64 * float(np.finfo(y.dtype).eps)
    if slope is None or not np.isfinite(slope):
        slope, rough = float(np.median(y[below] / z[below])), near
    slope = _written(lab.new(rank), slope, rough)
    fits = np.allclose(y, activation("leaky_relu", slope).value(z), rtol=1e-6, atol=near)
    return Fused("leaky_relu", slope) if fits and slope != 1 else None


def _written(owner: Any, slope: float, off: float) -> float:
    """The number that an object holds, or that somebody may have written, for a measured slope."""
    near = off * max(abs(slope), 1e-3)
    held = [v for _, v in leaves(owner) if isinstance(v, float) and abs(v - slope) <= near]
    if held:
        return min(held, key=lambda v: abs(v - slope))
    digits = [float(f"{slope:.{n}g}") for n in range(1, 13)]
    simple = [float(Fraction(slope).limit_denominator(n)) for n in (10, 100)]
    written = (*digits[:4], *simple, *digits[4:])
    return next((v for v in written if abs(v - slope) <= near), slope)


def _is_relu_like(y: Array) -> bool:
    """Whether about half of y is 0 and nothing is below."""
    return bool((y >= 0).all() and 0.1 < float((y == 0).mean()) < 0.9)


def _is_function(z: Array, y: Array) -> bool:
    """Whether equal z have equal y, and y is not z itself."""
    order = np.argsort(z, axis=None)
    steps, moves = np.diff(z.ravel()[order]), np.abs(np.diff(y.ravel()[order]))
    near = 1e-4 * (1 + float(np.abs(y).max()))
    return bool((moves <= STEEPEST * steps + near).all() and (np.abs(y - z) > 10 * near).any())


def _is_straight(x: Array, y: Array, near: float) -> bool:
    """Whether y is a line of x in each channel."""
    if y.shape != x.shape:
        return False
    for channel in range(x.shape[1]):
        given, seen = (np.asarray(a[:, channel], np.float64).ravel() for a in (x, y))
        line = np.polyfit(given, seen, 1)
        if not np.allclose(np.polyval(line, given), seen, rtol=0, atol=near):
            return False
    return True


def _near(y: Array) -> float:
    return 1e-4 * max(1.0, float(np.abs(y).max()))


def _along(values: Array, y: Array) -> Array:
    return values.reshape(1, -1, *(1,) * (y.ndim - 2))
