"""The further data of a case whose plan makes calls on several data sets.

All of it follows from the case: what is expected of it can be formed before the calls are made.
"""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.execution.plan_steps import some_samples
from bnproof.engine.model.case import Case, SequencePlan, columns, from_columns
from bnproof.engine.model.formats import Array, format_of

CONTEXTS = 68
"""Calls whose backward is open at the same time: more than rings of 8, 16, 32 and 64 have."""

FEWEST = 2
"""Samples that are never made fewer."""

TURNS: dict[SequencePlan, int] = {
    "second gradients": 1,
    "two instances": 4,
    "natural loop": 1,
    "open contexts": CONTEXTS,
    "after errors": 2,
    "owned results": 3,
    "refilled again": 3,
    "two threads": 2,
    "large calls": 2,
}
"""How many data sets each plan has, the case's own included."""


def turned(case: Case, turn: int) -> Case:
    """Data set number ``turn``, of the same shapes and dtypes; number 0 is the case's own.

    Samples, and dy, are rolled and scaled, so that no two data sets have a result in common.
    """
    if turn == 0:
        return case
    shape = case.x.shape
    gamma = None if case.gamma is None else _halved(np.roll(case.gamma, turn), turn % 3)
    beta = None if case.beta is None else _halved(np.roll(case.beta, turn), turn % 2)
    residual = None if case.residual is None else np.roll(columns(case.residual), turn, axis=0)
    return case.with_(
        residual=None if residual is None else _scaled(residual, 1, shape),
        x=_scaled(np.roll(columns(case.x), turn, axis=0), 1 - turn / 64, shape),
        dy=_scaled(np.roll(columns(case.dy), 2 * turn + 1, axis=0), 1 - turn / 96, shape),
        gamma=gamma,
        beta=beta,
        running_mean=_halved(np.roll(case.running_mean, turn), turn % 3),
        running_var=_halved(np.roll(case.running_var, turn), turn % 2),
    )


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


def _halved(values: Array, times: int) -> Array:
    return np.asarray(values * values.dtype.type(0.5**times))
