"""Truth and bounds of batches whose channels repeat: those of one period stand for all.

Channels are independent, so channels with the same numbers have the same truth and bounds.  Cases
of many channels are made of few distinct ones (`bnproof.engine.portfolio.repeating`), so that
judging them takes little more than comparing.  Every element of every channel is judged.
"""

from dataclasses import dataclass
from typing import Unpack

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, Argument
from bnproof.engine.truth.bounds import Arithmetic
from bnproof.engine.truth.bounds.expected import (
    Conventions,
    Expected,
    Settings,
    make_subject,
    quantities_of,
)

LARGE = 2**12
"""Elements of x from which channels are looked at: less is judged as fast without."""

TRIES = 4
"""Channels that may be the first one of the second period."""


@dataclass(eq=False, kw_only=True)
class Repeated(Expected):
    """Truth and bounds of all channels, by those of the distinct ones.

    Attributes:
        distinct: of the channels of one period.
        place: which of them each channel is.
    """

    distinct: Expected
    place: Array

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        return self.distinct.bound(arithmetic, output)[..., self.place]

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
    period = period_of(case)
    if period is None:
        return make_subject(case, settings, like, **conventions)
    known = like.distinct if isinstance(like, Repeated) else None
    distinct = make_subject(_first(case, period), settings, known, **conventions)
    place = np.arange(case.channels) % period
    whole = columns(case.x), columns(case.dy)
    if like is not None:
        whole = like.quantities.x, np.asarray(like.quantities.dy)
    inference = conventions["inference"]
    quantities = quantities_of(
        case,
        settings,
        distinct.quantities.truth.channels(place),
        whole,
        inference=inference,
        unbiased=conventions["unbiased"],
        by_unbiased=conventions["normalises_unbiased"] and not inference,
    )
    return Repeated(quantities, None, distinct=distinct, place=place)


def period_of(case: Case) -> int | None:
    """After how many channels all arguments repeat, None where they do not, or double backward is.

    >>> x, two = np.arange(12000.0).reshape(4, 3000)[:, np.arange(3000) % 7], np.arange(3000.0)
    >>> case = Case("a", x, x, two % 7, None, two % 7, two % 7, 0.5, 0.1)
    >>> period_of(case), period_of(case.with_(gamma=two))
    (7, None)
    """
    if case.x.size < LARGE or case.channels < 2 or case.ddx is not None:
        return None
    rows = [a if a.ndim == 1 else a[0].reshape(len(a[0]), -1)[:, 0] for a in _given(case).values()]
    starts = 1 + np.flatnonzero(np.logical_and.reduce([row[1:] == row[0] for row in rows]))[:TRIES]
    for period in starts.tolist():
        if 2 * period <= case.channels and _repeats(case, period):
            return int(period)
    return None


NAMES: tuple[Argument, ...] = (*CHANNEL_ARGUMENTS, "x", "dy")
"""What has to repeat, the shortest first."""


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
