"""What a report says beside results: verdict, conventions, accuracy, cases and notes."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from bnproof.engine.model.result import Accuracy, Report
from bnproof.engine.wording.text import count, some
from bnproof.report.judgement import COLOURS, judgement
from bnproof.report.lines import line, ratio, wrapped
from bnproof.report.sum_findings import findings

TOLD = (
    ("momentum_weighs", "momentum weighs the {} value"),
    ("running_variance", "running variance {}"),
    ("normalising_variance", "normalises by the {} variance"),
    ("single_value", "single value: {}"),
    ("empty", "empty batch: {}"),
    ("affine_parameters", "gamma and beta {}"),
    ("ranks", "ranks {}"),
    ("channel_axis", "channel axis {}"),
)

AS_THEY_ARE = ("gamma only", "beta only")
"""Values that need no words around them."""


def summary(report: Report) -> list[Text]:
    """What was declared, the accuracy in each dtype, the cases and the notes of one variant."""
    made = wrapped(declared(report.conventions), "            ", "declared    ")
    for dtype, accuracy in report.accuracy.items():
        made += _accuracy(dtype, accuracy)
    made += _cases(report)
    for note in report.notes:
        made += wrapped(note, "            ", "note        ")
    return made


def declared(conventions: Mapping[str, Any]) -> str:
    """The declared attributes in words.

    >>> declared({"momentum_weighs": "old", "ranks": [2, 4], "cumulative": True, "dtypes": []})
    'momentum weighs the old value, ranks 2 4, cumulative True'
    >>> declared({"normalising_variance": "unbiased", "affine_parameters": "gamma only"})
    'normalises by the unbiased variance, gamma only'
    """
    known = dict(TOLD)
    skipped = ("dtypes", "accuracy", "methods", "parameter_dtypes")
    told = [_with_value(words, conventions[k]) for k, words in TOLD if k in conventions]
    others = [k for k in conventions if k not in known and k not in skipped]
    return ", ".join(told + [f"{k} {_in_words(conventions[k])}" for k in others])


def _with_value(words: str, value: Any) -> str:
    return str(value) if value in AS_THEY_ARE else words.format(_in_words(value))


def verdict_line(reports: Sequence[Report]) -> Text:
    """The verdict on a target for all dtypes and variants, in one line."""
    found = judgement(reports)
    return line((found.of(reports[0].target), COLOURS[found.standing]))


def _in_words(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{_in_words(v)} for {k}" for k, v in value.items())
    return str(value)


def _accuracy(dtype: str, accuracy: Accuracy) -> list[Text]:
    """Class, worst output with the term that used up its bound, depth, and exact results."""
    unmeasured = "not measured" if not accuracy.worst_output else "no class explains it"
    found = accuracy.found or unmeasured
    known = "as declared" if found == accuracy.declared else f"declared: {accuracy.declared}"
    style = "bold" if accuracy.found else "bold red"
    made = [line(f"{dtype:10}  ", (found, style), f" ({known})")]
    parts = []
    if accuracy.worst_output:
        term = f", mostly {accuracy.term}" if accuracy.term else ""
        where = f"{accuracy.worst_output}, {accuracy.worst_case_name or accuracy.worst_case}"
        parts.append(f"worst error/bound {ratio(accuracy.worst_ratio)}{term} ({where})")
    if not math.isnan(accuracy.depth):
        parts.append(f"effective depth {accuracy.depth:.3g} for {accuracy.depth_count} values")
    if accuracy.exact[1]:
        parts.append(f"exact cases bit for bit: {accuracy.exact[0]} of {accuracy.exact[1]}")
    made += wrapped("; ".join(parts), " " * 12)
    if told := _sums(accuracy):
        made += wrapped(told, " " * 12)
    for finding in findings(accuracy):
        made += wrapped(f"finding: {finding}", " " * 12)
    return made + _layouts(accuracy)


def _sums(accuracy: Accuracy) -> str:
    """What explains the sums of many values, and how long the longest chain of additions is."""
    families = {
        each.summation: f"{each.summation.value} up to {each.count:,} values"
        for each in accuracy.sums
        if each.summation is not None
    }
    depths = [f"{each.depth:.3g} for {each.count:,}" for each in accuracy.sums if each.depth >= 0]
    chains = [f"longest chain of additions {', '.join(depths)}"] if depths else []
    return "; ".join([*families.values(), *chains])


def _layouts(accuracy: Accuracy) -> list[Text]:
    """The layouts whose class is another one than that of all."""
    by_class: dict[str, list[str]] = {}
    for layout, found in accuracy.by_layout.items():
        if found != accuracy.found:
            by_class.setdefault(found or "no class", []).append(layout)
    if not by_class:
        return []
    told = "; ".join(f"{found} in {some(names, 3)}" for found, names in by_class.items())
    return wrapped(f"by layout: {told}", " " * 12)


def _cases(report: Report) -> list[Text]:
    ran = [_ran(dtype, number, report) for dtype, number in report.cases.items()]
    missed = sum(result.not_judged for result in report.results)
    text = ", ".join(ran) or "none"
    if missed:
        text += f"; {count(missed, 'comparison')} not judged, where there is no bound"
    return wrapped(f"{text}; seed {report.seed}", " " * 12, "cases       ")


def _ran(dtype: str, number: int, report: Report) -> str:
    promised = report.promised.get(dtype, 0)
    return f"{dtype} {number}" + (f" of {promised} promised" if number < promised else "")
