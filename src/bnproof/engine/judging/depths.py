"""How the sums of an implementation behave from few values to many: what report findings rest on.

Two things are compared between about 4,100 values and more.  Neither is a violation: libraries do
switch their algorithm at some size, and a right one may err by any share of its bound.

- **What explains the integer data**: where the means of shuffled integers have no error at all at
  about 4,100 values and have one beyond, another algorithm is used there.
- **The share of the bound for any order** that the patterns use at worst, a constant channel among
  them.  A constant channel shows the length of the longest chain of additions: each addition errs
  the same way within a binade, so that a chain of h additions errs by h u / 4, and 4 N times the
  share is h.  Right algorithms use about the same share at every N, or less: over 14 of them and
  seven N up to 10^6 it grew by 1.3 at most.  Mistakes that a bound hides let it grow by 60 to
  130,000, as measured in blocks of 256 values at 131,073.  A library that takes another algorithm
  for large data lets it grow too: torch, with the channels last, by 8 at 100,793.

Shares are taken where x is stored in the digits that are computed in.  A sum of 4,100 numbers of 11
bits is exact in float32, so that in 16 bits there is nothing to compare with.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.names import LIKE_X, Output
from bnproof.engine.model.result import SumsAt
from bnproof.engine.model.summation import Summation
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio.patterns import PATTERNS

FEW = 2**13
"""Cases with fewer values are compared with; there are some in every rank and layout."""

OUTPUTS: tuple[Output, ...] = ("running_mean", "dgamma", "dbeta", "y", "dx")
"""What shares are taken of; not of the variance, in which one pass loses what its offset takes."""


def sums_by_count(records: Sequence[Record]) -> tuple[SumsAt, ...]:
    """What explains the sums, and how deep they are, by the number of values, fewest first."""
    tags = {Tag.SUMS, Tag.PATTERNS}
    usable = [r for r in records if r.train is not None and r.case.tags & tags]
    counts = sorted({_group(usable, record) for record in usable})
    return tuple(_at(n, [r for r in usable if _group(usable, r) == n]) for n in counts)


def _group(records: Iterable[Record], record: Record) -> int:
    """The number of values that a record counts with: all few values are one number."""
    if record.case.count >= FEW:
        return record.case.count
    return max(each.case.count for each in records if each.case.count < FEW)


def _at(count: int, records: Sequence[Record]) -> SumsAt:
    summed = [r for r in records if Tag.SUMS in r.case.tags]
    patterns = [r for r in records if Tag.PATTERNS in r.case.tags]
    shares = [share for r in patterns for share in _shares(r)]
    constant = [share for r in patterns for share in _shares(r, constant=True)]
    return SumsAt(
        count,
        _weakest(summed),
        share=max(shares, default=float("nan")),
        depth=4 * count * max(constant, default=float("nan")),
    )


def _shares(record: Record, *, constant: bool = False) -> Iterable[float]:
    """The largest error/bound of each output, in all channels or in the constant ones."""
    names = list(PATTERNS)
    chosen = np.array(
        [not constant or names[c % len(names)] == "constant" for c in range(record.case.channels)]
    )
    for output in OUTPUTS:
        judged = record.of("train", output)
        if judged is not None and not _is_rounded(record, output):
            yield float(judged.worst_by_channel[chosen].max(initial=0.0))


def _is_rounded(record: Record, output: Output) -> bool:
    """Whether x, an output, or what it is made of, is stored in fewer digits than computed in."""
    arithmetic = record.arithmetic
    if arithmetic.saved is not None or arithmetic.elementwise is not None:
        return True
    kinds = (
        [arithmetic.storage] if output in LIKE_X else [arithmetic.storage, arithmetic.parameters]
    )
    return any(kind.u > arithmetic.compute.u for kind in kinds)


def _weakest(records: Sequence[Record]) -> Summation | None:
    """The family that explains all records, None if one has none, or there is no record."""
    found = [_family(record) for record in records]
    if not found or None in found:
        return None
    return max((each for each in found if each is not None), key=list(Summation).index)


def _family(record: Record) -> Summation | None:
    family = record.arithmetic.summation
    if record.worst > 1 or family is None:
        return None
    if family is Summation.EXACT and not _is_exact(record):
        return Summation.ANY_ORDER
    return family


def _is_exact(record: Record) -> bool:
    """Whether the means that are 0 came back as 0: other algorithms err there, if only by a bit."""
    judged: Judged | None = record.of("train", "running_mean")
    if judged is None or record.train is None:
        return True
    return not judged.error[record.train.mean == 0].any()
