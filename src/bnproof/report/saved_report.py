"""A saved report is read again: held against the schema, and trusted in nothing.

Files come from other machines and other people.  One is never more than data: its size and depth
are limited, what is not of the schema is refused with one line that says where, and signs that
would move a terminal's cursor or turn the direction of writing are spelled out.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from bnproof.engine.model.explained import explained_in
from bnproof.engine.model.result import (
    Accuracy,
    Cause,
    OffsetCurve,
    OffsetPoint,
    OutputAccuracy,
    Report,
    Result,
    SumsAt,
    Violation,
)
from bnproof.engine.model.summation import Summation
from bnproof.engine.wording.text import clipped
from bnproof.report.finding_json import finding_from_json
from bnproof.report.lines import printable
from bnproof.report.model_json import SCHEMA, schema

LIMIT = 16 * 2**20
"""Bytes; the report on four dtypes, all of them wrong, has less than a twentieth of it."""

DIGITS = 20  # of an integer; a float64 could not hold what is much longer
COLUMNS = ("index", "got", "want", "error", "bound")


class UnreadableReport(Exception):  # noqa: N818  # what it is, and not only that it is an error
    """A file is no report; the message says why, in a line."""


FLAG = re.compile(r"--declare (\w+)=")
"""A flag of the command line, as reports of bnproof 0.1 have it in their advice."""


def read_file(path: Path) -> list[list[Report]]:
    """The reports in a file that ``bnproof check --json`` wrote: a list of variants per target.

    Raises UnreadableReport.
    """
    try:
        with path.open("rb") as stream:
            return read(stream)
    except UnreadableReport as error:
        raise UnreadableReport(f"{path} {error}") from None
    except OSError as error:
        raise UnreadableReport(f"cannot read {path}: {error.strerror}") from None


def read(stream: BinaryIO) -> list[list[Report]]:
    """The reports on each target in a stream; UnreadableReport's message begins with a verb."""
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise UnreadableReport(f"has more than {LIMIT // 2**20} MB, which no report has")
    try:
        made = _valid(_parsed(data))
        return [list(_reports(target)) for target in made.get("targets", [made])]
    except RecursionError:
        raise UnreadableReport("is nested more deeply than any report") from None


def _parsed(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        made = json.loads(text, parse_constant=_no_number, parse_int=_integer, parse_float=_finite)
    except UnicodeDecodeError as error:
        raise UnreadableReport(f"is not UTF-8 text: byte {error.start} is invalid") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        cut = " (it may be truncated)" if error.pos >= len(text.rstrip()) else ""
        raise UnreadableReport(f"is not valid JSON: {error.msg} at {where}{cut}") from None
    return _cleaned(made)


def _no_number(constant: str) -> NoReturn:
    raise UnreadableReport(f"is not strict JSON: it has the number {constant}")


def _integer(digits: str) -> int:
    if len(digits) > DIGITS:
        raise UnreadableReport(f"has a number of {len(digits)} digits, which no report has")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise UnreadableReport(f"has the number {clipped(digits, 40)}, which no float64 holds")
    return value


def _cleaned(value: Any, *, lines: bool = False) -> Any:
    """The same with texts that are safe to print: of one line, but for the error."""
    if isinstance(value, dict):
        return {printable(k): _cleaned(v, lines=k == "error") for k, v in value.items()}
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    return printable(value, lines=lines) if isinstance(value, str) else value


def _valid(made: Any) -> dict[str, Any]:
    """What the schema allows.  Only the first mistake is told: others often follow from it."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # a tenth of a second
    from jsonschema.exceptions import best_match  # noqa: PLC0415  # likewise

    if not isinstance(made, dict) or "schema" not in made:
        raise UnreadableReport("is not a report of bnproof: it has no field schema")
    if made["schema"] != SCHEMA or isinstance(made["schema"], bool):
        version = clipped(str(made["schema"]), 20)
        raise UnreadableReport(f"has another form: expected schema {SCHEMA}, got schema {version}")
    for error in Draft202012Validator(schema()).iter_errors(made):
        deepest = best_match([error]) or error
        told = clipped(f"{deepest.json_path[2:] or 'the report'}: {deepest.message}", 240)
        raise UnreadableReport(f"is not a report of bnproof: at {told}")
    return made


def _reports(made: Mapping[str, Any]) -> Iterator[Report]:
    yield _report(made)
    for variant in made.get("variants", ()):
        yield from _reports(variant)


def _error_reason(made: Mapping[str, Any]) -> str:
    """Why a target cannot be used; bnproof 0.1 wrote it behind the target alone."""
    error: str = made["error"] or ""
    before = f"{made['target']} cannot be used: "
    without = error.removeprefix(before) if error.startswith(before) else ""
    return str(made.get("error_reason", without))


def _declared_in(advice: Sequence[str]) -> tuple[str, ...]:
    """The attributes that flags declare, which bnproof 0.1 wrote in no field of their own."""
    return tuple(name for line in advice for name in FLAG.findall(line))


def _report(made: Mapping[str, Any]) -> Report:
    return Report(
        target=made["target"],
        name=made["name"],
        version=made["version"],
        profile=made["profile"],
        seed=made["seed"],
        results=tuple(_result(each) for each in made["results"]),
        accuracy={dtype: _accuracy(each) for dtype, each in made["accuracy_details"].items()},
        conventions=made["conventions"],
        cases=made["cases"],
        promised=made["promised"],
        error=made["error"] or "",
        error_reason=_error_reason(made),
        notes=tuple(made["notes"]),
        environment=made["environment"],
        seconds=float(made["seconds"]),
        interrupted=made.get("interrupted", False),
        recognised=tuple(made.get("recognised", ())),
        origins=made.get("origins", {}),
        incomplete=tuple(made.get("incomplete", ())),
        advice=tuple(made.get("advice", ())),
        differs_in=tuple(made.get("differs_in", _declared_in(made.get("advice", ())))),
        stopped=made.get("stopped", False),
        excluded=tuple(made.get("excluded", ())),
        not_checked=tuple(made.get("not_checked", ())),
    )


def _result(made: Mapping[str, Any]) -> Result:
    shown = [made["counterexample"]] if made["counterexample"] else []
    return Result(
        property=made["property"],
        statement=made["statement"],
        theorem=made["theorem"],
        dtype=made["dtype"],
        verdict=made["verdict"],
        examples=made["examples"],
        not_judged=made["not_judged"],
        worst_ratio=float(made["worst_ratio"]),
        worst_output=made["worst_output"] or "",
        worst_case=made["worst_case"] or "",
        violations=tuple(_violation(v) for v in shown + made["further_counterexamples"]),
        further=made["further_violations"],
        reason=made["reason"] or "",
        causes=tuple(_cause(each) for each in made["causes"]),
        replay=made["replay"] or "",
        advised=made.get("advised", False),
    )


def _violation(made: Mapping[str, Any]) -> Violation:
    return Violation(
        case=made["case"],
        case_name=made["case_name"],
        output=made["output"],
        detail=made["detail"],
        elements=tuple(tuple(row[column] for column in COLUMNS) for row in made["elements"]),
        ratio=float(made["ratio"]),
        kind=made["kind"],
        replay=made.get("replay") or "",
        event=made.get("event") or "",
        of=made.get("of", ""),
        finding=finding_from_json(made["finding"]) if "finding" in made else None,
    )


def _cause(made: Mapping[str, Any]) -> Cause:
    explains = tuple(filter(None, map(explained_in, made.get("explains", ()))))
    return Cause(made["id"], made["mistake"], made["repair"], tuple(made["issues"]), explains)


def _accuracy(made: Mapping[str, Any]) -> Accuracy:
    return Accuracy(
        declared=made["declared"],
        found=made["found"] or "",
        by_layout={layout: found or "" for layout, found in made["by_layout"].items()},
        worst_ratio=float(made["worst_ratio"]),
        worst_output=made["worst_output"] or "",
        worst_case=made["worst_case"] or "",
        term=made["term"] or "",
        depth=float("nan") if made["depth"] is None else float(made["depth"]),
        depth_count=made["depth_count"],
        worst_case_name=made.get("worst_case_name", ""),
        exact=(made["exact"]["equal"], made["exact"]["of"]),
        outputs=tuple(_output(each) for each in made.get("outputs", ())),
        offsets=tuple(_curve(each) for each in made.get("offsets", ())),
        sums=tuple(_sums(each) for each in made.get("sums", ())),
    )


def _sums(made: Mapping[str, Any]) -> SumsAt:
    share, depth = (
        float("nan") if made[name] is None else float(made[name]) for name in ("share", "depth")
    )
    family = made["explained_by"]
    return SumsAt(made["count"], None if family is None else Summation(family), share, depth)


def _output(made: Mapping[str, Any]) -> OutputAccuracy:
    ratios = {name: float(ratio) for name, ratio in made["ratios"].items()}
    return OutputAccuracy(made["output"], ratios, made["case"] or "")


def _curve(made: Mapping[str, Any]) -> OffsetCurve:
    points = [
        OffsetPoint(each["offset"], each["digits"], each["bounds"]) for each in made["points"]
    ]
    return OffsetCurve(made["output"], made["most"], tuple(points))
