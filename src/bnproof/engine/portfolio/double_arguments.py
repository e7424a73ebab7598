"""What double backward is given, in one data set out of a few: it is as costly as all the rest."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from bnproof.engine.model.case import Case, from_columns
from bnproof.engine.model.formats import Array, format_of
from bnproof.engine.model.layouts import can_be_changed
from bnproof.engine.model.names import Argument
from bnproof.engine.model.tag import ANY_NONFINITE, Tag

EVERY = 4  # one data set in so many
LARGEST = 2**13  # elements of x; sums of more values are backward's to show
Alone = Literal["", "ddx", "ddgamma"]
ALONE: tuple[Alone, ...] = ("", "ddx", "", "ddgamma")
"""Which of the three is given alone, the others being zeros, in turns."""


def with_double(cases: Sequence[Case], seed: int) -> list[Case]:
    """The cases, some of them with ddx, ddgamma and ddbeta.

    All cases of one data set have the same, or none, so that their truth is formed once; of a
    data set in many memory layouts some cases have them, and ddx lies in memory as dy does.
    """
    units = list(dict.fromkeys(_unit(case) for case in cases if _fitting(case)))
    turns = {unit: turn for turn, unit in enumerate(units[::EVERY])}
    return [
        given(case, ALONE[turns[_unit(case)] % len(ALONE)], seed)
        if _fitting(case) and _unit(case) in turns
        else case
        for case in cases
    ]


def given(case: Case, alone: Alone, seed: int) -> Case:
    """A case with ddx, ddgamma and ddbeta drawn; with one of them ``alone``, the others are 0."""
    rng = np.random.default_rng([seed, *_data_set(case).encode()])
    into = format_of(case.running_mean.dtype)
    drawn: dict[Argument, Array] = {
        "ddx": rng.normal(size=(case.count, case.channels)) - 0.25,
        "ddgamma": rng.uniform(-2, 2, case.channels),
        "ddbeta": rng.uniform(-2, 2, case.channels),
    }
    given_alone = alone == "ddx" or (alone == "ddgamma" and case.gamma is not None)
    if given_alone and Tag.LAYOUT not in case.tags:
        drawn = {name: value if name == alone else 0 * value for name, value in drawn.items()}
    ddx = from_columns(format_of(case.x.dtype).round(drawn["ddx"]), case.x.shape)
    parameters: dict[Argument, Array | None] = {
        "ddx": ddx,
        "ddgamma": None if case.gamma is None else into.round(drawn["ddgamma"]),
        "ddbeta": None if case.beta is None else into.round(drawn["ddbeta"]),
    }
    layout = case.layouts.get("dy", "C")
    layouts = dict(case.layouts)
    if layout != "C" and can_be_changed(layout):
        layouts["ddx"] = layout
    return case.with_(layouts=layouts).with_arrays(parameters)


def _unit(case: Case) -> str:
    """What has double backward as a whole: a data set, or one layout of it."""
    return case.name if Tag.LAYOUT in case.tags else _data_set(case)


def _data_set(case: Case) -> str:
    return case.data_key or case.name


def _fitting(case: Case) -> bool:
    finite = not case.tags & ANY_NONFINITE
    return case.calls in ("full", "short") and 2 <= case.count <= case.x.size <= LARGEST and finite
