"""From records to results: each property's verdict, with its violations grouped."""

from collections.abc import Sequence
from itertools import groupby

from bnproof.properties.property import Check, Property, Records
from bnproof.properties.result import Result, Violation

SHOWN_VIOLATIONS = 3


def evaluate(property_: Property, records: Records, dtype: str) -> Result:
    """The result of one property on all records of a dtype."""
    reason = property_.unsupported(records.declaration)
    if reason:
        return _result(property_, dtype, "unsupported", reason=reason)
    checks = list(property_.check(records))
    violated = [check for check in checks if not check.holds]
    cases = {check.record.case.name for check in checks}
    if not checks:
        reason = _nothing(property_, records)
        return _result(property_, dtype, "unsupported", reason=reason)
    shown = _smallest_of_each(violated)
    worst = max(checks, key=lambda check: check.ratio)
    kinds = {check.kind for check in violated}
    verdict = next((k for k in ("crashed", "timed-out") if k in kinds), "fail")
    return _result(
        property_,
        dtype,
        verdict if violated else "pass",
        examples=len(cases),
        not_judged=sum(check.not_judged for check in checks),
        worst_ratio=worst.ratio,
        worst_output=worst.output,
        worst_case=worst.record.case.describe(),
        violations=tuple(_violation(check) for check in shown),
        further=len(violated) - len(shown),
    )


def _nothing(property_: Property, records: Records) -> str:
    if not records.all:
        return "no case ran"
    offers = set().union(*(record.observation.offers for record in records))
    if property_.part and property_.part not in offers:
        return f"{property_.part} is not offered"
    if not any("dx" in offer or "dgamma" in offer for offer in offers):
        return "the result that it is about is not offered"
    return "no case of the kind that it needs can be given to this implementation"


def _result(property_: Property, dtype: str, verdict: str, **more: object) -> Result:
    return Result(property_.id, property_.statement, property_.theorem, dtype, verdict, **more)  # type: ignore[arg-type]  # fields of Result


def _smallest_of_each(violated: Sequence[Check]) -> list[Check]:
    """One violation per output, in the smallest case, with finite errors preferred."""

    def output(check: Check) -> str:
        return check.output.split(" of ")[0]

    grouped = groupby(sorted(violated, key=output), key=output)
    smallest = [min(group, key=_simplicity) for _, group in grouped]
    return sorted(smallest, key=_simplicity)[:SHOWN_VIOLATIONS]


def _simplicity(check: Check) -> tuple[int, int, str]:
    case = check.record.case
    return case.x.size, len(case.layouts), case.name


def _violation(check: Check) -> Violation:
    case = check.record.case
    return Violation(
        case=case.describe(),
        case_name=case.name,
        output=check.output,
        detail=check.detail,
        elements=check.elements(),
        ratio=check.ratio,
        kind=check.kind,
    )
