"""The table of a report: one line per property and dtype."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rich.text import Text

from bnproof.properties.result import Result
from bnproof.report.lines import STYLES, count, joined, line, ratio, wrapped


def table(results: Sequence[Result]) -> list[Text]:
    """All results that were judged, family by family, and then what is unsupported."""
    judged = [result for result in results if result.verdict != "unsupported"]
    ids = list(dict.fromkeys(result.property for result in judged))
    judged.sort(key=lambda result: ids.index(result.property))  # stable: dtypes keep their order
    if not judged:
        return _unsupported(results)
    width = max(len(name) for name in ids)
    head = f"{'property':{width}}  {'dtype':8}  {'verdict':9}  {'cases':>5}  {'error/bound':>8}"
    families = [
        _rows(list(family), width)
        for _, family in groupby(judged, key=lambda result: result.property.split("/")[0])
    ]
    return [line((head, "bold")), *joined([*families, _unsupported(results)])]


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


def _unsupported(results: Iterable[Result]) -> list[Text]:
    """What is unsupported, by reason; a property that is so in some dtypes only names them."""
    results = list(results)
    dtypes = list(dict.fromkeys(result.dtype for result in results))
    reasons: dict[str, dict[str, list[str]]] = {}
    for result in results:
        if result.verdict == "unsupported":
            reasons.setdefault(result.reason, {}).setdefault(result.property, []).append(
                result.dtype
            )
    made: list[Text] = []
    for reason, properties in reasons.items():
        names = [_name(name, found, dtypes) for name, found in properties.items()]
        head = f"unsupported: {reason}: {count(len(names), 'property', 'properties')}"
        made += [line((text.plain, "dim")) for text in wrapped(head, "  ", "")]
        made += [line((text.plain, "dim")) for text in wrapped(", ".join(names), "  ")]
    return made


def _name(name: str, found: list[str], dtypes: list[str]) -> str:
    return name if found == dtypes else f"{name} ({', '.join(found)})"
