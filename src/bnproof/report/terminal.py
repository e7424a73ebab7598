"""A report for a terminal, or for a file that somebody reads."""

from collections.abc import Sequence
from enum import Enum
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bnproof.engine.model.result import Report
from bnproof.report.failures import failures
from bnproof.report.judgement import Standing, judgement
from bnproof.report.known_failures import known_failures
from bnproof.report.lines import joined, labelled, line, wrapped
from bnproof.report.overview import overview
from bnproof.report.summary import summary, verdict_line
from bnproof.report.table import table


class Detail(Enum):
    """How much of a report is shown."""

    VERDICT = "the verdict alone"
    OVERVIEW = "what matters, in fewer than 25 or 60 lines"
    FULL = "the table of all results, and every failure"


def show(reports: Sequence[Report], stream: TextIO, *, detail: Detail = Detail.OVERVIEW) -> None:
    """Print the reports on one target."""
    printed(lines(reports, detail), stream)


def show_all(
    checks: Sequence[Sequence[Report]], stream: TextIO, detail: Detail = Detail.OVERVIEW
) -> None:
    """Print the reports on several targets, and at the end a line with the verdict on each."""
    for reports in checks:
        show(reports, stream, detail=detail)
        if len(checks) > 1 and detail is not Detail.VERDICT:
            printed([Text()], stream)
    if len(checks) > 1 and detail is not Detail.VERDICT:
        printed([verdict_line(reports) for reports in checks], stream)


def printed(made: Sequence[Text], stream: TextIO) -> None:
    """Print lines, with their styles if the stream is a terminal."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for each in made:
        console.print(each)


def lines(reports: Sequence[Report], detail: Detail = Detail.OVERVIEW) -> list[Text]:
    """The lines of the reports on one target."""
    if detail is Detail.VERDICT:
        return [verdict_line(reports)]
    if judgement(reports).standing is Standing.UNUSABLE:
        return _unusable(reports)
    if detail is Detail.OVERVIEW:
        return overview(reports)
    several = len(reports) > 1
    blocks = [block for n, r in enumerate(reports) for block in _in_full(r, several * (n + 1))]
    return joined([[verdict_line(reports)], *blocks, [verdict_line(reports)]])


def _unusable(reports: Sequence[Report]) -> list[Text]:
    """The verdict with the first line of the error, after all of it where it has more."""
    errors = [text for report in reports for text in report.error.splitlines()]
    told = [made for text in errors for made in wrapped(text)] if len(errors) > 1 else []
    return [*told, verdict_line(reports)]


def _in_full(report: Report, variant: int) -> list[list[Text]]:
    """Everything about one variant."""
    return [
        [line((title(report, variant), "bold"))],
        labelled("recognised", report.recognised),
        labelled("declare", report.incomplete),
        labelled("advice", report.advice),
        table(report.results),
        *failures(report.results, full=True),
        known_failures(report.results),
        summary(report),
    ]


def title(report: Report, variant: int = 0) -> str:
    """What a report is about, in one line; the first of several variants needs no number."""
    named = f"{report.name} {report.version}".strip()
    same = not named or named == report.target
    text = report.target if same else f"{report.target}: {named}"
    return f"{text} (variant {variant})" if variant > 1 else text
