"""Cases with NaN or infinity: the kinds of their results, and the same cases with numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, STATISTICS, Argument, Mode, Output
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.nonfinite import ANY, EFFECTS, MINUS, NUMBER, PLUS, SHIFTED, Effect

SPOILED: tuple[Argument, ...] = ("x", "dy", *CHANNEL_ARGUMENTS)
"""Arguments that may have NaN or infinity, in the order of the table."""

HEALED: Mapping[Argument, float] = {
    "x": 0.0,
    "dy": 0.0,
    "gamma": 1.0,
    "beta": 0.0,
    "running_mean": 0.0,
    "running_var": 1.0,
}
"""Numbers to stand for what is not finite, where a result does not depend on it."""


@dataclass(frozen=True)
class Kinds:
    """The kinds that the results of a case may have, in one mode.

    Attributes:
        mode: of the call.
        by_output: sets of kinds like each result, as columns; those of all numbers are left out.
        limit: channels whose running variance is infinite in inference: a number is the limit.
    """

    mode: Mode
    by_output: Mapping[Output, Array]
    limit: Array


def kinds_of(case: Case, mode: Mode, *, moves: bool = True, shifts: bool = False) -> Kinds:
    """Return what the results of a mode may be.

    ``moves`` tells if keep and weight are not 0, ``shifts`` if training may shift x by the running
    mean.

    >>> one, x = np.ones(1), np.array([[np.inf], [1.0]])
    >>> dy = np.ones((2, 1))
    >>> case = Case("x", x, dy, -one, one, one, one, eps=1.0, momentum=0.5)
    >>> kinds_of(case, "infer").by_output["y"].tolist() == [[MINUS], [NUMBER]]
    True
    """
    given = {name: _columns(case, name) for name in SPOILED}
    spoiled = {name: ~np.isfinite(a) for name, a in given.items()}
    hit = {name: wrong.any(axis=0) for name, wrong in spoiled.items() if wrong.any()}
    made: dict[Output, Array] = {}
    for value in ("inf", "nan"):  # NaN prevails
        for name in hit:
            wrong = spoiled[name] & (np.isnan(given[name]) == (value == "nan"))
            if wrong.any():
                effects = EFFECTS.get((mode, name, value), {})
                if shifts and (mode, name) == ("train", "running_mean"):
                    effects = {**SHIFTED, **effects}
                for output, effect in effects.items():
                    kinds = made.setdefault(output, _numbers(case, output))
                    _spoil(kinds, effect, wrong, given, given[name])
    several = np.sum([*hit.values(), np.zeros(case.channels, bool)], axis=0) > 1
    for output, kinds in made.items():
        kinds[..., several] = ANY
        if output in STATISTICS and not moves:
            kinds[kinds != NUMBER] = ANY
    limit = np.isposinf(given["running_var"][0]) & (mode == "infer") & ~several
    return Kinds(mode, made, limit)


def _columns(case: Case, name: Argument) -> Array:
    """An argument in float64 as columns, one row for a value per channel."""
    value = getattr(case, name)
    if value is None:
        value = np.full(case.channels, HEALED[name])
    wide = np.asarray(value, np.float64)
    return columns(wide) if name in ("x", "dy") else wide[np.newaxis]


def _numbers(case: Case, output: Output) -> Array:
    shape = (case.count, case.channels) if output in WHOLE else (case.channels,)
    return np.full(shape, NUMBER, np.uint8)


def _spoil(
    kinds: Array, effect: Effect, wrong: Array, given: Mapping[Argument, Array], values: Array
) -> None:
    """Write the kinds of a result where an argument, given as columns, is wrong."""
    channels = wrong.any(axis=0)
    if effect.kinds != PLUS:
        if effect.where == "element":
            kinds[wrong] = effect.kinds
        else:
            kinds[..., channels] = effect.kinds
        return
    signs = np.where(wrong, np.sign(values), 0.0)
    if effect.sign:
        signs = signs * np.nan_to_num(np.sign(given[effect.sign]))
    signs = np.broadcast_to(-signs if effect.negative else signs, kinds.shape)
    found = np.where(signs == 0, ANY, np.where(signs > 0, PLUS, MINUS)).astype(np.uint8)
    where = np.broadcast_to(wrong if effect.where == "element" else channels, kinds.shape)
    kinds[where] = found[where]


def healed(case: Case, mode: Mode) -> Case:
    """Return the case with numbers for all that is not finite.

    What a result does not depend on may be any number.  An infinite variance in inference is the
    limit in which gamma r is 0: gamma is 0 there.
    """
    arrays: dict[Argument, Array | None] = {}
    for name in SPOILED:
        value = getattr(case, name)
        if value is not None:
            wide = np.asarray(value, np.float64)
            healthy = np.where(np.isfinite(wide), wide, HEALED[name])
            arrays[name] = healthy.astype(value.dtype)
    limit = np.isposinf(np.asarray(case.running_var, np.float64))
    if mode == "infer" and limit.any():
        gamma = arrays.get("gamma")
        gamma = np.ones_like(case.running_var) if gamma is None else gamma
        arrays["gamma"] = np.where(limit, 0, gamma).astype(gamma.dtype)
    return case.with_arrays(arrays)
