"""Truth and bounds of batches that repeat: those of distinct channels and rows stand for all.

Channels are independent, so channels with the same numbers have the same truth and bounds.
Elements of a channel with the same x and dy have the same y and dx, and sums over rows that repeat
are sums over the distinct ones, times their numbers.  Cases of many channels are made of few
distinct ones (`bnproof.engine.portfolio.repeating`), and those of many values of few distinct rows,
so that judging them takes little more than comparing.  Every element of every channel is compared.
"""

from dataclasses import dataclass
from typing import Unpack

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, Argument
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds import Arithmetic
from bnproof.engine.truth.bounds.expected import (
    Conventions,
    Expected,
    Settings,
    make_subject,
    quantities_of,
)
from bnproof.engine.truth.finite_columns import wide

LARGE = 2**12
"""Elements of x from which repetitions are looked for: less is judged as fast without."""

TRIES = 4
"""Channels that may be the first one of the second period."""

SAMPLE = 4096
"""Rows that are looked at first."""

FEWER = 4
"""Distinct rows are worth it if they are fewer by this factor."""


@dataclass(frozen=True, eq=False)
class Distinct:
    """Which channels, or rows, of the distinct ones each one is.

    Attributes:
        first: where the distinct ones are.
        place: which of them each one is.
        times: how often each of them comes.
    """

    first: Array
    place: Array
    times: Array


@dataclass(eq=False, kw_only=True)
class Repeated(Expected):
    """Truth and bounds of all channels and rows, by those of the distinct ones.

    Attributes:
        distinct: of the distinct channels and rows.
        channels: which of the distinct ones each channel is.
        rows: the distinct rows; None where all rows are looked at.
    """

    distinct: Expected
    channels: Array
    rows: Distinct | None

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        bound = self.distinct.bound(arithmetic, output)
        if self.rows is not None and output in WHOLE:
            bound = bound[self.rows.place]
        return bound if len(self.channels) == bound.shape[-1] else bound[..., self.channels]

    def lighten(self) -> None:
        """Forget what was formed of elements; it is formed again where it is asked for."""
        super().lighten()
        self.distinct.lighten()


def subject_of(
    case: Case,
    settings: Settings,
    like: Expected | None = None,
    /,
    **conventions: Unpack[Conventions],
) -> Expected:
    """Truth and bounds of a case, as `make_subject` forms them."""
    if isinstance(like, Repeated):
        known, channels, rows = like.distinct, like.channels, like.rows
        period = int(channels.max()) + 1
    else:
        known, period = None, period_of(case)
        channels = np.arange(case.channels) % period
        rows = None if like is not None else rows_of(case, period)
    if rows is None and period == case.channels:
        return make_subject(case, settings, like, **conventions)
    whole = columns(case.x), columns(case.dy)
    if like is not None:
        whole = like.quantities.x, np.asarray(like.quantities.dy)
    few = _first(case, period)
    if rows is not None:
        few = few.with_(x=whole[0][rows.first, :period], dy=whole[1][rows.first, :period])
    times = None if rows is None else rows.times
    distinct = make_subject(few, settings, known, **conventions, times=times)
    truth = distinct.quantities.truth.channels(channels)
    if rows is not None:
        truth = truth.repeated(rows.place)
    inference = conventions["inference"]
    quantities = quantities_of(
        case,
        settings,
        truth,
        whole,
        inference=inference,
        unbiased=conventions["unbiased"],
        by_unbiased=conventions["normalises_unbiased"] and not inference,
    )
    return Repeated(quantities, None, distinct=distinct, channels=channels, rows=rows)


NAMES: tuple[Argument, ...] = (*CHANNEL_ARGUMENTS, "x", "dy")
"""What has to repeat, the shortest first."""


def period_of(case: Case) -> int:
    """After how many channels all arguments repeat, or how many there are.

    >>> x, two = np.arange(12000.0).reshape(4, 3000)[:, np.arange(3000) % 7], np.arange(3000.0)
    >>> case = Case("a", x, x, two % 7, None, two % 7, two % 7, 0.5, 0.1)
    >>> period_of(case), period_of(case.with_(gamma=two))
    (7, 3000)
    """
    if case.x.size < LARGE or case.ddx is not None:
        return case.channels
    rows = [a if a.ndim == 1 else a[0].reshape(len(a[0]), -1)[:, 0] for a in _given(case).values()]
    starts = 1 + np.flatnonzero(np.logical_and.reduce([row[1:] == row[0] for row in rows]))[:TRIES]
    for period in starts.tolist():
        if 2 * period <= case.channels and _repeats(case, period):
            return int(period)
    return case.channels


def rows_of(case: Case, period: int) -> Distinct | None:
    """The distinct rows of the first channels, the first and the last row among them as they are.

    None where they are not few: algorithms may begin with any of those two.

    >>> x = -(np.arange(6000.0).reshape(6000, 1) // 2000)
    >>> one = np.ones(1)
    >>> found = rows_of(Case("a", x, x, one, None, one, one, 0.5, 0.1), 1)
    >>> sorted(found.first.tolist()), found.times.tolist()
    ([0, 1, 2000, 4000, 5999], [1, 1999, 2000, 1999, 1])
    """
    if case.x.size < LARGE or case.count < LARGE or case.ddx is not None:
        return None
    both = [wide(columns(a[:, :period])) for a in (case.x, case.dy)]
    weights = np.random.default_rng(0).normal(size=2 * period)
    some = slice(None, None, case.count // SAMPLE)
    keys = both[0][some] @ weights[:period] + both[1][some] @ weights[period:]
    if FEWER * len(np.unique(keys)) > len(keys):
        return None
    with np.errstate(all="ignore"):
        keys = both[0] @ weights[:period] + both[1] @ weights[period:]
    _, first, place, times = np.unique(
        keys[1:-1], return_index=True, return_inverse=True, return_counts=True
    )
    first = np.concatenate([[0], first + 1, [case.count - 1]])
    place = np.concatenate([[0], place.ravel() + 1, [len(first) - 1]])
    times = np.concatenate([[1], times, [1]])
    fine = FEWER * len(first) <= case.count
    if not (fine and all(np.array_equal(a[first][place], a) for a in both)):
        return None
    return Distinct(first, place, times)


def _given(case: Case) -> dict[Argument, Array]:
    return {name: a for name in NAMES if (a := getattr(case, name)) is not None}


def _repeats(case: Case, period: int) -> bool:
    """Whether channels do, bit for bit but for the sign of zero, which truth does not have."""
    by_channel = (a if a.ndim == 1 else a.swapaxes(0, 1) for a in _given(case).values())
    return all(np.array_equal(a[period:], a[:-period]) for a in by_channel)


def _first(case: Case, period: int) -> Case:
    """The channels of one period."""
    given = _given(case)
    return case.with_arrays(
        {name: a[:period] if a.ndim == 1 else a[:, :period] for name, a in given.items()}
    )
