"""Checks of arguments: one line of a ValueError says what was got and what was due."""

import math
import numbers
from typing import Any, NoReturn

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

DTYPES = tuple(np.dtype(t) for t in (ml_dtypes.bfloat16, np.float16, np.float32, np.float64))


def check_array(name: str, value: object, shape: tuple[int, ...] | None = None) -> None:
    """Refuse what is not an array of one of the four dtypes, or not of the shape that is due.

    >>> check_array("gamma", np.ones(2), shape=(3,))
    Traceback (most recent call last):
    ValueError: gamma has shape (2,); due is (3,)
    """
    if not isinstance(value, np.ndarray) or value.dtype not in DTYPES:
        got = getattr(value, "dtype", None) or type(value).__name__
        refuse(f"{name} is {got}; due is an array of {', '.join(d.name for d in DTYPES)}")
    if shape is not None and value.shape != shape:
        refuse(f"{name} has shape {value.shape}; due is {shape}")


def check_data(x: Array, channel_axis: int, eps: float, *, training: bool = False) -> None:
    """Refuse x, channel_axis or eps where batch normalization is not defined for them.

    >>> check_data(np.ones((1, 3)), channel_axis=1, eps=1e-5, training=True)
    Traceback (most recent call last):
    ValueError: x has shape (1, 3), 1 value per channel; due are at least 2 in training
    """
    if channel_axis not in (1, -1):
        refuse(f"channel_axis = {channel_axis!r}; due is 1 or -1")
    check_array("x", x)
    if x.ndim < 2:
        refuse(f"x has shape {x.shape}; due are at least two axes, (N, C) or (N, C, H, W)")
    if not _is_number(eps) or not 0 <= eps < math.inf:
        refuse(f"eps = {eps!r}; due is a finite number, at least 0")
    count = values_per_channel(x.shape, channel_axis)
    if training and count < 2:
        values = f"{count} value{'s' * (count != 1)} per channel"
        refuse(f"x has shape {x.shape}, {values}; due are at least 2 in training")


def check_parameters(channels: int, gamma: Array | None, beta: Array | None) -> None:
    """Refuse parameters that have not one value per channel; None stands for an absent one.

    >>> check_parameters(3, gamma=np.ones(3), beta=None)
    """
    for name, value in (("gamma", gamma), ("beta", beta)):
        if value is not None:
            check_array(name, value, (channels,))


def check_statistics(channels: int, running_mean: Array, running_var: Array) -> None:
    """Refuse running statistics that have not one value per channel.

    >>> check_statistics(3, np.zeros(3), np.ones((1, 3)))
    Traceback (most recent call last):
    ValueError: running_var has shape (1, 3); due is (3,)
    """
    check_array("running_mean", running_mean, (channels,))
    check_array("running_var", running_var, (channels,))


def check_momentum(momentum: float | None, batches_seen: int = 0) -> None:
    """Refuse a momentum outside 0..1, and a negative number of batches.

    >>> check_momentum(-0.1)
    Traceback (most recent call last):
    ValueError: momentum = -0.1; due is a number from 0 to 1, or None for the cumulative average
    """
    if momentum is not None and (not _is_number(momentum) or not 0 <= momentum <= 1):
        due = "a number from 0 to 1, or None for the cumulative average"
        refuse(f"momentum = {momentum!r}; due is {due}")
    if not isinstance(batches_seen, numbers.Integral) or batches_seen < 0:
        refuse(f"batches_seen = {batches_seen!r}; due is a whole number, at least 0")


def check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse what is not one of the choices.

    >>> check_choice("momentum_weighs", "newer", ("new", "old"))
    Traceback (most recent call last):
    ValueError: momentum_weighs = 'newer'; due is 'new' or 'old'
    """
    if value not in choices:
        refuse(f"{name} = {value!r}; due is {' or '.join(map(repr, choices))}")


def values_per_channel(shape: tuple[int, ...], channel_axis: int) -> int:
    """How many values the statistics of a channel are formed from: N times the spatial sizes.

    >>> values_per_channel((8, 3, 5, 5), channel_axis=1)
    200
    """
    return shape[0] * math.prod(shape[2:] if channel_axis == 1 else shape[1:-1])


def refuse(message: str) -> NoReturn:
    """Raise ValueError."""
    raise ValueError(message)


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
