"""Reports as one self-contained page: styles, script and plots inside, nothing from a network.

Needs the extra ``html`` (jinja2).  Every text of a report is escaped by the template, and the
page's own policy lets no script run but the one whose hash it names.  The order of the parts is
that of `bnproof.report.overview`.
"""

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bnproof.engine.model.result import Report, Result
from bnproof.engine.model.verdict import VERDICTS, Verdict
from bnproof.engine.wording.text import some
from bnproof.report.cards import Card, cards
from bnproof.report.failures import NO_CAUSE, as_shown
from bnproof.report.families import families
from bnproof.report.judgement import Standing, judgement
from bnproof.report.known_failures import known_reasons
from bnproof.report.lines import ratio, verdict_in_words
from bnproof.report.offset_plot import offset_charts
from bnproof.report.ratio_plot import ratio_chart
from bnproof.report.summary import declared
from bnproof.report.target_report import Whole
from bnproof.report.untested import untested_everywhere, untested_somewhere
from bnproof.report.violations import about_entries, gather, ratio_unsaid

SEVERITY: tuple[Verdict, ...] = ("crashed", "timed-out", "fail", "known", "pass", "unsupported")
"""Verdicts as the table sorts them."""

KINDS = {
    Standing.CONFORMS: ("good", "✓"),
    Standing.INCOMPLETE: ("unsure", "?"),
    Standing.INTERRUPTED: ("unsure", "?"),
}
"""The style and the sign of a verdict; any other is wrong."""

ISSUE = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)#(?P<number>[0-9]+)")


def page(checks: Sequence[Sequence[Report]]) -> str:
    """The page of some checks, each with the reports on its variants."""
    parts = [_part(Whole(tuple(reports)), f"r{number}") for number, reports in enumerate(checks, 1)]
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
        no_cause=NO_CAUSE,
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
    made.filters.update(
        ratio=ratio,
        unsaid=ratio_unsaid,
        words=verdict_in_words,
        issue=issue_address,
        shown=as_shown,
    )
    return made


def issue_address(issue: str) -> str:
    """The address of an issue, "" for a text that is not an issue on GitHub.

    >>> issue_address("pytorch/pytorch#12")
    'https://github.com/pytorch/pytorch/issues/12'
    >>> issue_address("a question in a forum")
    ''
    """
    found = ISSUE.fullmatch(issue)
    if found is None:
        return ""
    return f"https://github.com/{found['repository']}/issues/{found['number']}"


def look() -> Markup:
    """What our pages have in common, as CSS."""
    return Markup(_own("look.css"))  # noqa: S704  # our own file


def _own(name: str) -> str:
    return resources.files("bnproof.report").joinpath(name).read_text(encoding="utf-8")


def _part(whole: Whole, id_: str) -> dict[str, Any]:
    """What the template needs of one target."""
    verdict = judgement(whole.reports)
    kind, sign = KINDS.get(verdict.standing, ("wrong", "✗"))
    failures = gather(whole.placed)
    by_cause = cards(whole.placed, failures)
    charts = [ratio_chart(place, each) for place, each in whole.accuracy]
    curves = [(place, offset_charts(place, each)) for place, each in whole.accuracy]
    return {
        "id": id_,
        "whole": whole,
        "title": whole.target,
        "verdict": verdict.words,
        "kind": kind,
        "good": kind == "good",
        "sign": sign,
        "errors": [report.error for report in whole.reports if report.error],
        "recognised": whole.lines("recognised"),
        "incomplete": whole.lines("incomplete"),
        "advice": whole.lines("advice"),
        "difference": whole.difference,
        "advised": "All" if whole.advised else "Some",
        "failures": failures,
        "cards": [_card(card, f"{id_}-c{n}") for n, card in enumerate(by_cause, 1)],
        "explained": not about_entries(failures),
        "families": list(families(whole)),
        "untested": list(_untested(whole)),
        "facts": list(_facts(whole)),
        "accuracies": list(whole.accuracy),
        "accuracy": [
            (chart, each) for chart, (_, each) in zip(charts, whole.accuracy, strict=True) if chart
        ],
        "offsets": [
            (place, made, each)
            for (place, made), (_, each) in zip(curves, whole.accuracy, strict=True)
            if made
        ],
    }


def _card(card: Card, id_: str) -> dict[str, Any]:
    """A card, each of its failures with the id of its place on the page."""
    ids = [f"{id_}-f{number}" for number in range(1, len(card.failures) + 1)]
    numbered = list(zip(ids, card.failures, strict=True))
    roots = len(card.roots)
    replays = [f.violation.replay for f in card.failures if f.violation.replay]
    return {
        "id": id_,
        "causes": card.causes,
        "unexplained": card.unexplained,
        "roots": numbered[:roots],
        "consequences": numbered[roots:],
        "further": card.further,
        "further_in_words": card.further_in_words or "The same in other results",
        "replay": replays[0] if replays else "",
        "title": " and ".join(dict.fromkeys(failure.name for failure in card.roots)),
    }


def _untested(whole: Whole) -> Iterator[tuple[str, str]]:
    """What was not tested, a reason and the properties each."""
    for reason, names in untested_everywhere(whole).items():
        yield reason, ", ".join(names)
    for (reason, places), names in untested_somewhere(whole).items():
        yield f"{reason} (in {places})", ", ".join(names)
    if whole.lines("excluded"):
        yield "excluded with --exclude", some(whole.lines("excluded"), 12)


def _facts(whole: Whole) -> Iterator[tuple[str, str]]:
    first = whole.reports[0]
    yield "profile", f"{first.profile}, seed {first.seed}, {whole.seconds:.1f} s"
    for report in whole.reports:
        who = f"{report.name}: " if len(whole.reports) > 1 else ""
        cases = [f"{dtype} {ran}" for dtype, ran in report.cases.items()]
        if cases:
            yield "cases", who + ", ".join(cases)
        if report.conventions:
            yield "declared", who + declared(report.conventions)
    for reason, named in known_reasons([each.result for each in whole.placed]).items():
        yield "known", f"{reason}: {', '.join(named)}"
    for note in whole.lines("notes"):
        yield "note", note
    if first.environment:
        yield "ran with", ", ".join(f"{name} {text}" for name, text in first.environment.items())


def _rows(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    links = {
        (name, place): id_
        for card in part["cards"]
        for id_, failure in reversed([*card["roots"], *card["consequences"]])
        for name, place in failure.found_in
    }
    for each in part["whole"].placed:
        result = each.result
        judged = result.verdict != "unsupported"
        yield {
            "part": part,
            "result": result,
            "place": each.place,
            "link": links.get((result.property, each.place), ""),
            "severity": SEVERITY.index(result.verdict),
            "ratio": ratio(result.worst_ratio) if judged else "",
            "key": _key(result.worst_ratio) if judged else "-1",
            "where": result.reason or _where(result),
        }


def _where(result: Result) -> str:
    return ", ".join(text for text in (result.worst_output, result.worst_case) if text)


def _key(value: float) -> str:
    """A number as JavaScript reads it; NaN sorts with infinity."""
    return "Infinity" if math.isnan(value) or value == math.inf else repr(value)
