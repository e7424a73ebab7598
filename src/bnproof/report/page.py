"""Reports as one self-contained page: styles, script and plots inside, nothing from a network.

Needs the extra ``html`` (jinja2).  Every text of a report is escaped by the template, and the
page's own policy lets no script run but the one whose hash it names.
"""

import base64
import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bnproof.properties.result import VERDICTS, Report, Result
from bnproof.report.failures import Failure, about_entries, causes_of, gather
from bnproof.report.known import known_reasons
from bnproof.report.lines import ratio
from bnproof.report.offset_plot import offset_charts
from bnproof.report.ratio_plot import ratio_chart
from bnproof.report.summary import CONFORMS, UNDECIDED, declared, judgement
from bnproof.report.terminal import title

SHOWN = 8
"""Failures that are unfolded from the start."""

SEVERITY = ("crashed", "timed-out", "fail", "known", "pass", "unsupported")
"""Verdicts as the table sorts them."""


def page(checks: Sequence[Sequence[Report]]) -> str:
    """The page of some checks, each with the reports on its variants."""
    parts = [
        _part(report, number, f"r{place}-{number}")
        for place, reports in enumerate(checks, 1)
        for number, report in enumerate(reports, 1)
    ]
    script = _own("page.js").strip()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    rows = [row for part in parts for row in _rows(part)]
    results = [row["result"] for row in rows]
    found = Counter(result.verdict for result in results)
    template = environment("bnproof.report").get_template("page.html.jinja")
    return template.render(
        title=parts[0]["title"] if len(parts) == 1 else "bnproof: reports",
        parts=parts,
        rows=rows,
        shown=SHOWN,
        verdicts=[(verdict, found[verdict]) for verdict in VERDICTS if found[verdict]],
        dtypes=list(dict.fromkeys(result.dtype for result in results)),
        statements=list(dict.fromkeys((r.property, r.statement, r.theorem) for r in results)),
        style=look() + Markup(_own("page.css")),  # noqa: S704  # our own file
        script=Markup(script),  # noqa: S704  # our own file
        script_hash=f"sha256-{digest}",
    )


@cache
def environment(package: str) -> Environment:
    """How templates of a package are filled in: everything is escaped, nothing may be missing."""
    made = Environment(
        loader=PackageLoader(package, ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    made.filters["ratio"] = ratio
    return made


def look() -> Markup:
    """What our pages have in common, as CSS."""
    return Markup(_own("look.css"))  # noqa: S704  # our own file


def _own(name: str) -> str:
    return resources.files("bnproof.report").joinpath(name).read_text(encoding="utf-8")


def _part(report: Report, variant: int, id_: str) -> dict[str, Any]:
    """What the template needs of one report."""
    head, numbers = judgement(report)
    kind = "good" if head == CONFORMS else "unsure" if head in UNDECIDED else "wrong"
    failures = gather(report.results)
    charts = [ratio_chart(dtype, each) for dtype, each in report.accuracy.items()]
    curves = [(dtype, offset_charts(dtype, each)) for dtype, each in report.accuracy.items()]
    return {
        "id": id_,
        "report": report,
        "title": title(report, variant),
        "head": head,
        "numbers": numbers,
        "kind": kind,
        "good": kind == "good",
        "sign": {"good": "✓", "unsure": "?"}.get(kind, "✗"),
        "facts": list(_facts(report)),
        "failures": failures,
        "explained": not about_entries(failures),
        "causes": causes_of(report.results),
        "accuracy": [chart for chart in charts if chart],
        "offsets": [(dtype, made) for dtype, made in curves if made],
    }


def _facts(report: Report) -> Iterator[tuple[str, str]]:
    yield "profile", f"{report.profile}, seed {report.seed}, {report.seconds:.1f} s"
    cases = [f"{dtype} {number}" for dtype, number in report.cases.items()]
    if cases:
        yield "cases", ", ".join(cases)
    if report.conventions:
        yield "declared", declared(report.conventions)
    for reason, named in known_reasons(report.results).items():
        yield "known", f"{reason}: {', '.join(named)}"
    for note in report.notes:
        yield "note", note
    if report.environment:
        yield "ran with", ", ".join(f"{name} {text}" for name, text in report.environment.items())


def _rows(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    failures: list[Failure] = part["failures"]
    for result in part["report"].results:
        judged = result.verdict != "unsupported"
        yield {
            "part": part,
            "result": result,
            "link": _link(result, failures, part["id"]),
            "severity": SEVERITY.index(result.verdict),
            "ratio": ratio(result.worst_ratio) if judged else "",
            "key": _key(result.worst_ratio) if judged else "-1",
            "where": result.reason or _where(result),
        }


def _link(result: Result, failures: Sequence[Failure], id_: str) -> str:
    """The failure that tells of a result."""
    for number, failure in enumerate(failures, 1):
        if result.violations and result.property in (failure.result.property, *failure.properties):
            return f"{id_}-f{number}"
    return ""


def _where(result: Result) -> str:
    return ", ".join(text for text in (result.worst_output, result.worst_case) if text)


def _key(value: float) -> str:
    """A number as JavaScript reads it; NaN sorts with infinity."""
    return "Infinity" if math.isnan(value) or value == math.inf else repr(value)
