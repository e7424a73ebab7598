"""The further data of a case, for calls on other data than its own.

All of it follows from the case: what is expected of it can be formed before the calls are made.
"""

from collections.abc import Iterator
from typing import overload

import numpy as np

from bnproof.engine.model.case import EXTRAS, Case, SequencePlan, columns, from_columns
from bnproof.engine.model.formats import Array, format_of
from bnproof.engine.model.layouts import can_be_changed

CONTEXTS = 300
"""Calls whose backward is open at the same time: more than rings of 8 to 256 have."""
CONTEXT_DATA = 13
"""Data sets of these calls."""

FEWEST = 2
"""Samples that are never made fewer."""

TURNS: dict[SequencePlan, int] = {
    "second gradients": 1,
    "two instances": 4,
    "natural loop": 1,
    "open contexts": CONTEXT_DATA,
    "after errors": 2,
    "owned results": 3,
    "refilled again": 3,
    "two threads": 2,
    "large calls": 2,
    "stacked layers": 3,
}
"""How many data sets each plan has, the case's own included."""


def turned(case: Case, turn: int) -> Case:
    """Data set number ``turn``, of the same shapes and dtypes; number 0 is the case's own.

    All numbers move on, into other channels as well, and x, dy and the parameters are scaled, so
    that no two data sets have a result in common.  Layouts stay where they hold any values.

    >>> one = np.ones(2)
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> turned(Case("", x, x, *[one] * 4, 0.5, 0.5), 1).x.tolist()
    [[3.9375, 0.984375], [1.96875, 2.953125]]
    """
    if turn == 0:
        return case
    return case.with_(
        x=_moved(case.x, turn, 1 - turn / 64),
        dy=_moved(case.dy, 2 * turn + 1, 1 - turn / 96),
        gamma=_moved(case.gamma, turn, 0.5 ** (turn % 3)),
        beta=_moved(case.beta, turn, 0.5 ** (turn % 2)),
        running_mean=_moved(case.running_mean, turn, 0.5 ** (turn % 3)),
        running_var=_moved(case.running_var, turn, 0.5 ** (turn % 2)),
        residual=_moved(case.residual, turn, 1.0),
        mask=None if case.mask is None else np.array(case.mask[::-1]),
        layouts={n: place for n, place in case.layouts.items() if can_be_changed(place)},
    )


def some_samples(case: Case, samples: slice) -> Case:
    """A case of some of the samples, in plain memory."""
    extras = {name: None if (a := getattr(case, name)) is None else a[samples] for name in EXTRAS}
    return case.with_(x=case.x[samples], dy=case.dy[samples], layouts={}, **extras)  # type: ignore[arg-type]  # two arrays


def with_other_dy(case: Case) -> Case:
    """The same call with another dy: the same numbers in another order, negative and halved.

    >>> one = np.ones(2)
    >>> case = Case("", one[:, None], np.array([[2.0], [4.0]]), *[one[:1]] * 4, 0.5, 0.5)
    >>> with_other_dy(case).dy.tolist()
    [[-2.0], [-1.0]]
    """
    return case.with_(dy=_scaled(columns(case.dy)[::-1], -0.5, case.dy.shape))


def fewer(case: Case) -> Case | None:
    """Another data set with a sample less, None where that leaves one sample or none."""
    return some_samples(turned(case, 1), slice(-1)) if len(case.x) > FEWEST else None


def companions(case: Case) -> Iterator[Case]:
    """The data sets that the calls of a case are made on, as far as they follow from it alone."""
    if case.calls not in TURNS:
        return
    for turn in range(TURNS[case.calls]):
        made = turned(case, turn)
        yield made
        if case.calls == "second gradients":
            yield with_other_dy(made)
    less = fewer(case) if case.calls == "two instances" else None
    if less is not None:
        yield less


def _scaled(rows: Array, factor: float, shape: tuple[int, ...]) -> Array:
    wide = np.asarray(rows, np.float64) * factor
    return from_columns(format_of(rows.dtype).round(wide), shape)


@overload
def _moved(values: Array, places: int, factor: float) -> Array: ...


@overload
def _moved(values: None, places: int, factor: float) -> None: ...


@overload
def _moved(values: Array | None, places: int, factor: float) -> Array | None: ...


def _moved(values: Array | None, places: int, factor: float) -> Array | None:
    """All elements moved on, the last to the front, and scaled; None for None."""
    if values is None:
        return None
    moved = np.roll(values, places)
    return np.asarray(moved * moved.dtype.type(factor))
