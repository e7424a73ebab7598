"""The life of a layer made without settings: which defaults show in what it does.

A target shows its defaults in one of three ways: an adapter's ``default_layer(channels, dtype)``,
a ``layer`` whose signature has defaults, or a ``train`` that has.  What is required is given.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import numpy as np

from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.contract.signatures import layer_options
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import STATISTICS

T = TypeVar("T")
GIVEN = {"momentum": 0.25, "eps": 0.5}
"""What is passed for a setting that has no default."""


@dataclass
class DefaultBehaviour:
    """What a layer made without settings holds, and does with some batches.

    Attributes:
        origin: what was called, in words; "" if there is nothing to call without settings.
        told: defaults as the signature or the layer itself tells them; None for the cumulative
            average.
        given: settings that had to be passed.
        given_statistics: whether the statistics it started from are the caller's.
        states: running statistics before the first batch and after each; without those that it
            does not hold.
        outputs: y of each batch.
        raised: what went wrong, in a line.
    """

    origin: str = ""
    told: dict[str, float | None] = field(default_factory=dict)
    given: dict[str, float] = field(default_factory=dict)
    given_statistics: bool = False
    states: list[dict[str, Array]] = field(default_factory=list)
    outputs: list[Array] = field(default_factory=list)
    raised: str = ""


def default_behaviour(
    implementation: Any, batches: Sequence[Array], channels: int, announce: Callable[[str], None]
) -> DefaultBehaviour:
    """Make a layer without settings, and train it on batches; whatever is raised is written down.

    >>> class Mine:
    ...     def train(self, x, gamma, beta, rm, rv, *, momentum=0.5, eps=1e-5):
    ...         return x, rm / 2, rv, None
    >>> default_behaviour(Mine(), [np.ones((2, 1))], 1, print).told
    making a layer
    train
    {'momentum': 0.5, 'eps': 1e-05}
    """
    made = DefaultBehaviour()
    announce("making a layer")
    try:
        layer = _layer(implementation, channels, batches[0], made)
        if layer is None:
            return made
        made.states.append(_state(layer))
        for x in batches:
            announce("train")
            given = x.copy()
            made.outputs.append(_called(partial(_trained, layer, given)))
            made.states.append(_state(layer))
    except _TargetError as error:
        made.raised = str(error)
    return made


class _TargetError(Exception):
    """What the target raised, in a line."""


def _called(call: Callable[[], T]) -> T:
    """The result of a call of the target; raises _TargetError if it raises."""
    try:
        return call()
    except BaseException as error:
        text = " ".join(str(error).split())
        raise _TargetError(f"{type(error).__name__}: {text}"[:200]) from error


def _layer(implementation: Any, channels: int, x: Array, made: DefaultBehaviour) -> Any:
    """The layer, with what is known of it written into ``made``; None if there is none."""
    if hasattr(implementation, "default_layer"):
        made.origin = "made without settings"
        layer = _called(lambda: implementation.default_layer(channels, x.dtype.name))
        made.told = _called(lambda: dict(layer.settings()))
        return layer
    for method in ("layer", "train"):
        told = _defaults(getattr(implementation, method, None))
        if told:
            made.origin, made.told = f"the signature of {method}", told
            made.given = {name: GIVEN[name] for name in GIVEN if name not in told}
            if method == "train":
                made.given_statistics = True
                return _Functions(implementation, channels, x, made.given)
            options: dict[str, Any] = {"dtype": x.dtype.name, "rank": x.ndim}
            asked = {name: options[name] for name in layer_options(implementation.layer)}
            return _called(partial(implementation.layer, channels, **made.given, **asked))
    return None


def _defaults(method: Any) -> dict[str, float | None]:
    """The defaults of momentum and eps in a signature."""
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):
        return {}
    found = {name: parameters[name].default for name in GIVEN if name in parameters}
    return {name: value for name, value in found.items() if value is not inspect.Parameter.empty}


def _state(layer: Any) -> dict[str, Array]:
    return _called(lambda: _statistics(layer.state()))


def _trained(layer: Any, x: Array) -> Array:
    return np.array(np.asarray(layer.train(x)[0]))


def _statistics(state: Any) -> dict[str, Array]:
    return {n: np.array(np.asarray(state[n])) for n in STATISTICS if state.get(n) is not None}


class _Functions:
    """A functional ``train`` as a layer, on statistics that start from 0 and 1."""

    def __init__(
        self, implementation: Any, channels: int, x: Array, given: dict[str, float]
    ) -> None:
        self._implementation, self._given = implementation, given
        kind = np.float64 if x.dtype == np.float64 else np.float32
        declared = declaration_of(implementation)
        self._affine = (
            np.ones(channels, kind) if declared.has_gamma else None,
            np.zeros(channels, kind) if declared.has_beta else None,
        )
        self._statistics = np.zeros(channels, kind), np.ones(channels, kind)

    def train(self, x: Array) -> tuple[Any, None]:
        y, mean, var, _ = self._implementation.train(
            x, *self._affine, *self._statistics, **self._given
        )
        if mean is not None and var is not None:
            self._statistics = np.array(mean), np.array(var)
        return y, None

    def state(self) -> dict[str, Array]:
        return dict(zip(STATISTICS, self._statistics, strict=True))
