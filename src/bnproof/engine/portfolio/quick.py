"""The quick profile's cases: those that the measured kill matrix chooses, dtype by dtype.

`quick_table` holds the choice, which `benchmarks/quick_choice.py` makes; it names cases without
their rank.  As a case comes in one rank, in turns, instead of all, so it comes in some dtypes
instead of all: a wrong implementation that shows in one of them is rejected there.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.quick_table import TABLE
from bnproof.engine.portfolio.turns import in_turn

RANK = re.compile(r", rank \d+")

ONE_DTYPE = frozenset({Tag.SIZE, Tag.TURN})
"""Tags of cases that come in one dtype, in turns."""

STANDS_IN = {
    "float32": ("float64", "bfloat16", "float16"),
    "float64": ("float32", "float16", "bfloat16"),
    "float16": ("bfloat16", "float32", "float64"),
    "bfloat16": ("float16", "float32", "float64"),
}
"""Which dtype takes over the cases of one that is not checked, the most similar first."""


def unit_of(name: str) -> str:
    """The name of a case without its rank.

    >>> unit_of("samples permuted, rank 3")
    'samples permuted'
    >>> unit_of("memory, rank 3: x Fortran")
    'memory: x Fortran'
    """
    return RANK.sub("", name)


def chosen_plans(dtype: str, among: Iterable[str]) -> dict[str, Plan]:
    """The plan of each chosen case in a dtype, those that reject most first.

    ``among`` are the dtypes that are checked: they share the cases of all.

    >>> shared = chosen_plans("float32", ("float32", "float16"))
    >>> len(shared) < len(chosen_plans("float32", ("float32",)))
    True
    """
    checked = {dtype, *among}
    plans: dict[str, Plan] = dict(TABLE.get(dtype, {}))
    for absent in STANDS_IN:
        if absent not in checked and _stand_in(absent, checked) == dtype:
            for unit, plan in TABLE[absent].items():
                plans[unit] = "full" if "full" in (plan, plans.get(unit)) else plan
    return plans


def _stand_in(absent: str, checked: Iterable[str]) -> str:
    return next((other for other in STANDS_IN[absent] if other in checked), "")


def choose(cases: Sequence[Case], dtype: str, among: Iterable[str]) -> list[Case]:
    """The chosen cases in their order, with the calls that are enough of each.

    A case that the table does not know, since it is newer, is there in every dtype as it is.
    Sizes of targets that compile each shape, which it does not have, come in one dtype, in turns,
    and so do cases with the tag for it.
    """
    plans = chosen_plans(dtype, among)
    once = [case.name for case in cases if case.tags & ONE_DTYPE]
    turns = {name for number, name in enumerate(once) if in_turn(number, dtype, among)}
    kept = [
        case
        for case in cases
        if (case.name in turns if case.tags & ONE_DTYPE else _is_chosen(case, plans))
    ]
    return [_with_plan(case, plans) for case in _ordered(kept, plans)]


def _is_chosen(case: Case, plans: Mapping[str, Plan]) -> bool:
    return unit_of(case.name) in plans or _is_new(case)


def _is_new(case: Case) -> bool:
    return not any(unit_of(case.name) in units for units in TABLE.values())


def _with_plan(case: Case, plans: Mapping[str, Plan]) -> Case:
    if case.calls not in ("full", "short"):
        return case
    return case.with_(calls=plans.get(unit_of(case.name), case.calls))


def informative_first(cases: Sequence[Case], dtype: str) -> list[Case]:
    """All cases: those that quick chooses in any dtype first, in its order, large ones last."""
    large = [case for case in cases if Tag.LARGE in case.tags]
    small = [case for case in cases if Tag.LARGE not in case.tags]
    return [*_ordered(small, chosen_plans(dtype, (dtype,))), *large]


def _ordered(cases: Sequence[Case], plans: Iterable[str]) -> list[Case]:
    """The cases in the order of the units given; twins stay together, as the portfolio has them."""
    order = {unit: place for place, unit in enumerate(plans)}
    places: dict[str, int] = {}
    for case in cases:
        place = order.get(unit_of(case.name), len(order))
        places[family(case)] = min(place, places.get(family(case), place))
    return sorted(cases, key=lambda case: places[family(case)])


def family(case: Case) -> str:
    """The name of the case that a case is a twin of, its own for others."""
    return case.name if case.twin is None else case.twin.of
