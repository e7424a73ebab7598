"""The failures of a report: what a reader needs to understand each, in under 25 lines."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.text import Text

from bnproof.properties.result import ENTRY, Cause, Result, Violation
from bnproof.report.lines import STYLES, clipped, count, line, ratio, some, wrapped

SHOWN = 8
"""Failures that are shown in full; a wrong formula breaks dozens of properties."""


GIVEN_UP = "not tried any more after too many failures; the last: "
"""How the session begins the detail of a case that it did not run."""


@dataclass
class Failure:
    """A violation, the dtypes that share it, and the properties that break by the same event."""

    result: Result
    violation: Violation
    dtypes: list[str] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    further: int = 0

    @property
    def measured(self) -> bool:
        """Whether a number is wrong, and not something raised, crashed or changed."""
        return bool(self.violation.elements) or math.isfinite(self.violation.ratio)


def failures(results: Sequence[Result], *, full: bool = False) -> list[list[Text]]:
    """A block of lines per failure, the first few in full, and one line for each of the others."""
    found = gather(results)
    shown = found if full else _most_different(found)
    blocks = [block(failure) for failure in shown]
    rest = [failure for failure in found if not any(failure is other for other in shown)]
    if rest:
        head = f"{count(len(rest), 'further failure')}, in full with --property ID:"
        blocks.append([line((head, "bold")), *(_in_one_line(failure) for failure in rest)])
    return blocks if about_entries(found) else [*blocks, likely_causes(results)]


def about_entries(found: Sequence[Failure]) -> bool:
    """Whether it is a file of known failures that is wrong, if anything, and not the target."""
    return all(failure.violation.output == ENTRY for failure in found)


def likely_causes(results: Sequence[Result]) -> list[Text]:
    """The known mistakes that reproduce what was observed, with how to repair each."""
    causes = causes_of(results)
    if not causes:
        return [line(("cause", "bold"), "    no known mistake reproduces this")]
    made = [line(("likely cause", "bold"), " (it reproduces the counterexamples)")]
    for cause in causes:
        made += wrapped(f"{cause.mistake} [{cause.id}]", "           ", "  mistake  ")
        made += wrapped(cause.repair, "           ", "  repair   ")
        if cause.issues:
            made += wrapped(some(cause.issues), "           ", "  seen in  ")
    return made


def causes_of(results: Sequence[Result]) -> list[Cause]:
    """The likeliest known mistakes, each once."""
    causes = {cause.id: cause for result in results for cause in result.causes}
    return list(causes.values())[:3]


def gather(results: Sequence[Result]) -> list[Failure]:
    """The failures, one per cause as far as it can be told from what was seen.

    A wrong number is one failure per property and output, whatever the dtype; an exception or a
    crash is one failure, whatever properties it breaks.
    """
    found: dict[tuple[str, ...], Failure] = {}
    for result in results:
        if result.verdict == "known":
            continue
        for number, violation in enumerate(result.violations):
            key = _cause(result, violation)
            failure = found.setdefault(key, Failure(result, violation))
            ratios = f"{result.dtype} ({ratio(violation.ratio)})"
            if result.dtype not in (failure.result.dtype, *failure.dtypes):
                failure.dtypes.append(ratios if failure.measured else result.dtype)
            if result.property not in (failure.result.property, *failure.properties):
                failure.properties.append(result.property)
            failure.further += result.further if number == 0 else 0
    return list(found.values())


def _cause(result: Result, violation: Violation) -> tuple[str, ...]:
    if violation.elements or math.isfinite(violation.ratio):
        return result.property, violation.output
    return violation.kind, violation.detail.removeprefix(GIVEN_UP)


def _most_different(found: list[Failure]) -> list[Failure]:
    """Some failures in their order, chosen from each family and property in turn."""
    seen: Counter[str] = Counter()
    turns = []
    for failure in found:
        name = failure.result.property
        family = name.split("/")[0]
        turns.append((seen[name], seen[family]))
        seen.update((name, family))
    chosen = sorted(range(len(found)), key=lambda index: turns[index])[:SHOWN]
    return [found[index] for index in sorted(chosen)]


def block(failure: Failure) -> list[Text]:
    """One failure in full."""
    result, violation = failure.result, failure.violation
    verdict = violation.kind.upper()
    made = [line((verdict, STYLES[violation.kind]), f" {result.property}, {result.dtype}")]
    made += wrapped(f"{result.statement} [theorem {result.theorem}]", "  ")
    made += wrapped(violation.case, "           ", "  case     ")
    made += wrapped(clipped(violation.detail, 300), "           ", "  found    ")
    made += _elements(violation)
    if failure.measured and "times the bound" not in violation.detail:
        made.append(Text(f"  error/bound  {ratio(violation.ratio)}"))
    if failure.dtypes:
        made += wrapped(", ".join(failure.dtypes), "           ", "  also in  ")
    if failure.properties:
        made += wrapped(some(failure.properties), "           ", "  breaks   ")
    if failure.further:
        made.append(Text(f"  and {count(failure.further, 'further violation')} found with it"))
    if violation.replay:
        made.append(Text(f"  replay   bnproof replay {violation.replay}"))
    return made


def _elements(violation: Violation) -> list[Text]:
    if not violation.elements:
        return []
    rows = [("index", "got", "want", "error", "bound"), *violation.elements[:8]]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    made = []
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        made.append(Text("    " + "  ".join(cells)))
    made[0].stylize("dim")
    return made


def _in_one_line(failure: Failure) -> Text:
    result, violation = failure.result, failure.violation
    dtypes = [result.dtype, *(also.split(" ")[0] for also in failure.dtypes)]
    found = f"error/bound {ratio(violation.ratio)}" if failure.measured else violation.detail
    return Text(
        "  " + clipped(f"{result.property}, {', '.join(dtypes)}: {_what(violation)}{found}", 78)
    )


def _what(violation: Violation) -> str:
    return f"{violation.output}, " if violation.elements else ""
