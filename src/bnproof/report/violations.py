"""The failures of a target: violations that are the same in several dtypes, told once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from bnproof.engine.model.event import EarlyEnd, Event, EventKind
from bnproof.engine.model.result import ENTRY, Result, Violation
from bnproof.engine.model.verdict import FAILED
from bnproof.report.lines import ratio
from bnproof.report.target_report import Placed

IN_ANY_CALL = (EventKind.NONDETERMINISTIC, EventKind.INFERENCE_MOVED)
"""Events that are the same failure in whatever call they are seen."""

Key = tuple[str, str | Event | EarlyEnd]
"""What tells failures apart: a property and an output, or a kind and what was found.

What an entry in a file of known failures, or a report of an older version, says of it is a text.
"""


@dataclass
class Failure:
    """A violation, the places that share it, and the properties that break by the same event.

    Attributes:
        result, violation: the first one found.
        place: where it was found first.
        others: the other places with the error/bound there, where it was measured.
        properties: other properties that break by the same event.
        further: further violations that were found with it.
        advised: whether it disappears in every place under the report's advice.
        found_in: the property and the place of each result that has it.
    """

    result: Result
    violation: Violation
    place: str = ""
    others: dict[str, float] = field(default_factory=dict)
    properties: list[str] = field(default_factory=list)
    further: int = 0
    advised: bool = False
    found_in: set[tuple[str, str]] = field(default_factory=set)

    @property
    def name(self) -> str:
        """The property that the failure is shown with."""
        return self.result.property

    @property
    def places(self) -> tuple[str, ...]:
        """All places, in order."""
        return (self.place or self.result.dtype, *self.others)

    @property
    def dtypes(self) -> list[str]:
        """The other places in words, with the error/bound where it was measured."""
        if not self.measured:
            return list(self.others)
        return [f"{place} ({ratio(value)})" for place, value in self.others.items()]

    @property
    def measured(self) -> bool:
        """Whether a number is wrong, and not something raised, crashed or changed."""
        return is_measured(self.violation)

    @property
    def is_event(self) -> bool:
        """Whether something was raised, crashed or changed; such a failure follows from nothing."""
        violation = self.violation
        return not self.measured and (violation.kind != "fail" or bool(violation.event))


def ratio_unsaid(failure: Failure) -> str:
    """The error/bound of a failure, "" where nothing is measured or its detail has it.

    Only a detail that is about a finding does not have it.

    >>> violation = Violation("a case", "a", "y", "y is far off", ratio=9.0)
    >>> ratio_unsaid(Failure(Result("p", "s", "t", "float32", "fail"), violation))
    ''
    """
    violation = failure.violation
    return ratio(violation.ratio) if failure.measured and violation.finding else ""


def is_measured(violation: Violation) -> bool:
    """Whether a number is wrong, and not something raised, crashed or changed."""
    return bool(violation.elements) or math.isfinite(violation.ratio)


def placed(results: Iterable[Result]) -> list[Placed]:
    """Results of one variant: the place of each is its dtype."""
    return [Placed(result.dtype, result) for result in results]


def gather(found: Iterable[Placed]) -> list[Failure]:
    """The failures, one per cause as far as the observations tell.

    A wrong number is one failure per property and output, whatever the dtype; an exception or a
    crash is one failure, whatever properties it breaks.
    """
    failures: dict[Key, Failure] = {}
    for each in found:
        if each.result.verdict not in FAILED:
            continue
        for number, violation in enumerate(each.result.violations):
            key = _key(each.result, violation)
            new = Failure(each.result, violation, each.place, advised=each.result.advised)
            failure = failures.setdefault(key, new)
            failure.advised = failure.advised and each.result.advised
            failure.found_in.add((each.result.property, each.place))
            if each.place not in failure.places:
                failure.others[each.place] = violation.ratio
            if each.result.property not in (failure.name, *failure.properties):
                failure.properties.append(each.result.property)
            failure.further += each.result.further if number == 0 else 0
    return list(failures.values())


def _key(result: Result, violation: Violation) -> Key:
    """What violations of one failure have in common."""
    finding = violation.finding
    if is_measured(violation):
        return result.property, violation.name
    if isinstance(finding, Event):
        any_call = finding.kind in IN_ANY_CALL
        return violation.kind, replace(finding, call="case") if any_call else finding
    if isinstance(finding, EarlyEnd):
        return violation.kind, replace(finding, given_up=False)
    return violation.kind, violation.detail


def about_entries(found: Sequence[Failure]) -> bool:
    """Whether a file of known failures is wrong, if anything, and not the target."""
    return all(failure.violation.output == ENTRY for failure in found)
