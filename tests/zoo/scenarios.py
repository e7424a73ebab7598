"""Situations in which implementations are tried, and what came out of them, by name.

This is an engineer's check of the zoo itself. It is not the judge that the zoo examines.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Arrays = dict[str, Any]
INPUTS = ("x", "gamma", "beta", "running_mean", "running_var")
MINIMUM = {"float16": 2.0, "bfloat16": 0.25}  # scale of x that makes 16 bits show


@dataclass(frozen=True)
class Scenario:
    """One situation: sizes, settings, and how its data and its layout are unusual."""

    name: str
    shape: tuple[int, ...]
    eps: float = 0.25
    momentum: float | None = 0.3
    seen: int = 0
    edit: Callable[[Arrays], None] | None = None
    layout: Callable[[Arrays], None] | None = None
    dtypes: tuple[str, ...] = ("float32", "float64", "float16", "bfloat16")


def kind(name: str) -> Any:
    """Return a NumPy dtype by its name, bfloat16 too."""
    return np.dtype(getattr(ml_dtypes, name, name))


def draw(target: Any, scenario: Scenario, dtype: str, seed: int = 0) -> Arrays:
    """Draw the arrays of a scenario in the types, axis and layout that a target wants."""
    rng = np.random.default_rng([seed, *scenario.shape])
    channels = (scenario.shape[1],)
    arrays: Arrays = {
        "x": rng.normal(0.5, 2, scenario.shape),
        "gamma": rng.normal(0, 1.5, channels),
        "beta": rng.normal(0, 1, channels),
        "running_mean": rng.normal(0, 1, channels),
        "running_var": rng.uniform(0.5, 2, channels),
        "dy": rng.normal(0.2, 1, scenario.shape),
    }
    if scenario.edit is not None:
        scenario.edit(arrays)
    parameter = parameter_dtype(target, dtype)
    for name, values in arrays.items():
        with np.errstate(all="ignore"):
            wanted = kind(dtype if name in ("x", "dy") else parameter)
            arrays[name] = np.array(values.astype(wanted), order="C")
    if getattr(target, "channel_axis", 1) == -1:
        for name in ("x", "dy"):
            arrays[name] = np.ascontiguousarray(np.moveaxis(arrays[name], 1, -1))
    if scenario.layout is not None:
        scenario.layout(arrays)
    return arrays


def parameter_dtype(target: Any, dtype: str) -> str:
    """Return the dtype of gamma for a dtype of x."""
    wide = {"float16": "float32", "bfloat16": "float32", **getattr(target, "parameter_dtypes", {})}
    return str(wide.get(dtype, dtype))


def fitting(target: Any, scenario: Scenario) -> Scenario | None:
    """Adapt a scenario to what a target accepts, or return None."""
    fixed, accepts = getattr(target, "fixed", {}), getattr(target, "accepts", {})
    shape = fixed.get("shape", scenario.shape)
    if "channels" in fixed:
        shape = (shape[0], fixed["channels"], *shape[2:])
    eps, momentum = fixed.get("eps", scenario.eps), fixed.get("momentum", scenario.momentum)
    low, high = accepts.get("eps", (0, np.inf))
    small, great = accepts.get("momentum", (0, 1))
    if momentum is None and not getattr(target, "cumulative", False):
        return None
    if not low <= eps <= high or not small <= (momentum or small) <= great:
        return None
    if len(shape) not in getattr(target, "ranks", (2, 4)):
        return None
    return replace(scenario, shape=shape, eps=eps, momentum=momentum)


class Functions:
    """Calls a target by the contract, by its layer if it has no functions."""

    def __init__(self, target: Any, dtype: str, rank: int) -> None:
        self.instance = target()
        self.target, self.dtype, self.rank = target, dtype, rank

    def train(self, arrays: Arrays, scenario: Scenario) -> Any:
        """Train, or return None if the target cannot."""
        if hasattr(self.target, "train"):
            given = [self._given(arrays, name) for name in INPUTS]
            extra = {"batches_seen": scenario.seen} if scenario.momentum is None else {}
            settings = {"momentum": scenario.momentum, "eps": scenario.eps, **extra}
            return self.instance.train(*given, **settings)
        if not hasattr(self.target, "layer"):
            return None
        layer = self.loaded(arrays, scenario)
        y, backward = layer.train(arrays["x"])
        return y, layer.state()["running_mean"], layer.state()["running_var"], backward

    def infer(self, arrays: Arrays, scenario: Scenario) -> Any:
        """Infer, or return None if the target cannot."""
        if hasattr(self.target, "infer"):
            given = [self._given(arrays, name) for name in INPUTS]
            return self.instance.infer(*given, eps=scenario.eps)
        if not hasattr(self.target, "layer"):
            return None
        layer = self.loaded(arrays, scenario)
        y, backward = layer.infer(arrays["x"])
        return y, layer.state()["running_mean"], layer.state()["running_var"], backward

    def loaded(self, arrays: Arrays, scenario: Scenario) -> Any:
        """Make a layer and load the state of these arrays into it."""
        layer = self.layer(len(arrays["gamma"]), scenario)
        counted = {"batches_seen": np.array(scenario.seen)}
        layer.load({name: arrays[name].copy() for name in INPUTS[1:]} | counted)
        return layer

    def layer(self, channels: int, scenario: Scenario) -> Any:
        """Make a layer."""
        wanted = inspect.signature(self.instance.layer).parameters
        offered = {"dtype": self.dtype, "rank": self.rank}
        extra = {name: value for name, value in offered.items() if name in wanted}
        return self.instance.layer(channels, momentum=scenario.momentum, eps=scenario.eps, **extra)

    def _given(self, arrays: Arrays, name: str) -> Any:
        bare = getattr(self.target, "affine_parameters", "") == "none"
        return None if bare and name in ("gamma", "beta") else arrays[name]


def outcomes(target: Any, scenario: Scenario, dtype: str) -> dict[str, Any]:
    """Try a target in a scenario and collect everything that can be seen, by name."""
    functions = Functions(target, dtype, len(scenario.shape))
    with np.errstate(all="ignore"):
        return dict(_tried(functions, scenario, dtype))


def _tried(functions: Functions, scenario: Scenario, dtype: str) -> Iterator[tuple[str, Any]]:
    draws = [draw(functions.target, scenario, dtype, seed) for seed in range(4)]
    before = [_copies(arrays) for arrays in draws]
    kept: list[tuple[Any, Any]] = []
    yield from _call(functions.train, draws[0], scenario, "", kept, again=True)
    backward = kept[0][0][3] if kept else None
    yield from _call(functions.infer, draws[1], scenario, "infer.", kept, again=False)
    yield from _later(backward, draws[0]["dy"], "/after inference")
    doubled = replace(scenario, eps=scenario.eps * 2)
    changed = fitting(functions.target, doubled) or scenario
    yield from _call(functions.train, draws[2], changed, "other ", kept, again=False)
    yield from _later(backward, draws[0]["dy"], "/after training")
    yield "results", [_same(result[:3], copies) for result, copies in kept]
    yield (
        "inputs",
        [_same(list(a.values()), list(b.values())) for a, b in zip(draws, before, strict=True)],
    )
    yield "buffers", [np.array(draws[k][n]) for k in (0, 1, 2) for n in INPUTS[3:]]
    for name in INPUTS:
        draws[2][name][...] = before[3][name]
    halved = replace(scenario, momentum=scenario.momentum and scenario.momentum / 2)
    more = fitting(functions.target, halved) or scenario
    yield from _call(functions.train, draws[2], more, "refilled ", kept, again=True)
    yield from _call(functions.infer, draws[2], more, "infer.refilled ", kept, again=False)
    for turn, size in enumerate(_sizes(functions.target, scenario)):
        arrays = draw(functions.target, replace(size, layout=None), dtype, 7)
        yield from _call(functions.train, arrays, size, f"size{turn} ", kept, again=False)
    other = Functions(functions.target, dtype, functions.rank)
    yield from _call(other.train, before[1], scenario, "second ", [], again=False)
    yield from _later(backward, draws[0]["dy"], "/after another instance")


def _sizes(target: Any, scenario: Scenario) -> Iterator[Scenario]:
    """Return the scenario in other ranks and sizes, and with a single value that is refused."""
    count, channels, *spatial = scenario.shape
    shapes = [(count + 3, channels, *spatial), (count + 2, channels, 2, 2), (5, channels)]
    refused = getattr(target, "single_value", "error") == "error"
    shapes += [(1, channels), (6, channels)] if refused else [(6, channels)]
    for shape in shapes:
        fit = fitting(target, replace(scenario, shape=shape))
        if count > 1 and fit is not None and fit.shape == shape:
            yield fit


def _call(
    function: Any, arrays: Arrays, scenario: Scenario, prefix: str, kept: Any, *, again: bool
) -> Iterator[tuple[str, Any]]:
    try:
        results = function(arrays, scenario)
    except (ValueError, ArithmeticError, RuntimeError):
        yield f"raises/{prefix}", True
        return
    if results is None:
        return
    yield f"raises/{prefix}", False
    names = [prefix + name for name in ("y", "running_mean", "running_var")]
    arrived = [None if r is None else np.array(r) for r in results[:3]]
    kept.append((results, arrived))
    yield from zip(names, arrived, strict=True)
    yield f"dtype/{prefix}", [str(a.dtype) for a in arrived if a is not None]
    yield f"shape/{prefix}", [a.shape for a in arrived if a is not None]
    for turn in ("", "/again") if again else ("",):
        yield from _later(results[3], arrays["dy"], turn, prefix)
    yield from _kept_gradients(results[3], arrays["dy"], prefix)


def _later(backward: Any, dy: Any, turn: str, prefix: str = "") -> Iterator[tuple[str, Any]]:
    if backward is None:
        return
    try:
        results = backward(dy)
    except (ValueError, ArithmeticError, RuntimeError):
        yield f"raises/{prefix}backward{turn}", True
        return
    names = [f"{prefix}{name}{turn}" for name in ("dx", "dgamma", "dbeta")]
    yield from zip(names, [None if r is None else np.array(r) for r in results], strict=True)
    yield f"dtype/{prefix}backward", [str(r.dtype) for r in results if r is not None]
    yield f"shape/{prefix}backward", [r.shape for r in results if r is not None]


def _kept_gradients(backward: Any, dy: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if backward is None:
        return
    try:
        first = backward(dy)
        copies = [None if r is None else np.array(r) for r in first]
        backward(dy + dy)
    except (ValueError, ArithmeticError, RuntimeError):
        return
    yield f"results/{prefix}backward", _same(first, copies)


def _copies(arrays: Arrays) -> Arrays:
    return {name: np.array(values) for name, values in arrays.items()}


def _same(one: Any, two: Any) -> list[bool]:
    pairs = zip(one, two, strict=True)
    return [a is b or bool(np.array_equal(a, b, equal_nan=True)) for a, b in pairs]


def differing(one: dict[str, Any], two: dict[str, Any], tolerance: float) -> set[str]:
    """Return the names, without what follows a space or slash, whose outcomes differ."""
    return {
        _plain(name)
        for name in one.keys() | two.keys()
        if _differ(one.get(name), two.get(name), tolerance)
    }


def _plain(name: str) -> str:
    inference = "infer." if name.startswith("infer.") else ""
    bare = name.split("/", maxsplit=1)[0].removeprefix("infer.").replace("buffers", "inputs")
    return inference + bare.rsplit(" ", maxsplit=1)[-1]


def _differ(one: Any, two: Any, tolerance: float) -> bool:
    if isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        return any(_differ(a, b, tolerance) for a, b in zip(one, two, strict=True))
    if not isinstance(one, np.ndarray) or not isinstance(two, np.ndarray):
        return type(one) is not type(two) or bool(one != two)
    return one.shape != two.shape or not _close(one, two, tolerance)


def _close(one: Any, two: Any, tolerance: float) -> bool:
    one, two = one.astype(np.float64), two.astype(np.float64)
    finite = np.isfinite(two)
    if (np.isfinite(one) != finite).any():
        return False
    scale = np.max(np.abs(two[finite]), initial=0)
    return bool((np.abs(one[finite] - two[finite]) <= tolerance * scale).all())
