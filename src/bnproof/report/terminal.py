"""A report for a terminal, or for a file that somebody reads: never more than what matters."""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bnproof.properties.result import Report
from bnproof.report.failures import failures
from bnproof.report.known import known_failures
from bnproof.report.lines import joined, line, wrapped
from bnproof.report.summary import summary, verdict
from bnproof.report.table import table


def show(reports: Sequence[Report], stream: TextIO, *, full: bool = False) -> None:
    """Print the reports on one target; ``full`` shows every failure at length."""
    for number, report in enumerate(reports):
        made = lines(report, full=full, variant=number + 1 if len(reports) > 1 else 0)
        printed([*made, Text()] if number + 1 < len(reports) else made, stream)


def printed(made: Sequence[Text], stream: TextIO) -> None:
    """Print lines, with their styles if the stream is a terminal."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for each in made:
        console.print(each)


def lines(report: Report, *, full: bool = False, variant: int = 0) -> list[Text]:
    """The lines of one report; ``variant`` is its number where a target has several."""
    if report.error:
        error = [made for text in report.error.splitlines() for made in wrapped(text)]
        return [*error, verdict(report)]
    blocks = [[line((title(report, variant), "bold"))], table(report.results)]
    blocks += failures(report.results, full=full)
    blocks += [known_failures(report.results), summary(report), [verdict(report)]]
    return joined(blocks)


def title(report: Report, variant: int = 0) -> str:
    """What a report is about, in one line; the first of several variants needs no number."""
    named = f"{report.name} {report.version}".strip()
    same = not named or named == report.target
    text = report.target if same else f"{report.target}: {named}"
    return f"{text} (variant {variant})" if variant > 1 else text
