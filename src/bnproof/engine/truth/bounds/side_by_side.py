"""Cases of one size side by side, as the channels of one batch: less is formed once for each.

Channels are independent: truth and bounds of a channel are the same whatever stands beside it.
Most cases are small, so that forming them takes as long for all channels as for those of one case.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from bnproof.engine.model.case import ARRAYS, WHOLE_ARGUMENTS, Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import Argument
from bnproof.engine.truth.bounds import Arithmetic
from bnproof.engine.truth.bounds.expected import (
    Conventions,
    Expected,
    Settings,
    make_subject,
    quantities_of,
    with_double,
)
from bnproof.engine.truth.once import once

SMALL = 512
"""Elements up to which an array is small: then most of the time is spent around the numbers."""

TOGETHER = 4096
"""Elements of x that are put side by side at most: they stay in one block."""


def is_small(case: Case) -> bool:
    """Whether a case has values, and few enough of them to be put beside others."""
    return 0 < case.x.size <= SMALL


def groups(
    cases: Iterable[tuple[Case, Settings]], unbiased: Callable[[int], bool]
) -> list[list[tuple[Case, Settings]]]:
    """Small cases that can be put side by side, with their settings.

    Those of a group have as many values per channel, both results of double backward or none, and
    the running variance is of one kind in their ranks.
    """
    made: list[list[tuple[Case, Settings]]] = []
    last: dict[tuple[int, bool, bool], int] = {}
    for case, settings in cases:
        kind = case.count, case.ddx is None, unbiased(case.x.ndim)
        place = last.get(kind)
        if place is None or sum(c.x.size for c, _ in made[place]) > TOGETHER - SMALL:
            place = last[kind] = len(made)
            made.append([])
        made[place].append((case, settings))
    return made


@dataclass(eq=False)
class SideBySide:
    """Cases with as many values per channel each, in one mode.

    Attributes:
        cases: each with its settings; all have what double backward is given, or none.
        conventions: the same for all of them.
        like: the same cases in the other mode.
    """

    cases: Sequence[tuple[Case, Settings]]
    conventions: Conventions
    like: "SideBySide | None" = None

    @once
    def whole(self) -> Expected:
        """Truth and bounds of all channels."""
        each = [settings for case, settings in self.cases for _ in range(case.channels)]
        known = None if self.like is None else vars(self.like).get("whole")
        return make_subject(
            joined([case for case, _ in self.cases]), each, known, **self.conventions
        )

    @once
    def _places(self) -> list[slice]:
        """The channels of each case."""
        sizes = [case.channels for case, _ in self.cases]
        return [slice(end - size, end) for size, end in zip(sizes, accumulate(sizes), strict=True)]

    def part(self, number: int) -> Expected:
        """Truth and bounds of one of the cases."""
        (case, settings), place = self.cases[number], self._places[number]
        of_all = self.whole.quantities
        quantities = quantities_of(
            case,
            settings,
            of_all.truth.channels(place),
            (columns(case.x), columns(case.dy)),
            inference=self.conventions["inference"],
            unbiased=self.conventions["unbiased"],
            by_unbiased=self.conventions["normalises_unbiased"],
        )
        if of_all.at_ddx is not None:
            quantities = with_double(quantities, case, of_all.at_ddx.truth.channels(place))
        return OneOfMany(quantities, None, whole=self.whole, place=place)


@dataclass(eq=False, kw_only=True)
class OneOfMany(Expected):
    """Truth and bounds of some of the channels of a whole.

    Attributes:
        whole: of all channels.
        place: which of them these are.
    """

    whole: Expected
    place: slice

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        return self.whole.bound(arithmetic, output)[..., self.place]


def joined(cases: Sequence[Case]) -> Case:
    """One case with the channels of all, as columns; its settings mean nothing.

    >>> one, two = np.ones((3, 1)), np.ones(1)
    >>> case = Case("a", one, one, two, None, two, two, 0.5, 0.1)
    >>> both = joined([case, case.with_(gamma=None)])
    >>> both.x.shape, both.beta is None, both.gamma.tolist()
    ((3, 2), True, [1.0, 1.0])
    """
    whole: dict[Argument, Array | None] = {
        name: np.concatenate([columns(getattr(case, name)) for case in cases], axis=1)
        for name in WHOLE_ARGUMENTS
        if getattr(cases[0], name) is not None
    }
    shared = [name for name in ARRAYS if name not in WHOLE_ARGUMENTS]
    return cases[0].with_arrays({**whole, **{name: _of_channels(cases, name) for name in shared}})


DEFAULTS: dict[Argument, float] = {"gamma": 1.0, "beta": 0.0, "ddgamma": 0.0, "ddbeta": 0.0}
"""What stands for an argument that is not there."""


def _of_channels(cases: Sequence[Case], name: Argument) -> Array | None:
    given = [getattr(case, name) for case in cases]
    if all(a is None for a in given):
        return None
    filled = [
        np.full(case.channels, DEFAULTS[name], case.running_mean.dtype) if a is None else a
        for case, a in zip(cases, given, strict=True)
    ]
    return np.concatenate(filled)
