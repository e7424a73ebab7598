"""The cases of functional calls once more, each call made by a layer into which it is loaded.

A target may have functions that are right and a layer that hands them something else.  Each case
comes in one rank and in one of the dtypes that are checked, in turns, beside its twins.
"""

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.case import Case, Twin
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, MODES
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.layer_data import is_made_for, ranks
from bnproof.engine.portfolio.quick import family, unit_of
from bnproof.engine.portfolio.turns import in_turn, sharing

PREFIX = "through a layer: "

LEFT_OUT = frozenset({Tag.LAYER, Tag.LARGE, Tag.EMPTY, Tag.SIZE})
"""Lives of layers; what takes long; batches without values, which layers have no policy for."""

FEW = 24
"""So many cases, those that reject most, are enough for the quick profile, in all dtypes."""


def through_layer(
    cases: Sequence[Case],
    declaration: Declaration,
    dtype: str,
    among: Sequence[str],
    *,
    most: int | None = None,
) -> list[Case]:
    """Return cases that make their calls by layers; none where functional calls do so as they are.

    ``cases`` are those of functional calls, those that reject most first; ``among`` are the dtypes
    that share them; ``most`` is how many are made at most in all of these, twins beside their base.
    """
    functional = any(declaration.has(mode) for mode in MODES) and not declaration.made_of_layers
    if not functional or declaration.compiles_per_shape or not is_made_for(declaration, dtype):
        return []
    suitable = [case for case in cases if _is_suitable(case, declaration)]
    chosen = set(_in_turns(suitable, dtype, among))
    made = [_through(case) for case in suitable if family(case) in chosen]
    return made if most is None else made[: most // len(sharing(dtype, among))]


def _is_suitable(case: Case, declaration: Declaration) -> bool:
    """Whether a layer can be brought into the state that a case begins with.

    The count of batches cannot be loaded into every layer, and some refuse a state that is not
    finite.
    """
    fitting = case.x.ndim in ranks(declaration) and case.momentum is not None
    return fitting and not case.tags & LEFT_OUT and _has_finite_state(case)


def _has_finite_state(case: Case) -> bool:
    if Tag.NONFINITE not in case.tags:
        return True
    given = (getattr(case, name) for name in CHANNEL_ARGUMENTS)
    return all(np.isfinite(np.asarray(a, np.float64)).all() for a in given if a is not None)


def _in_turns(cases: Sequence[Case], dtype: str, among: Sequence[str]) -> Iterator[str]:
    """The families that are chosen: each unit in one of its ranks, and in a dtype by its name."""
    units: dict[str, dict[str, None]] = {}
    for case in cases:
        name = family(case)
        units.setdefault(unit_of(name), {})[name] = None
    for unit, families in units.items():
        names, turn = list(families), crc32(unit.encode())
        if in_turn(turn, dtype, among):
            yield names[turn // len(sharing(dtype, among)) % len(names)]


def _through(case: Case) -> Case:
    """The case under a name of its own, and its twin likewise."""
    twin = case.twin
    if twin is not None:
        how = dict(twin.how)
        if "with" in how:
            how["with"] = PREFIX + how["with"]
        twin = Twin(PREFIX + twin.of, twin.relation, how)
    key = case.data_key and PREFIX + case.data_key
    tags = case.tags | {Tag.THROUGH_LAYER}
    return case.with_(name=PREFIX + case.name, twin=twin, data_key=key, tags=tags)
