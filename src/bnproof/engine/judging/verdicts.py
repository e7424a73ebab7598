"""From records to results: each property's verdict, with its violations grouped."""

from collections.abc import Sequence
from itertools import groupby
from typing import get_args

from bnproof.engine.judging.accepted import Accepted
from bnproof.engine.judging.comparison import Comparison, in_text
from bnproof.engine.judging.counterexample import Failing, counterexample
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.records import Records
from bnproof.engine.model.event import EarlyEnd, Event
from bnproof.engine.model.result import Result, Violation
from bnproof.engine.model.tag import Tag
from bnproof.engine.model.verdict import Ending, Verdict
from bnproof.engine.wording.comparisons import measured
from bnproof.engine.wording.events import ending, sentence
from bnproof.engine.wording.reasons import NO_CASE, NOTHING_RAN

SHOWN_VIOLATIONS = 3


def evaluate(property_: Property, records: Records, dtype: str) -> Result:
    """The result of one property on all records of a dtype."""
    return conclude(property_, records, dtype)[0]


def conclude(
    property_: Property, records: Records, dtype: str, known: Sequence[Accepted] = ()
) -> tuple[Result, list[Failing]]:
    """The result of one property, and each output in which it is violated and not known to be.

    ``known`` are the known failures of this property and dtype.
    """
    reason = property_.unsupported(records.declaration, dtype)
    if reason:
        return _result(property_, dtype, "unsupported", reason=reason), []
    checks = list(property_.compare(records))
    reason = _nothing(property_, records) if all(check.holds for check in checks) else ""
    if reason or not checks:
        reason = reason or NO_CASE
        return _result(property_, dtype, "unsupported", reason=reason), []
    result = summed_up(property_, dtype, checks, known)
    unknown = [c for c in checks if not c.holds and not _covering(c, known)]
    return result, [_failing(property_, records, dtype, group) for group in by_output(unknown)]


def summed_up(
    property_: Property, dtype: str, checks: Sequence[Comparison], known: Sequence[Accepted] = ()
) -> Result:
    """The result that the comparisons of a property amount to.

    It is known where every violation is; otherwise only those that are not known are told.
    """
    violated = [check for check in checks if not check.holds]
    unknown = [check for check in violated if not _covering(check, known)]
    groups = by_output(unknown or violated)
    return _result(
        property_,
        dtype,
        _verdict(unknown) if unknown or not violated else "known",
        examples=len({check.record.case.name for check in checks}),
        not_judged=sum(check.not_judged for check in checks),
        **_worst(checks),
        violations=tuple(violation(group[0]) for group in groups[:SHOWN_VIOLATIONS]),
        further=len(unknown or violated) - len(groups[:SHOWN_VIOLATIONS]),
        reason="" if unknown else _reason(violated, known),
    )


def _verdict(violated: Sequence[Comparison]) -> Verdict:
    kinds = {check.kind for check in violated}
    if not kinds:
        return "pass"
    endings: tuple[Verdict, ...] = get_args(Ending)
    return next((kind for kind in endings if kind in kinds), "fail")


def _worst(checks: Sequence[Comparison]) -> dict[str, object]:
    if not checks:
        return {}
    worst = max(checks, key=lambda check: check.ratio)
    return {
        "worst_ratio": worst.ratio,
        "worst_output": worst.label,
        "worst_case": worst.record.case.describe(),
    }


def _covering(check: Comparison, known: Sequence[Accepted]) -> Accepted | None:
    """The known failure that a violation is."""
    return next((k for k in known if k.covers(check.output, check.record.case)), None)


def _reason(violated: Sequence[Comparison], known: Sequence[Accepted]) -> str:
    reasons = [found.explanation for check in violated if (found := _covering(check, known))]
    return "; ".join(dict.fromkeys(reasons))


def _failing(property_: Property, records: Records, dtype: str, group: list[Comparison]) -> Failing:
    simplest = group[0]
    cases = [check.record.case for check in group]
    names = dict.fromkeys(case.name for case in cases if Tag.SEARCHED not in case.tags)
    return Failing(
        property_.id,
        dtype,
        simplest.output,
        simplest.kind,
        counterexample(records, simplest.record),
        tuple(names),
    )


def _nothing(property_: Property, records: Records) -> str:
    """Why nothing was compared, as far as what came back tells it."""
    if not records.all:
        return NOTHING_RAN
    return property_.not_offered(records.offers)


def _result(property_: Property, dtype: str, verdict: Verdict, **more: object) -> Result:
    return Result(property_.id, property_.statement, property_.theorem, dtype, verdict, **more)  # type: ignore[arg-type]  # fields of Result


def by_output(violated: Sequence[Comparison]) -> list[list[Comparison]]:
    """The violations of each output, the simplest first: small cases, in plain memory."""
    grouped = groupby(sorted(violated, key=_output), key=_output)
    simplest_first = [sorted(group, key=_simplicity) for _, group in grouped]
    return sorted(simplest_first, key=lambda group: _simplicity(group[0]))


def _output(check: Comparison) -> str:
    return check.output


def _simplicity(check: Comparison) -> tuple[int, int, str]:
    case = check.record.case
    return case.x.size, len(case.layouts), case.name


def violation(check: Comparison) -> Violation:
    """A violation as it is reported."""
    case = check.record.case
    return Violation(
        case=case.describe(),
        case_name=case.name,
        output=check.label,
        of=check.of,
        detail=_detail(check),
        elements=in_text(check.elements()),
        ratio=check.ratio,
        kind=check.kind,
        event=check.event or "",
        finding=check.finding,
    )


def _detail(check: Comparison) -> str:
    if isinstance(check.finding, Event):
        return sentence(check.finding)
    if isinstance(check.finding, EarlyEnd):
        return ending(check.finding)
    return "" if check.holds else measured(check.label, check.ratio)
