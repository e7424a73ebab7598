"""The reports on all variants of one target as one: what every rendering says of the target."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from bnproof.engine.model.result import Accuracy, Report, Result
from bnproof.engine.model.verdict import FAILED
from bnproof.engine.wording.differences import difference
from bnproof.engine.wording.text import listed


@dataclass(frozen=True)
class Placed:
    """A result and where it was found.

    Attributes:
        place: the dtype, with the variant where several variants have this dtype.
        result: the verdict on one property there.
    """

    place: str
    result: Result


@dataclass(frozen=True)
class Whole:
    """All that a check found about one target.

    Attributes:
        reports: one for each variant, in order.
    """

    reports: tuple[Report, ...]

    @property
    def target(self) -> str:
        """The target as the user named it."""
        return self.reports[0].target

    @cached_property
    def placed(self) -> tuple[Placed, ...]:
        """The results of all variants, each with its place."""
        return tuple(
            Placed(place(report, name, result.dtype), result)
            for report, name in zip(self.reports, variant_names(self.reports), strict=True)
            for result in report.results
        )

    @cached_property
    def failing(self) -> tuple[str, ...]:
        """The properties that fail in some place, in order."""
        return self._ids(*FAILED)

    @cached_property
    def tested(self) -> tuple[str, ...]:
        """The properties that were judged in some place, in order."""
        return self._ids(*FAILED, "pass", "known")

    @property
    def advised(self) -> bool:
        """Whether something fails, and all of it disappears under the advice."""
        bad = [each.result.advised for each in self.placed if each.result.verdict in FAILED]
        return bool(bad) and all(bad)

    @property
    def difference(self) -> str:
        """What differs, as the flags of the advice say: convention, accuracy class or both."""
        return difference(self.lines("differs_in"))

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The dtypes in which something was judged, in order."""
        judged = (each.result for each in self.placed if each.result.verdict != "unsupported")
        return tuple(dict.fromkeys(result.dtype for result in judged))

    @property
    def cases(self) -> int:
        """The number of cases that ran."""
        return sum(sum(report.cases.values()) for report in self.reports)

    @property
    def promised(self) -> int:
        """The number of cases that the profile promises."""
        return sum(sum(report.promised.values()) for report in self.reports)

    @property
    def seconds(self) -> float:
        """The time that all variants took."""
        return sum(report.seconds for report in self.reports)

    @property
    def accuracy(self) -> Iterator[tuple[str, Accuracy]]:
        """What was found about accuracy in each place."""
        for report, name in zip(self.reports, variant_names(self.reports), strict=True):
            for dtype, accuracy in report.accuracy.items():
                yield place(report, name, dtype), accuracy

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What declarations took out of the check, with the variants where it is not all of them.

        >>> half, mixed = Report("BN", "BN (half)", not_checked=("strides",)), Report("BN", "BN")
        >>> Whole((half, mixed)).not_checked
        ('strides (of BN (half))',)
        """
        named = {
            words: [report.name for report in self.reports if words in report.not_checked]
            for words in self.lines("not_checked")
        }
        return tuple(
            words if len(names) == len(self.reports) else f"{words} (of {listed(names)})"
            for words, names in named.items()
        )

    def lines(self, field: str) -> tuple[str, ...]:
        """The lines of one field of all variants, each once: recognised, advice, notes, ..."""
        return tuple(dict.fromkeys(line for r in self.reports for line in getattr(r, field)))

    def _ids(self, *verdicts: str) -> tuple[str, ...]:
        found = (each.result for each in self.placed if each.result.verdict in verdicts)
        return tuple(dict.fromkeys(result.property for result in found))


def variant_names(reports: Sequence[Report]) -> list[str]:
    """A short name for each variant whose dtypes another variant has too, "" for the others.

    >>> few = {"float16": 1}
    >>> variant_names([Report("BN", "BN (half)", cases=few), Report("BN", "BN (mixed)", cases=few)])
    ['half', 'mixed']
    """
    names = [report.name for report in reports]
    shared = os.path.commonprefix(names)  # noqa: RUF071  # of names, not of paths
    dtypes = [set(report.cases) for report in reports]
    return [
        (report.name[len(shared) :].strip(" ()") or report.name)
        if any(own & other for n, other in enumerate(dtypes) if n != number)
        else ""
        for number, (report, own) in enumerate(zip(reports, dtypes, strict=True))
    ]


def place(report: Report, variant: str, dtype: str) -> str:
    """A dtype, with the variant where the dtype alone does not say which.

    >>> place(Report("BN", cases={"float16": 1}), "half", "float16")
    'float16 (half)'
    """
    return f"{dtype} ({variant})" if variant and dtype in report.cases else dtype
