"""Reports as Markdown, for the summary of a CI run: ordered as the overview, details folded."""

import re
from collections.abc import Iterator, Sequence

from bnproof.engine.model.result import Accuracy, Report
from bnproof.engine.wording.text import clipped, count, some
from bnproof.report.cards import Card, cards
from bnproof.report.failures import NO_CAUSE, block
from bnproof.report.families import families
from bnproof.report.judgement import Judgement, Standing, judgement
from bnproof.report.known_failures import known_reasons
from bnproof.report.lines import joined, ratio, verdict_in_words
from bnproof.report.summary import declared
from bnproof.report.target_report import Whole
from bnproof.report.terminal import title
from bnproof.report.violations import Failure, about_entries, gather, ratio_unsaid

ROWS = 30
"""Failures in the tables; GitHub shows a megabyte, and people read less."""

FOUND = 160  # characters of what was found, in a row of a table
SIGNS = {Standing.CONFORMS: "✅", Standing.INCOMPLETE: "⚠️", Standing.INTERRUPTED: "⚠️"}


def markdown(checks: Sequence[Sequence[Report]]) -> str:
    """The reports of some checks, each with those of its variants.

    >>> print(markdown([[Report("mine", error="no such method")]]))
    ## ❌ `mine` cannot be used: no such method
    <BLANKLINE>
    ```text
    no such method
    ```
    <BLANKLINE>
    """
    return "\n\n".join(text for reports in checks for text in _blocks(reports)) + "\n"


def _blocks(reports: Sequence[Report]) -> Iterator[str]:
    whole, verdict = Whole(tuple(reports)), judgement(reports)
    yield _headline(whole, verdict)
    errors = [report.error for report in reports if report.error]
    if errors:
        yield fenced("\n".join(errors))
        return
    if head := list(_head(whole)):
        yield "\n".join(f"- {escaped(text)}" for text in head)
    yield from _by_cause(whole)
    yield "\n".join(f"- {escaped(text)}" for text in _about(whole))
    yield folded("Accuracy", _accuracy(whole))
    yield folded(f"All {count(len(whole.placed), 'result')}", _results(whole))


def _headline(whole: Whole, verdict: Judgement) -> str:
    sign = SIGNS.get(verdict.standing, "❌")
    return f"## {sign} {code(whole.target)} {escaped(verdict.words)}"


def _head(whole: Whole) -> Iterator[str]:
    """What the target was recognised as, what to declare, and flags that would help."""
    yield from (f"recognised: {text}" for text in whole.lines("recognised"))
    yield from (f"declare: {text}" for text in whole.lines("incomplete"))
    yield from (f"advice: {text}" for text in whole.lines("advice"))


def _by_cause(whole: Whole) -> Iterator[str]:
    """The failures of each cause, and then all of them in full."""
    found = gather(whole.placed)
    if not found:
        return
    made = cards(whole.placed, found)
    left = ROWS
    for number, card in enumerate(made):
        if left <= 0:
            rest = sum(len(other.roots) for other in made[number:])
            yield f"and {count(rest, 'more root failure')}"
            break
        if not about_entries(found):
            yield from _causes(card)
        yield _failures(card.roots, left)
        left -= len(card.roots)
        if card.further:
            names = ", ".join(code(name) for name in card.further[:ROWS])
            more = " and others" if len(card.further) > ROWS else ""
            yield f"{card.further_in_words}: {names}{more}."
    shown = joined([block(failure) for card in made for failure in card.failures][:ROWS])
    yield folded("The failures in full", fenced("\n".join(line.plain for line in shown)))


def _about(whole: Whole) -> Iterator[str]:
    first = whole.reports[0]
    yield "; ".join(f"{family.name} {family.counts}" for family in families(whole))
    yield f"profile {first.profile}, seed {first.seed}, {whole.seconds:.1f} s"
    for number, report in enumerate(whole.reports, 1):
        cases = ", ".join(f"{dtype} {ran}" for dtype, ran in report.cases.items())
        yield f"{title(report, number)}: {declared(report.conventions)}; cases: {cases or 'none'}"
    for reason, named in known_reasons([each.result for each in whole.placed]).items():
        yield f"known: {reason}: {', '.join(named)}"
    if whole.lines("excluded"):
        yield f"excluded with --exclude: {', '.join(whole.lines('excluded'))}"
    yield from whole.lines("notes")
    if first.environment:
        yield ", ".join(f"{name} {text}" for name, text in first.environment.items())


def _failures(found: Sequence[Failure], most: int) -> str:
    rows = [("property", "dtype", "found", "case")]
    for failure in found[:most]:
        detail = failure.violation.detail
        if unsaid := ratio_unsaid(failure):
            detail += f", error/bound {unsaid}"
        rows.append(
            (
                code(failure.name),
                escaped(", ".join(failure.places)),
                escaped(clipped(detail, FOUND)),
                escaped(clipped(failure.violation.case, FOUND)),
            )
        )
    more = len(found) - most
    return _table(rows) + (f"\n\nand {count(more, 'more root failure')}" if more > 0 else "")


def _causes(card: Card) -> Iterator[str]:
    if card.unexplained:
        yield f"**Cause:** {NO_CAUSE}."
    for cause in card.causes:
        seen = f" Seen in {escaped(some(cause.issues))}." if cause.issues else ""
        yield (
            f"**Likely cause:** {escaped(cause.mistake)} ({code(cause.id)})  \n"
            f"**Repair:** {escaped(cause.repair)}{seen}"
        )


def _accuracy(whole: Whole) -> str:
    rows = [("dtype", "class", "declared", "worst error/bound", "where", "breaks down at")]
    rows += [(escaped(place), *_of_dtype(each)) for place, each in whole.accuracy]
    return _table(rows)


def _of_dtype(accuracy: Accuracy) -> tuple[str, str, str, str, str]:
    curve = next((curve for curve in accuracy.offsets if curve.output == "y"), None)
    broken = "" if curve is None or curve.breakdown is None else f"|mean|/std {curve.breakdown:.2g}"
    return (
        accuracy.found or "none explains it",
        accuracy.declared,
        ratio(accuracy.worst_ratio),
        escaped(f"{accuracy.worst_output}, {clipped(accuracy.worst_case, FOUND)}"),
        escaped(broken),
    )


def _results(whole: Whole) -> str:
    rows = [("property", "dtype", "verdict", "cases", "error/bound")]
    for each in whole.placed:
        result = each.result
        said = verdict_in_words(result.verdict)
        said += f": {escaped(result.reason)}" if result.reason else ""
        judged = result.verdict != "unsupported"
        numbers = (str(result.examples), ratio(result.worst_ratio)) if judged else ("", "")
        rows.append((code(result.property), escaped(each.place), said, *numbers))
    return _table(rows)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]])


def folded(summary: str, text: str) -> str:
    """A part that is opened by a click."""
    return f"<details>\n<summary>{summary}</summary>\n\n{text}\n\n</details>"


def fenced(text: str) -> str:
    """Lines as they are, within a fence that is longer than any in them.

    >>> print(fenced("a ``` b"))
    ````text
    a ``` b
    ````
    """
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}text\n{text}\n{fence}"


def code(text: str) -> str:
    """A text on one line in a fixed font, also in a table.

    >>> code("a|b"), code("`")
    ('`a\\\\|b`', '`` ` ``')
    """
    one = " ".join(text.split()).replace("|", "\\|")
    mark = "`" * (_longest_run(one) + 1)
    return f"{mark} {one} {mark}" if "`" in one else f"`{one}`"


def escaped(text: str) -> str:
    """A text on one line that means nothing to Markdown, HTML or a forge.

    >>> escaped("<b>|mean| of a_b@c")
    '&lt;b&gt;\\\\|mean\\\\| of a\\\\_b&#64;c'
    """
    one = " ".join(text.split())
    for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("@", "&#64;")):
        one = one.replace(sign, entity)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", one)


def _longest_run(text: str) -> int:
    return max(map(len, re.findall("`+", text)), default=0)
