"""The search for lives of layers: Hypothesis writes their scripts, seeded.

Each script is run as one case, by the worker that runs all others, and every step of it is judged
from the state that the layer reported before, by exact arithmetic.

These are no rules of a Hypothesis state machine: it draws from ranges into which constants of the
imported modules are mixed, see `bnproof.engine.search.strategies.SEEDS`.
"""

import itertools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import Phase, given
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.layouts import Layout
from bnproof.engine.model.names import MODES
from bnproof.engine.model.script import BATCHES, TRAINED, Action, ActionKind
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.layer_data import SHAPES, accumulates, ranks
from bnproof.engine.search.cases import Violated, Violates, is_violated
from bnproof.engine.search.seeded import seeded
from bnproof.engine.search.strategies import SEEDS, SETTINGS

Run = Callable[[Case], list[Record]]
STEPS = 12
"""At most so many actions in a life."""

ACTIONS: tuple[ActionKind, ...] = ("infer", "train", "backward", "save", "load")
"""What layers do in a searched life."""

LAYERS = st.sampled_from((0, 1))
SIZES = st.sampled_from((0, 0, 2, 3, 5, 9))
"""Examples of a batch, 0 for as many as it has."""

CHANNELS = st.sampled_from((3, 3, 3, 40))
PLACES: tuple[Layout, ...] = ("C", "C", "C", "Fortran", "stepped", "channels moved", "middle")
"""Memory layouts of x; the first is by far the commonest, and what others shrink to."""


def search_lives(
    run: Run,
    declaration: Declaration,
    dtype: str,
    *,
    examples: int,
    seed_value: int,
    violates: Violates = is_violated,
) -> list[Record]:
    """Records of searched lives and their steps; where one violates something, the shortest too.

    ``run`` executes and judges a life; ``violates`` tells what ends the search.  The same seed
    gives the same records.
    """
    kept: list[Record] = []
    violating: list[list[Record]] = []
    numbers = itertools.count(1)

    @seeded(seed_value, examples, Phase.generate, Phase.shrink)
    @given(lives(declaration=declaration, dtype=dtype))
    def look(case: Case) -> None:
        tags = case.tags | {Tag.SEARCHED}
        records = run(case.with_(name=f"searched life {next(numbers)}", tags=tags))
        if any(map(violates, records)):
            violating.append(records)
            raise Violated
        kept.extend(records)

    with suppress(Violated, Flaky):  # what does not fail again was violated all the same
        look()
    if violating:
        shortest: list[Record] = min(violating, key=_length)
        kept += shortest
    return kept


def _length(records: list[Record]) -> tuple[int, int]:
    """How long a life is, then how large its data."""
    case = records[0].case
    return len(case.script), case.x.size


@st.composite
def lives(draw: Any, *, declaration: Declaration, dtype: str) -> Case:
    """Two layers with their settings and data, and the script of what they do.

    A life does only some of the actions, so that each comes many times in a row in some of them.
    One that does nothing evaluates once, so that every life counts.
    """
    rank = draw(st.sampled_from(ranks(declaration)))
    eps, weight = draw(st.sampled_from(SETTINGS))
    cumulative = accumulates(declaration) and draw(st.booleans())
    build = Builder(declaration, dtype, draw(SEEDS))
    count, channels, *spatial = SHAPES[rank]
    if not build.compiled:
        channels = draw(CHANNELS)
    case = build.case(
        "life",
        build.normal(count, channels, *spatial),
        eps=eps,
        weight=None if cumulative else weight,
        calls="layer",
        tags=frozenset({Tag.LAYER}),
    )
    chosen = [kind for kind in ACTIONS if draw(st.booleans())]
    script: list[Action] = []
    for _ in range(STEPS):
        kind = draw(st.sampled_from((None, *chosen)))  # shrinks to nothing
        if kind is not None and (action := _drawn(draw, kind, script)) is not None:
            if kind in MODES and not build.compiled:
                layout = draw(st.sampled_from(PLACES))
                action = replace(action, size=draw(SIZES), layout=layout)
            script.append(action)
    return case.with_(script=tuple(script) or (Action("infer"),))


def _drawn(draw: Any, kind: ActionKind, script: list[Action]) -> Action | None:
    """The next action of a script, None for one that needs a call or a state before it."""
    if kind == "backward":
        calls = sum(action.kind in ("train", "infer") for action in script)
        return Action("backward", number=draw(st.integers(0, calls - 1))) if calls else None
    layer = draw(LAYERS)
    if kind == "load":
        saved = sum(action.kind == "save" for action in script)
        return Action("load", layer, number=draw(st.integers(0, saved - 1))) if saved else None
    if kind == "save":
        return Action("save", layer)
    batch = draw(st.sampled_from(TRAINED if kind == "train" else tuple(BATCHES)))
    return Action(kind, layer, batch)
