"""The table of a report: one line per property and dtype."""

from collections.abc import Sequence
from itertools import groupby

from rich.text import Text

from bnproof.engine.model.result import Result
from bnproof.report.lines import STYLES, joined, line, ratio
from bnproof.report.untested import untested_in_full
from bnproof.report.violations import placed


def table(results: Sequence[Result]) -> list[Text]:
    """All results that were judged, family by family, and then what was not tested."""
    judged = [result for result in results if result.verdict != "unsupported"]
    ids = list(dict.fromkeys(result.property for result in judged))
    judged.sort(key=lambda result: ids.index(result.property))  # stable: dtypes keep their order
    untested = untested_in_full(placed(results))
    if not judged:
        return untested
    width = max(len(name) for name in ids)
    head = f"{'property':{width}}  {'dtype':8}  {'verdict':9}  {'cases':>5}  {'error/bound':>8}"
    families = [
        _rows(list(family), width)
        for _, family in groupby(judged, key=lambda result: result.property.split("/")[0])
    ]
    return [line((head, "bold")), *joined([*families, untested])]


def _rows(results: Sequence[Result], width: int) -> list[Text]:
    """A row per result; each has the whole id, for grep, but the eye only needs the first."""
    before = ["", *(result.property for result in results)]
    return [_row(r, width, again=r.property == b) for r, b in zip(results, before, strict=False)]


def _row(result: Result, width: int, *, again: bool) -> Text:
    style = STYLES[result.verdict]
    return line(
        (f"{result.property:{width}}", "dim" if again else ""),
        f"  {result.dtype:8}  ",
        (f"{result.verdict:9}", style),
        f"  {result.examples:5d}  {ratio(result.worst_ratio):>8}",
    )
