"""Reports as JSON: schema.json, beside this file, is the exact form.

Strict JSON knows no infinity and no NaN: they are the strings "inf", "-inf" and "nan".
"""

import json
import math
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from bnproof.engine.model.result import (
    Accuracy,
    Cause,
    OffsetCurve,
    Report,
    Result,
    SumsAt,
    Violation,
)
from bnproof.report.finding_json import finding_to_json
from bnproof.report.sum_findings import findings

SCHEMA = 1


def to_json(reports: Sequence[Report]) -> dict[str, Any]:
    """The reports on one target as one object: the first, with those on its variants inside.

    ``conforms`` at the top is that of all; each of the variants has its own.

    >>> to_json([Report("reference", error="no such thing")])["conforms"]
    False
    """
    first, *others = (_report(report) for report in reports)
    if others:
        first["variant_conforms"] = first["conforms"]
        first["conforms"] = all(report.conforms for report in reports)
        first["variants"] = others
    return first


def all_to_json(checks: Sequence[Sequence[Report]]) -> dict[str, Any]:
    """The reports on several targets as one object; those on one target alone are as ever.

    >>> made = all_to_json([[Report("one", error="e")], [Report("two", error="e")]])
    >>> made["conforms"], [target["target"] for target in made["targets"]]
    (False, ['one', 'two'])
    """
    made = [to_json(reports) for reports in checks]
    if len(made) == 1:
        return made[0]
    conforms = all(target["conforms"] for target in made)
    return {"schema": SCHEMA, "conforms": conforms, "targets": made}


def dumps(reports: Sequence[Report]) -> str:
    """The text of a JSON file about one target."""
    return dumps_all([reports])


def dumps_all(checks: Sequence[Sequence[Report]]) -> str:
    """The text of a JSON file about one target or several."""
    made = all_to_json(checks)
    return json.dumps(made, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema of a report.

    >>> schema()["$schema"]
    'https://json-schema.org/draft/2020-12/schema'
    """
    text = files("bnproof.report").joinpath("schema.json").read_text(encoding="utf-8")
    read: dict[str, Any] = json.loads(text)
    return read


def _report(report: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "target": report.target,
        "name": report.name,
        "version": report.version,
        "conforms": report.conforms,
        "error": report.error or None,
        **({"error_reason": report.error_reason} if report.error_reason else {}),
        "interrupted": report.interrupted,
        "stopped": report.stopped,
        "excluded": list(report.excluded),
        "not_checked": list(report.not_checked),
        "profile": report.profile,
        "seed": report.seed,
        "accuracy": {dtype: found.found or None for dtype, found in report.accuracy.items()},
        "accuracy_details": {dtype: _accuracy(a) for dtype, a in report.accuracy.items()},
        "conventions": _plain(report.conventions),
        "cases": dict(report.cases),
        "promised": dict(report.promised),
        "results": [_result(result) for result in report.results],
        "notes": list(report.notes),
        "recognised": list(report.recognised),
        "origins": {name: str(origin) for name, origin in report.origins.items()},
        "incomplete": list(report.incomplete),
        "advice": list(report.advice),
        **_differs_in(report),
        "environment": dict(report.environment),
        "seconds": _number(report.seconds),
    }


def _differs_in(report: Report) -> dict[str, list[str]]:
    """Written beside any advice, since a reader searches the advice of a file that has no field."""
    return {"differs_in": list(report.differs_in)} if report.advice or report.differs_in else {}


def _result(result: Result) -> dict[str, Any]:
    return {
        "property": result.property,
        "statement": result.statement,
        "theorem": result.theorem,
        "dtype": result.dtype,
        "verdict": result.verdict,
        "reason": result.reason or None,
        "examples": result.examples,
        "not_judged": result.not_judged,
        "worst_ratio": _number(result.worst_ratio),
        "worst_output": result.worst_output or None,
        "worst_case": result.worst_case or None,
        "causes": [_cause(cause) for cause in result.causes],
        "counterexample": _violation(result.violations[0]) if result.violations else None,
        "further_counterexamples": [_violation(v) for v in result.violations[1:]],
        "further_violations": result.further,
        "replay": result.replay or None,
        "advised": result.advised,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "id": cause.id,
        "mistake": cause.mistake,
        "repair": cause.repair,
        "issues": list(cause.issues),
        "explains": list(map(str, cause.explains)),
    }


def _violation(violation: Violation) -> dict[str, Any]:
    columns = ("index", "got", "want", "error", "bound")
    return {
        "case": violation.case,
        "case_name": violation.case_name,
        "kind": violation.kind,
        "output": violation.output,
        **({"of": violation.of} if violation.of else {}),
        "detail": violation.detail,
        "ratio": _number(violation.ratio),
        "elements": [dict(zip(columns, row, strict=True)) for row in violation.elements],
        "replay": violation.replay or None,
        "event": violation.event or None,
        **({"finding": finding_to_json(violation.finding)} if violation.finding else {}),
    }


def _accuracy(accuracy: Accuracy) -> dict[str, Any]:
    return {
        "declared": accuracy.declared,
        "found": accuracy.found or None,
        "by_layout": {layout: found or None for layout, found in accuracy.by_layout.items()},
        "worst_ratio": _number(accuracy.worst_ratio),
        "worst_output": accuracy.worst_output or None,
        "worst_case": accuracy.worst_case or None,
        **({"worst_case_name": accuracy.worst_case_name} if accuracy.worst_case_name else {}),
        "term": accuracy.term or None,
        "depth": None if math.isnan(accuracy.depth) else _number(accuracy.depth),
        "depth_count": accuracy.depth_count,
        "exact": {"equal": accuracy.exact[0], "of": accuracy.exact[1]},
        "outputs": [
            {
                "output": each.output,
                "ratios": {name: _number(ratio) for name, ratio in each.ratios.items()},
                "case": each.case or None,
            }
            for each in accuracy.outputs
        ],
        "offsets": [_curve(curve) for curve in accuracy.offsets],
        "sums": [_sums(each) for each in accuracy.sums],
        "findings": findings(accuracy),
    }


def _curve(curve: OffsetCurve) -> dict[str, Any]:
    return {
        "output": curve.output,
        "most": curve.most,
        "breakdown": curve.breakdown,
        "points": [
            {"offset": point.offset, "digits": point.digits, "bounds": dict(point.bounds)}
            for point in curve.points
        ],
    }


def _sums(sums: SumsAt) -> dict[str, Any]:
    return {
        "count": sums.count,
        "explained_by": None if sums.summation is None else sums.summation.value,
        "share": None if math.isnan(sums.share) else _number(sums.share),
        "depth": None if math.isnan(sums.depth) else _number(sums.depth),
    }


def _number(value: float) -> float | str:
    """A number that strict JSON can hold.

    >>> _number(0.5), _number(float("-inf")), _number(float("nan"))
    (0.5, '-inf', 'nan')
    """
    number = float(value)  # NumPy's numbers are no JSON
    return number if math.isfinite(number) else str(number)


def _plain(value: Any) -> Any:
    """A declared value in the types of JSON."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(inner) for inner in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return _number(value)
    return str(value)
