"""The situations in which the zoo is tried: sizes, settings, magnitudes, layouts, calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scenarios import Arrays, Functions, Scenario, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def scaled(**factors: float) -> Callable[[Arrays], None]:
    """Multiply arrays with factors."""

    def edit(arrays: Arrays) -> None:
        for name, factor in factors.items():
            arrays[name] *= factor

    return edit


def moved(offset: float, scale: float = 1.0) -> Callable[[Arrays], None]:
    """Scale x and move it to an offset far from zero."""

    def edit(arrays: Arrays) -> None:
        arrays["x"] = arrays["x"] * scale + offset

    return edit


def constant(**values: float) -> Callable[[Arrays], None]:
    """Fill arrays with constants."""

    def edit(arrays: Arrays) -> None:
        for name, value in values.items():
            arrays[name][...] = value

    return edit


def first_channel(**values: float) -> Callable[[Arrays], None]:
    """Fill the first channel of arrays with constants."""

    def edit(arrays: Arrays) -> None:
        for name, value in values.items():
            channel = arrays[name][:1] if arrays[name].ndim == 1 else arrays[name][:, 0]
            channel[...] = value

    return edit


def one_value(name: str, value: float) -> Callable[[Arrays], None]:
    """Replace one value of the first channel."""

    def edit(arrays: Arrays) -> None:
        arrays[name][0, 0] = value

    return edit


def defaults(arrays: Arrays) -> None:
    """Set what a fresh layer has."""
    constant(gamma=1, beta=0, running_mean=0, running_var=1)(arrays)


def laid(make: Callable[[Any], Any], *names: str) -> Callable[[Arrays], None]:
    """Lay arrays into memory in a way of their own."""

    def layout(arrays: Arrays) -> None:
        for name in names:
            arrays[name] = make(arrays[name])

    return layout


def stepped(array: Any) -> Any:
    """Lay an array as every other element of its last axis."""
    wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 9, array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def reversed_rows(array: Any) -> Any:
    """Lay an array with a negative first stride."""
    return array[::-1].copy()[::-1]


def reversed_columns(array: Any) -> Any:
    """Lay an array with a negative second stride."""
    return array[:, ::-1].copy()[:, ::-1]


def channels_last(array: Any) -> Any:
    """Lay an array with its channels last."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def expanded(array: Any) -> Any:
    """Broadcast one value to an array with zero strides."""
    return np.broadcast_to(array.reshape(-1)[0], array.shape)


WIDE = ("float32", "float64")
PARAMETERS = ("gamma", "beta", "running_mean", "running_var")

ORDINARY = [
    Scenario("small", (6, 3)),
    Scenario("image", (2, 3, 4, 5), eps=0.5),
    Scenario("defaults", (8, 4), 1e-5, 0.1, edit=defaults),
    Scenario("wide", (16, 130)),
    Scenario("long", (300, 2)),
    Scenario("sequence", (3, 2, 7)),
    Scenario("volume", (2, 2, 3, 2, 2)),
    Scenario("one image", (1, 3, 4, 4)),
    Scenario("one channel", (7, 1)),
    Scenario("two", (2, 3), momentum=0.9),
    Scenario("cubic", (4, 4, 4, 4)),
    Scenario("square", (5, 5)),
]

UNUSUAL = [
    Scenario("offset", (32, 3), 1e-3, edit=moved(1e3), dtypes=WIDE),
    Scenario("far", (32, 3), 1e-5, edit=moved(1e4, 0.01), dtypes=WIDE),
    Scenario("positive", (8, 3), edit=moved(9)),
    Scenario("offset of 16 bits", (64, 3), edit=moved(24)),
    Scenario("large for 16 bits", (64, 3), edit=scaled(x=300)),
    Scenario("small for 16 bits", (64, 3), 1e-8, edit=scaled(x=1e-6)),
    Scenario("outlier", (256, 3), edit=one_value("x", 900)),
    Scenario("constant", (7, 3), edit=first_channel(x=2)),
    Scenario("tiny deviation", (8, 3), 1e-14, edit=scaled(x=1e-6), dtypes=WIDE),
    Scenario("small deviation", (8, 3), 1e-6, edit=scaled(x=1e-3), dtypes=WIDE),
    Scenario("large", (8, 3), edit=scaled(x=1e9), dtypes=WIDE),
    Scenario("unequal", (8, 3), 1e-12, edit=first_channel(x=1e9, dy=0), dtypes=WIDE),
    Scenario("large variance", (8, 3), edit=scaled(running_var=1e6), dtypes=WIDE),
    Scenario("large variance in half", (8, 3), edit=scaled(x=300, running_var=1e6)),
    Scenario("small variance", (8, 3), 1e-9, edit=scaled(running_var=1e-8)),
    Scenario("zero variance", (8, 3), edit=constant(running_var=0)),
    Scenario("tiny dy", (8, 3), edit=scaled(dy=1e-10), dtypes=WIDE),
    Scenario("subnormal dy", (8, 3), edit=scaled(dy=1e-39), dtypes=("float32",)),
    Scenario("large dy", (8, 3), edit=scaled(dy=5e4)),
    Scenario("gamma zero", (8, 3), edit=constant(gamma=0)),
    Scenario("gamma tiny", (8, 3), edit=constant(gamma=1e-9), dtypes=WIDE),
    Scenario("gamma negative", (8, 3), edit=constant(gamma=-1.25)),
    Scenario("beta zero", (8, 3), edit=constant(beta=0)),
    Scenario("momentum zero", (6, 3), momentum=0.0),
    Scenario("momentum one", (6, 3), momentum=1.0),
    Scenario("eps is small", (6, 3), 1e-5, 0.1),
    Scenario("eps like var", (2, 3), 1.1e-5, 0.1, edit=scaled(x=2e-3), dtypes=WIDE),
    Scenario("nan", (6, 3), edit=one_value("x", np.nan)),
    Scenario("infinity", (6, 3), edit=one_value("x", np.inf)),
    Scenario("nan in dy", (6, 3), edit=one_value("dy", np.nan)),
    Scenario("single", (1, 3)),
    Scenario("empty", (0, 3)),
    Scenario("no eps", (6, 3), 0.0),
    Scenario("cumulative", (6, 3), momentum=None, seen=0),
    Scenario("cumulative later", (6, 3), momentum=None, seen=3),
    Scenario("cumulative late", (6, 3), momentum=None, seen=5000),
]

SIZES = [
    Scenario("thirteen", (13, 9)),
    Scenario("seventeen", (17, 3)),
    Scenario("tile", (64, 32)),
    Scenario("ragged", (130, 2)),
    Scenario("ragged images", (5, 2, 9, 9)),
    Scenario("odd plane", (3, 2, 3, 5)),
    Scenario("width one", (4, 3, 5, 1)),
    Scenario("height one", (4, 3, 1, 5)),
    Scenario("one channel of images", (3, 1, 2, 2)),
    Scenario("beyond 256", (257, 2)),
    Scenario("three channels", (600, 3)),
    Scenario("beyond 1024", (1100, 3)),
    Scenario("beyond 2048", (2051, 2)),
    Scenario("beyond 32767", (33000, 1)),
    Scenario("beyond 65535", (66248, 1)),
    Scenario("channels beyond 256", (3, 300)),
    Scenario("channels beyond 1024", (3, 1030)),
]

LAYOUTS = [
    Scenario("x fortran", (5, 5), layout=laid(np.asfortranarray, "x")),
    Scenario("x stepped", (6, 4), layout=laid(stepped, "x")),
    Scenario("x reversed", (6, 4), layout=laid(reversed_rows, "x")),
    Scenario("x columns reversed", (6, 4), layout=laid(reversed_columns, "x")),
    Scenario("x channels last", (3, 4, 2, 5), layout=laid(channels_last, "x")),
    Scenario("dy fortran", (5, 5), layout=laid(np.asfortranarray, "dy")),
    Scenario("dy stepped", (6, 4), layout=laid(stepped, "dy")),
    Scenario("dy channels last", (3, 4, 2, 5), layout=laid(channels_last, "dy")),
    Scenario("dy expanded", (6, 4), layout=laid(expanded, "dy")),
    Scenario("parameters stepped", (6, 4), layout=laid(stepped, *PARAMETERS)),
    Scenario("parameters reversed", (6, 4), layout=laid(reversed_rows, *PARAMETERS)),
]

SCENARIOS = ORDINARY + UNUSUAL + LAYOUTS + SIZES


@dataclass
class Visit:
    """A layer that is being tried, and what it is fed with."""

    functions: Functions
    scenario: Scenario
    x: list[Any]

    def fresh(self) -> Any:
        """Make another layer of the same width."""
        return self.functions.layer(self.x[0].shape[1], self.scenario)

    def gradient(self, results: Any) -> Any:
        """Differentiate what a layer returned."""
        return [None if r is None else np.array(r) for r in results[1](self.x[-1])]


def layer_outcomes(target: Any, scenario: Scenario) -> dict[str, Any]:
    """Try the layers of a target and collect everything that can be seen, by name."""
    dtype = getattr(target, "dtypes", ("float32",))[0]
    batches = [draw(target, scenario, dtype, seed)["x"] for seed in range(6)]
    visit = Visit(Functions(target, dtype, len(scenario.shape)), scenario, batches)
    seen: dict[str, Any] = {}
    with np.errstate(all="ignore"):
        for steps in (_two_layers, _modes, _saving, _many):
            for name, value in steps(visit):
                seen[f"layer/{steps.__name__}{name}{len(seen)}"] = value
    return seen


def _values(state: dict[str, Any]) -> list[Any]:
    return [np.array(state[name]) for name in sorted(state)]


def _two_layers(visit: Visit) -> Iterator[tuple[str, Any]]:
    one, two = visit.fresh(), visit.fresh()
    first = one.train(visit.x[0])
    live = one.state()
    yield "y", np.array(first[0])
    yield "untouched", _values(two.state())
    second = two.train(visit.x[1])
    yield "both", _values(one.state()) + _values(two.state())
    yield "gradients", visit.gradient(first) + visit.gradient(second)
    one.train(visit.x[2])
    yield "earlier", visit.gradient(first)
    yield "kept", _values(live)
    yield "after backward", _values(one.state())


def _modes(visit: Visit) -> Iterator[tuple[str, Any]]:
    layer = visit.fresh()
    for x in visit.x[:3]:
        layer.train(x)
        yield "state", _values(layer.state())
        yield "inferred", np.array(layer.infer(x + x)[0])
        yield "unchanged", _values(layer.state())
    yield "gradient", visit.gradient(layer.infer(visit.x[3]))


def _saving(visit: Visit) -> Iterator[tuple[str, Any]]:
    one, two = visit.fresh(), visit.fresh()
    for x in visit.x[:3]:
        one.train(x)
    state = one.state()
    if "beta" in state:
        state["beta"] = state["beta"] + state["beta"].dtype.type(0.75)
    two.infer(visit.x[0])
    two.load(state)
    yield "loaded", _values(two.state())
    yield "inferred", np.array(two.infer(visit.x[3])[0])
    two.train(visit.x[4])
    yield "loaded state", _values(state)
    yield "trained", _values(two.state())


def _many(visit: Visit) -> Iterator[tuple[str, Any]]:
    layer = visit.fresh()
    for k in range(150):
        layer.train(visit.x[k % 5] + k)
    yield "end", _values(layer.state())
