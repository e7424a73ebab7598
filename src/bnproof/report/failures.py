"""Failures in lines: what a reader needs to understand each, in under 25 lines."""

from collections.abc import Sequence

from rich.text import Text

from bnproof.engine.model.result import Cause, Result, Violation
from bnproof.engine.wording.text import clipped, count, some
from bnproof.report.cards import Card, cards
from bnproof.report.lines import STYLES, line, ratio, wrapped
from bnproof.report.violations import Failure, about_entries, gather, placed, ratio_unsaid

INDENT = " " * 11
ELEMENTS = 8
FURTHER = 8
"""How many of the properties that fail for the same reason are named."""
"""Elements that are shown of one failure."""

NO_CAUSE = "unknown, no known mistake reproduces this"


def failures(results: Sequence[Result], *, full: bool = False) -> list[list[Text]]:
    """The failures of one variant, a block of lines each.

    ``full`` gives every failure; otherwise what follows from others is only named.
    """
    found = placed(results)
    gathered = gather(found)
    made = cards(found, gathered)
    if about_entries(gathered):
        return [block(failure) for failure in gathered]
    shown = [block(f) for card in made for f in (card.failures if full else card.roots)]
    further = [] if full else [further_properties(card) for card in made if card.further]
    return [*shown, *further, *(likely_causes(card) for card in made)]


def block(
    failure: Failure,
    others: Sequence[Failure] = (),
    *,
    elements: int = ELEMENTS,
    brief: bool = False,
    breaks: bool = True,
) -> list[Text]:
    """One failure; ``others`` are those of the same property in other outputs.

    ``brief`` leaves out what the property says, and ``breaks`` says whether to name the properties
    that break by the same event.
    """
    result, violation = failure.result, failure.violation
    verdict = violation.kind.upper()
    made = [line((verdict, STYLES[violation.kind]), f" {result.property}, {failure.places[0]}")]
    if not brief:
        made += wrapped(f"{result.statement} [theorem {result.theorem}]", "  ")
    made += wrapped(violation.case, INDENT, "  case     ")
    made += wrapped(clipped(violation.detail, 300), INDENT, "  found    ")
    made += _elements(violation, elements)
    if unsaid := ratio_unsaid(failure):
        made.append(Text(f"  error/bound  {unsaid}"))
    if failure.others:
        made += wrapped(some(failure.dtypes), INDENT, "  also in  ")
    if others:
        told = [f"{other.violation.output} ({_size(other)})" for other in others]
        made += wrapped(some(told), INDENT, "  also     ")
    if failure.properties and breaks:
        made += wrapped(some(failure.properties), INDENT, "  breaks   ")
    if failure.further and not brief:
        made.append(Text(f"  and {count(failure.further, 'more violation')} of the same property"))
    if violation.replay:
        made.append(Text(f"  replay   bnproof replay {violation.replay}"))
    family, _, demand = result.property.partition("/")
    if family == "module":
        made.append(Text(f"  if meant --declare differs={demand}"))
    return made


def in_one_line(failure: Failure, *others: Failure) -> Text:
    """A failure in one line of at most 80 columns, with the number of other wrong outputs."""
    violation = failure.violation
    what = f"{violation.output}, " if violation.elements else ""
    places = ", ".join(failure.places)
    more = f" and {count(len(others), 'more output')}" if others else ""
    text = f"{failure.name}, {places}: {what}{_size(failure)}"
    return Text("  " + clipped(text, 78 - len(more)) + more)


def _size(failure: Failure) -> str:
    violation = failure.violation
    return f"error/bound {ratio(violation.ratio)}" if failure.measured else violation.detail


def further_properties(card: Card) -> list[Text]:
    """The properties that fail for the same reason as the roots of a card."""
    if not card.further:
        return []
    head = line((f"{card.further_in_words}:", "bold"))
    return [head, *wrapped(some(card.further, FURTHER), "  ")]


def likely_causes(card: Card) -> list[Text]:
    """The known mistakes that reproduce the failures of a card, with how to repair each."""
    if not card.causes:
        return [line(("cause", "bold"), f"    {NO_CAUSE}")] if card.unexplained else []
    first, *others = card.causes
    made = [line(("likely cause", "bold"), " (it reproduces the counterexamples)")]
    made += _cause(first)
    for other in others:
        made += wrapped(f"{other.mistake} [{other.id}]", INDENT, "  or       ")
    return made


def _cause(cause: Cause) -> list[Text]:
    made = wrapped(f"{cause.mistake} [{cause.id}]", INDENT, "  mistake  ")
    made += wrapped(cause.repair, INDENT, "  repair   ")
    if cause.issues:
        made += wrapped(some(cause.issues), INDENT, "  seen in  ")
    return made


def _elements(violation: Violation, most: int) -> list[Text]:
    if not violation.elements or not most:
        return []
    rows = [("index", "expected", "actual", "error", "bound")]
    rows += [as_shown(row) for row in violation.elements[:most]]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    made = []
    for row in rows:
        cells = (f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        made.append(Text("    " + "  ".join(cells)))
    made[0].stylize("dim")
    return made


def as_shown(row: tuple[str, str, str, str, str]) -> tuple[str, str, str, str, str]:
    """A row of elements in the order of the columns: index, expected, actual, error, bound."""
    index, actual, expected, error, bound = row
    return index, expected, actual, error, bound
