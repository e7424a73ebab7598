"""The error of one call divided by its bound, for people who want a number in their own tests.

This module is the public door: `certify` and `Call` are defined here and nowhere else.  It needs
NumPy and the engine, and starts no process.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from numbers import Real
from typing import Literal

import numpy as np

from bnproof.engine.judging.record import largest
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import FORMATS, Array, Format, format_of
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, GRADIENTS, LIKE_X, STATISTICS
from bnproof.engine.truth.bounds import ladder
from bnproof.engine.truth.bounds.expected import Expected, Settings, make_subject
from bnproof.engine.truth.oracle import error

LIKE_INPUT = (*LIKE_X, "dy")
CERTIFIED = ("y", *GRADIENTS, "mean", "inv_std", "new_running_mean", "new_running_var")
CHOICES = {
    "momentum_weighs": ("new", "old"),
    "running_variance": ("unbiased", "biased"),
    "normalising_variance": ("biased", "unbiased"),
    "channel_axis": (1, -1),
}

Ratios = dict[str, dict[str, float]]
"""error/bound by accuracy class, strongest class first, then by output."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Call:
    """One call of batch normalization: its inputs, and the outputs to certify.

    Arrays are NumPy arrays; an output that is None is not certified.

    Attributes:
        x: the input, (N, C, *spatial), or (N, *spatial, C) with channel_axis -1.
        gamma, beta: the parameters, (C,); None for 1 and 0.
        dy: the gradient of y, like x; needed for dx, dgamma and dbeta.
        running_mean, running_var: the running statistics before the call, (C,); needed for an
            inference call, and for the running statistics after the call.
        eps: the constant added to the variance.
        momentum: the constant weight in the running statistics.
        momentum_weighs: the value that momentum weighs, "new" or "old".
        running_variance: the variance that enters running_var, "unbiased" or "biased".
        normalising_variance: the variance that training normalises by, "biased" or "unbiased".
        inference: whether the call normalises by the running statistics.
        channel_axis: 1 or -1.
        flush_to_zero: whether the arithmetic replaces subnormal numbers by 0.
        y: the output, like x.
        dx, dgamma, dbeta: the gradients, like x and (C,).
        mean, inv_std: the saved statistics of the batch, (C,).
        new_running_mean, new_running_var: the running statistics after the call, (C,).

    Raises TypeError for an argument that should be a NumPy array or a number and is not.  Raises
    ValueError for an unsupported dtype of x, a wrong shape, a negative eps, an eps or momentum that
    is not finite, and an output whose input is None.
    """

    x: Array
    gamma: Array | None = None
    beta: Array | None = None
    dy: Array | None = None
    running_mean: Array | None = None
    running_var: Array | None = None
    eps: float
    momentum: float = 0.1
    momentum_weighs: Literal["new", "old"] = "new"
    running_variance: Literal["unbiased", "biased"] = "unbiased"
    normalising_variance: Literal["biased", "unbiased"] = "biased"
    inference: bool = False
    channel_axis: Literal[1, -1] = 1
    flush_to_zero: bool = False
    y: Array | None = None
    dx: Array | None = None
    dgamma: Array | None = None
    dbeta: Array | None = None
    mean: Array | None = None
    inv_std: Array | None = None
    new_running_mean: Array | None = None
    new_running_var: Array | None = None

    def __post_init__(self) -> None:
        self._check_arrays()
        self._check_numbers()
        if self.x.dtype.name not in FORMATS:
            raise ValueError(f"x: expected one of {', '.join(FORMATS)}, got {self.x.dtype}")
        if self.x.ndim < 2:
            raise ValueError(f"x: expected at least 2 dimensions, got {self.x.ndim}")
        for name, values in CHOICES.items():
            if (value := getattr(self, name)) not in values:
                first, second = values
                raise ValueError(f"{name}: expected {first!r} or {second!r}, got {value!r}")
        self._check_shapes()
        self._check_needs()

    def _check_arrays(self) -> None:
        for name in ("x", "dy", *CHANNEL_ARGUMENTS, *CERTIFIED):
            value = getattr(self, name)
            if not isinstance(value, np.ndarray) and (value is not None or name == "x"):
                raise TypeError(f"{name}: expected a NumPy array, got {type(value).__name__}")

    def _check_numbers(self) -> None:
        for name, least in (("eps", 0.0), ("momentum", -math.inf)):
            value = getattr(self, name)
            if not isinstance(value, Real):
                raise TypeError(f"{name}: expected a number, got {type(value).__name__}")
            if not math.isfinite(value) or value < least:
                expected = "a finite number" if least < 0 else "a finite number of at least 0"
                raise ValueError(f"{name}: expected {expected}, got {value}")

    def _check_shapes(self) -> None:
        channels = (self.x.shape[self.channel_axis],)
        for name in (*LIKE_INPUT, *CHANNEL_ARGUMENTS, *CERTIFIED):
            expected = self.x.shape if name in LIKE_INPUT else channels
            array = getattr(self, name)
            if array is not None and array.shape != expected:
                raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")

    def _check_needs(self) -> None:
        if self.dy is None:
            for name in GRADIENTS:
                if getattr(self, name) is not None:
                    raise ValueError(f"dy: expected an array, got None; {name} needs it")
        for name in STATISTICS:
            needs = self.inference or getattr(self, f"new_{name}") is not None
            if needs and getattr(self, name) is None:
                call = "inference" if self.inference else f"new_{name}"
                raise ValueError(f"{name}: expected an array, got None; {call} needs it")

    @property
    def outputs(self) -> dict[str, Array]:
        """The outputs to certify, by name."""
        return {name: a for name in CERTIFIED if (a := getattr(self, name)) is not None}


def certify(call: Call) -> Ratios:
    """Return error/bound of each output of a call, by accuracy class, strongest class first.

    A ratio of at most 1 means that the class explains the output.  A ratio of 0 also stands for an
    output without a bound, infinity for NaN.

    >>> x = np.array([[1.0], [3.0]], np.float32)
    >>> certify(Call(x=x, eps=3.0, y=np.array([[-0.5], [0.5]], np.float32)))["two-pass"]
    {'y': 0.0}
    """
    wide = _parameter_format(call)
    subject = _subject(call, wide)
    arithmetics = ladder(format_of(call.x.dtype), wide, flush_to_zero=call.flush_to_zero)
    whole = {name: subject.bounds(arithmetic) for name, arithmetic in arithmetics.items()}
    got = {
        output: columns(_canonical(value, call)) if output in LIKE_X else value
        for output, value in call.outputs.items()
    }
    found: Ratios = {name: dict.fromkeys(got, 0.0) for name in whole}
    for rows, block in subject.quantities.placed_blocks():
        here = {name: bounds.within(block).values for name, bounds in whole.items()}
        for output, value in got.items():
            if output not in LIKE_X and rows.start > 0:
                continue  # all of it was in the first block
            key = output.removeprefix("new_")
            off = error(value[rows] if output in LIKE_X else value, block.truth.values[key])
            for name, bounds in here.items():
                worst = largest(off, bounds[key])
                found[name][output] = max(found[name][output], worst)
    return found


def certify_forward(
    x: Array,
    y: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    *,
    eps: float,
) -> dict[str, float]:
    """Return error/bound of y in training, by accuracy class: the short form of `certify`.

    >>> x = np.array([[1.0], [3.0]], np.float32)
    >>> certify_forward(x, np.array([[-0.5], [0.5]], np.float32), eps=3.0)["two-pass"]
    0.0
    """
    found = certify(Call(x=x, y=y, gamma=gamma, beta=beta, eps=eps))
    return {name: outputs["y"] for name, outputs in found.items()}


def _parameter_format(call: Call) -> Format:
    """The format of parameters and statistics; without any, the one that x is computed in."""
    given = (call.gamma, call.beta, call.running_mean)
    parameters = next((a for a in given if a is not None), None)
    return format_of(call.x.dtype).compute if parameters is None else format_of(parameters.dtype)


def _subject(call: Call, wide: Format) -> Expected:
    """The exact results of the call, with their bounds."""
    channels = call.x.shape[call.channel_axis]
    mean, var = call.running_mean, call.running_var
    case = Case(
        name="certified",
        x=_canonical(call.x, call),
        dy=_canonical(call.x if call.dy is None else call.dy, call),
        gamma=call.gamma,
        beta=call.beta,
        running_mean=np.zeros(channels, wide.dtype) if mean is None else mean,
        running_var=np.ones(channels, wide.dtype) if var is None else var,
        eps=call.eps,
        momentum=call.momentum,
    )
    momentum = Fraction(call.momentum)
    kept = momentum if call.momentum_weighs == "old" else 1 - momentum
    return make_subject(
        case,
        Settings(call.eps, kept, 1 - kept),
        inference=call.inference,
        unbiased=call.running_variance == "unbiased",
        normalises_unbiased=call.normalising_variance == "unbiased",
    )


def _canonical(a: Array, call: Call) -> Array:
    """An array like x with its channels along axis 1."""
    return np.moveaxis(a, -1, 1) if call.channel_axis == -1 else a
