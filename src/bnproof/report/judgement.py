"""The verdict on a target, in one line for all its dtypes and variants."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bnproof.engine.model.result import INTERRUPTED, Report, exit_status
from bnproof.engine.wording.text import count, listed
from bnproof.report.order import root_of
from bnproof.report.target_report import Whole


class Standing(StrEnum):
    """The verdict on a target in words."""

    CONFORMS = "conforms"
    VIOLATED = "does not conform"
    INCOMPLETE = "incomplete"
    UNUSABLE = "cannot be used"
    INTERRUPTED = "interrupted"


STANDINGS = {
    INTERRUPTED: Standing.INTERRUPTED,
    2: Standing.UNUSABLE,
    1: Standing.VIOLATED,
    4: Standing.INCOMPLETE,
    0: Standing.CONFORMS,
}

COLOURS = {
    Standing.CONFORMS: "bold green",
    Standing.VIOLATED: "bold red",
    Standing.INCOMPLETE: "bold yellow",
    Standing.UNUSABLE: "bold red",
    Standing.INTERRUPTED: "bold yellow",
}

JOINTS = {Standing.CONFORMS: ", ", Standing.INTERRUPTED: " "}
"""What joins a verdict and its reason, where it is not a colon."""


AS_DECLARED = "as declared"
"""What limits the verdict on a target whose failures all disappear under other declarations."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on a target, with the reason.

    Attributes:
        standing: the verdict.
        reason: why, "" for a target that conforms without exception.
        limit: what limits the verdict, as "as declared".
    """

    standing: Standing
    reason: str = ""
    limit: str = ""

    @property
    def words(self) -> str:
        """The verdict and its reason, without the target.

        >>> Judgement(Standing.VIOLATED, "2 of 57 properties fail").words
        'does not conform: 2 of 57 properties fail'
        """
        if not self.reason:
            return str(self.standing)
        standing = f"{self.standing} {self.limit}".rstrip()
        return f"{standing}{JOINTS.get(self.standing, ': ')}{self.reason}"

    def of(self, target: str) -> str:
        """The verdict as a sentence about a target.

        >>> Judgement(Standing.INCOMPLETE, "no case ran").of("bn.py:BN")
        'bn.py:BN incomplete: no case ran'
        """
        return f"{target} {self.words}"


def judgement(reports: Sequence[Report]) -> Judgement:
    """The verdict on a target, given the reports on its variants.

    >>> judgement([Report("mine")]).words
    'incomplete: no property was tested'
    """
    whole = Whole(tuple(reports))
    standing = STANDINGS[exit_status(reports)]
    match standing:
        case Standing.UNUSABLE:
            reason = _error(whole)
        case Standing.INTERRUPTED:
            reason = _interrupted(whole)
        case Standing.VIOLATED:
            reason = _violated(whole)
        case Standing.INCOMPLETE:
            reason = _incomplete(whole)
        case Standing.CONFORMS:
            reason = _conforms(whole)
    limit = AS_DECLARED if standing is Standing.VIOLATED and whole.advised else ""
    return Judgement(standing, reason, limit)


def _error(whole: Whole) -> str:
    """The first line of the first error, without the target."""
    errors = [report.error_reason or report.error for report in whole.reports if report.error]
    several = len(whole.reports) > 1
    part = f"{len(errors)} of {len(whole.reports)} variants: " if several else ""
    return part + errors[0].splitlines()[0]


def _interrupted(whole: Whole) -> str:
    after = f"after {whole.cases} of {whole.promised} cases" if whole.promised else "before a case"
    failed = len(whole.failing)
    until = f"{count(failed, 'property fails', 'properties fail')}" if failed else "no failure"
    return f"{after}, {until} until then"


def _violated(whole: Whole) -> str:
    if whole.reports[-1].stopped:
        first = root_of(whole.failing[0], "", whole.failing)
        return f"stopped at the first failure, {first}"
    if whole.advised:
        return f"a difference in {whole.difference}, see the advice"
    failed, tested = len(whole.failing), len(whole.tested)
    return f"{failed} of {count(tested, 'property', 'properties')} {_fail(failed)}"


def _fail(number: int) -> str:
    return "fails" if number == 1 else "fail"


def _incomplete(whole: Whole) -> str:
    unidentified = whole.lines("incomplete")
    if unidentified:
        return f"{count(len(unidentified), 'part was', 'parts were')} not identified"
    if not whole.tested:
        return "no property was tested"
    short = [
        f"{report.cases.get(dtype, 0)} of {promised} cases in {dtype}"
        for report in whole.reports
        for dtype, promised in report.promised.items()
        if report.cases.get(dtype, 0) < promised
    ]
    if short:
        return f"only {listed(short)} ran"
    return "no property was tested in one of the variants"


def _conforms(whole: Whole) -> str:
    """What the verdict does not include: known failures, and what was declared or asked away."""
    known = {each.result.property for each in whole.placed if each.result.verdict == "known"}
    failures = f"except for {count(len(known), 'known failure')}" if known else ""
    away = list(whole.not_checked)
    if excluded := whole.lines("excluded"):
        away.append(count(len(excluded), "excluded property", "excluded properties"))
    if not away:
        return failures
    unchecked = f"{listed(away)} not checked"
    return f"{failures}; {unchecked}" if failures else f"except: {unchecked}"
