"""Cases and counterexamples as tables of text, numbers and lists, for JSON and for TOML alike.

Nothing from a table is executed: a case is numbers, and names out of closed lists.  What is
missing in a table is None in the case, since TOML has no null.
"""

from dataclasses import asdict
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import RANKS
from bnproof.engine.judging.counterexample import Counterexample
from bnproof.engine.model.case import (
    ARRAYS,
    DOUBLE_ARGUMENTS,
    EXTRAS,
    LIKE_X_ARGUMENTS,
    PLANS,
    WHOLE_ARGUMENTS,
    Case,
    Twin,
)
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import LAYOUTS, SAME, Alias, Layout, Place
from bnproof.engine.model.names import MODES, Argument
from bnproof.engine.model.script import BATCHES, KINDS, MOST_LAYERS, Action, ActionKind
from bnproof.engine.model.tag import Tag
from bnproof.store.arrays import from_table, hexadecimal, to_table
from bnproof.store.fields import Fields, StoreError

LAID_OUT: tuple[Argument, ...] = (*ARRAYS, "residual")
"""The arrays that have a layout, an alias behind the array that it is."""

OPTIONAL: tuple[Argument, ...] = ("gamma", "beta", *DOUBLE_ARGUMENTS)
CASE = (
    "name",
    *ARRAYS,
    *EXTRAS,
    "eps",
    "momentum",
    "batches_seen",
    "layouts",
    "calls",
    "tags",
    "steps",
    "twin",
    "data_key",
    "script",
    "demand",
)
NOT_READ = ("judged_channels",)
"""What older versions wrote: the channels that were judged, which are all of them now."""

TAGS = tuple(tag.value for tag in Tag)
DEMANDS = tuple(map(str, Demand))
MOST_STEPS = 10_000
MOST_EXAMPLES = 100_000
MOST_ACTIONS = 1000
MOST_RELATED = 64
MOST_TAGS = 64
MOST_BATCHES = 2**53
WHOLE_NUMBER = 2**31
ONE_AXIS: tuple[Layout, ...] = tuple(layout for layout in LAYOUTS if layout != "reversed channels")


def counterexample_table(found: Counterexample) -> dict[str, Any]:
    """A counterexample as a table."""
    made: dict[str, Any] = {"name": found.name, "case": case_table(found.case)}
    if found.related:
        made["related"] = [case_table(case) for case in found.related]
    return made


def read_counterexample(fields: Fields) -> Counterexample:
    """A counterexample from such a table; StoreError for anything else."""
    fields.only(("name", "case", "related"))
    case = read_case(fields.table("case"))
    related = fields.rows("related", MOST_RELATED, read_case)
    if any(other.dtype != case.dtype for other in related):
        raise StoreError(f"{fields.where}: related cases are of another dtype")
    return Counterexample(fields.text("name"), case, related)


def case_table(case: Case) -> dict[str, Any]:
    """A case as a table; the memory of its arrays is what their layouts say."""
    made: dict[str, Any] = {
        "name": case.name,
        "eps": hexadecimal(float(case.eps)),
        "calls": case.calls,
    }
    if case.momentum is not None:
        made["momentum"] = hexadecimal(float(case.momentum))
    for name in ("batches_seen", "data_key", "demand"):
        if getattr(case, name):
            made[name] = getattr(case, name)
    if case.tags:
        made["tags"] = sorted(tag.value for tag in case.tags)
    if case.layouts:
        made["layouts"] = {name: str(place) for name, place in case.layouts.items()}
    arrays = {name: getattr(case, name) for name in (*ARRAYS, *EXTRAS)}
    made |= {name: to_table(a) for name, a in arrays.items() if a is not None}
    if case.steps:
        made["steps"] = [to_table(step) for step in case.steps]
    if case.script:
        made["script"] = [asdict(action) for action in case.script]
    if case.twin is not None:
        how = {key: _how_table(value) for key, value in case.twin.how.items()}
        made["twin"] = {"of": case.twin.of, "relation": case.twin.relation, "how": how}
    return made


def read_case(fields: Fields) -> Case:
    """A case from such a table; StoreError for anything else."""
    fields.only((*CASE, *NOT_READ))
    x = from_table(fields.table("x"))
    if x.ndim < 2:
        raise StoreError(f"{fields.where}: x has the shape {x.shape}; due are 2 to 5 axes")
    held = {name: _argument(fields, name, x) for name in ARRAYS[1:]}
    kept = {name: a for name, a in held.items() if a is not None}
    added = _extra(fields, "residual", x.shape, x.dtype.name)
    dtypes = {a.dtype for name, a in kept.items() if name not in WHOLE_ARGUMENTS}
    wide = {a.dtype for name, a in kept.items() if name in WHOLE_ARGUMENTS}
    if len(dtypes) != 1 or wide != {x.dtype}:
        raise StoreError(f"{fields.where}: the dtypes of its arrays do not go together")
    return Case(
        name=fields.text("name"),
        x=x,
        **held,  # type: ignore[arg-type]  # those that may be are None
        eps=fields.real("eps"),
        momentum=fields.real("momentum") if "momentum" in fields else None,
        batches_seen=fields.whole("batches_seen", 0, MOST_BATCHES, 0),
        layouts=_layouts(fields, {"x": x, **held, "residual": added}),
        calls=fields.one_of("calls", PLANS),
        tags=frozenset(map(Tag, fields.each_of("tags", MOST_TAGS, TAGS))),
        steps=fields.rows("steps", MOST_STEPS, lambda step: _step(step, x)),
        twin=_twin(fields.table("twin")) if "twin" in fields else None,
        data_key=fields.text("data_key", ""),
        script=_script(fields),
        residual=added,
        mask=_extra(fields, "mask", (x.shape[0], *x.shape[2:]), "bool"),
        demand=_demand(fields),
    )


def _extra(fields: Fields, name: str, shape: tuple[int, ...], dtype: str) -> Array | None:
    """An array that only some targets take, None where there is none."""
    if name not in fields:
        return None
    a = from_table(fields.table(name), (dtype,))
    if a.shape != shape:
        raise StoreError(f"{fields.where}: {name} has the shape {a.shape}; expected {shape}")
    return a


def _argument(fields: Fields, name: str, x: Array) -> Array | None:
    if name in OPTIONAL and name not in fields:
        return None
    a = from_table(fields.table(name))
    due = x.shape if name in WHOLE_ARGUMENTS else x.shape[1:2]
    if a.shape != due:
        raise StoreError(f"{fields.where}: {name} has the shape {a.shape}; due is {due}")
    return a


def _step(fields: Fields, x: Array) -> Array:
    a = from_table(fields, (x.dtype.name,))
    if a.ndim != x.ndim or a.shape[1] != x.shape[1]:
        raise StoreError(f"{fields.where}: the shape {a.shape} does not go with x, {x.shape}")
    return a


def _script(fields: Fields) -> tuple[Action, ...]:
    """What layers live through; calls and states that are named again were made before."""
    actions = fields.rows("script", MOST_ACTIONS, _action)
    made = saved = 0
    layers = 2
    for action in actions:
        layers += action.kind == "make"
        if action.layer >= min(layers, MOST_LAYERS) or (
            action.kind == "make" and not action.number
        ):
            raise StoreError(f"{fields.where}: script: layer {action.layer} was not made")
        limits: dict[ActionKind, int] = {"backward": made, "load": saved}
        before = limits.get(action.kind, MOST_STEPS + 1)
        if not action.number < before:
            raise StoreError(f"{fields.where}: script: {action.kind} {action.number} was not made")
        made += action.kind in MODES
        saved += action.kind == "save"
    return actions


def _action(fields: Fields) -> Action:
    fields.only(("kind", "layer", "batch", "number", "size", "layout", "rank", "waits"))
    return Action(
        kind=fields.one_of("kind", KINDS),
        layer=fields.whole("layer", 0, MOST_LAYERS - 1),
        batch=fields.one_of("batch", BATCHES),
        number=fields.whole("number", 0, MOST_STEPS),
        size=fields.whole("size", 0, MOST_EXAMPLES, 0),
        layout=fields.one_of("layout", LAYOUTS) if "layout" in fields else "C",
        rank=fields.whole("rank", 0, max(RANKS), 0),
        waits=fields.get("waits", bool, "true or false") if "waits" in fields else False,
    )


def _demand(fields: Fields) -> Demand | None:
    return Demand(fields.one_of("demand", DEMANDS)) if "demand" in fields else None


def _layouts(fields: Fields, arrays: dict[Argument, Array | None]) -> dict[Argument, Place]:
    """Layouts by argument: names that are there, and aliases of arrays that are the same."""
    if "layouts" not in fields:
        return {}
    given = fields.table("layouts")
    given.only(LAID_OUT)
    return {name: _layout(given, name, arrays) for name in LAID_OUT if name in given}


def _layout(given: Fields, name: Argument, arrays: dict[Argument, Array | None]) -> Place:
    layout, own = given.text(name), arrays[name]
    if layout.startswith(SAME):
        before = LAID_OUT[: LAID_OUT.index(name)]
        named = layout.removeprefix(SAME)
        other = next((argument for argument in before if argument == named), None)
        if own is None or other is None or not _equal(own, arrays[other]):
            raise given.wrong(name, "the name of an earlier argument with the same values")
        return Alias(other)
    single = name not in LIKE_X_ARGUMENTS
    known = ONE_AXIS if single else tuple(LAYOUTS)
    return given.one_of(name, known)


def _equal(a: Array, b: Array | None) -> bool:
    return b is not None and a.shape == b.shape and a.tobytes() == b.tobytes()


def _twin(fields: Fields) -> Twin:
    fields.only(("of", "relation", "how"))
    how = fields.table("how")
    read = {name: _how(how, name) for name in how.names()}
    # bnproof 0.1 wrote the property's id: "forward/scale-law" for scale_law
    relation = fields.text("relation").rpartition("/")[2].replace("-", "_")
    return Twin(fields.text("of"), relation, read)


def _how_table(value: Any) -> Any:
    """A parameter of a transformation: a text, a whole number, or an array of numbers."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return to_table(np.asarray(value))


def _how(how: Fields, name: str) -> Any:
    value = how.get(name, object, "a parameter")
    if isinstance(value, str):
        return how.text(name)
    if isinstance(value, int):
        return how.whole(name, -WHOLE_NUMBER, WHOLE_NUMBER)
    return from_table(how.table(name), ("float64", "int64"))
