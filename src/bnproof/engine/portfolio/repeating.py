"""Many channels made of few: the truth of the distinct ones is that of all.

`PERIOD` is prime, so that no power of two is a multiple of it, nor are the widths of tiles and of
groups: a value of another channel is seen, of whatever kernel, vector or counter it is.  See
`bnproof.engine.truth.bounds.repeated`.
"""

import numpy as np

from bnproof.engine.model.case import ARRAYS, Case

PERIOD = 7


def distinct(channels: int) -> int:
    """How many distinct channels there are: all, unless they come at least twice.

    >>> distinct(13), distinct(14)
    (13, 7)
    """
    return channels if channels < 2 * PERIOD else PERIOD


def repeating(case: Case, channels: int) -> Case:
    """A case with so many channels: the first ones of a case, again and again.

    >>> one, two = np.array([[1.0, 2.0]]), np.array([1.0, 3.0])
    >>> made = repeating(Case("a", one, one, two, None, two, two, 0.5, 0.1), 5)
    >>> made.x.tolist(), made.gamma.tolist()
    ([[1.0, 2.0, 1.0, 2.0, 1.0]], [1.0, 3.0, 1.0, 3.0, 1.0])
    """
    place = np.arange(channels) % min(distinct(channels), case.channels)
    given = {name: a for name in ARRAYS if (a := getattr(case, name)) is not None}
    return case.with_arrays(
        {name: np.take(a, place, axis=min(1, a.ndim - 1)) for name, a in given.items()}
    )
