"""Reports as Markdown, for the summary of a CI run: the verdict first, details folded."""

import re
from collections.abc import Iterator, Sequence

from bnproof.properties.result import Accuracy, Report
from bnproof.report.failures import Failure, about_entries, causes_of, failures, gather
from bnproof.report.known import known_reasons
from bnproof.report.lines import clipped, count, joined, ratio, some
from bnproof.report.summary import CONFORMS, UNDECIDED, declared, judgement
from bnproof.report.terminal import title

ROWS = 30
"""Failures in the table; GitHub shows a megabyte, and people read less."""

FOUND = 160  # characters of what was found, in a row of a table


def markdown(checks: Sequence[Sequence[Report]]) -> str:
    """The reports of some checks, each with those of its variants.

    >>> print(markdown([[Report("mine", error="no such method")]]))
    ## ❌ `mine` cannot be used
    <BLANKLINE>
    ```text
    no such method
    ```
    <BLANKLINE>
    """
    blocks = [
        block
        for reports in checks
        for number, report in enumerate(reports, 1)
        for block in _blocks(report, number)
    ]
    return "\n\n".join(blocks) + "\n"


def _blocks(report: Report, variant: int) -> Iterator[str]:
    head, numbers = judgement(report)
    sign = "✅" if head == CONFORMS else "⚠️" if head in UNDECIDED else "❌"
    yield f"## {sign} {code(title(report, variant))} {head}{numbers}"
    if report.error:
        yield fenced(report.error)
        return
    yield _about(report)
    found = gather(report.results)
    if found:
        yield _failures(found)
        yield from () if about_entries(found) else _causes(report)
        shown = joined(failures(report.results))
        yield folded("The failures in full", fenced("\n".join(line.plain for line in shown)))
    yield folded("Accuracy", _accuracy(report))
    yield folded(f"All {count(len(report.results), 'result')}", _results(report))


def _about(report: Report) -> str:
    cases = ", ".join(f"{dtype} {number}" for dtype, number in report.cases.items())
    versions = ", ".join(f"{name} {text}" for name, text in report.environment.items())
    told = [f"profile {report.profile}, seed {report.seed}, {report.seconds:.1f} s"]
    told += [f"cases: {cases}"] if cases else []
    told += [declared(report.conventions)] if report.conventions else []
    for reason, named in known_reasons(report.results).items():
        told += [f"known: {reason}: {', '.join(named)}"]
    told += [*report.notes, versions]
    return "\n".join(f"- {escaped(text)}" for text in told if text)


def _failures(found: Sequence[Failure]) -> str:
    rows = [("property", "dtype", "found", "case")]
    for failure in found[:ROWS]:
        dtypes = [failure.result.dtype, *(also.split(" ")[0] for also in failure.dtypes)]
        detail = failure.violation.detail
        if failure.measured and "times the bound" not in detail:
            detail += f", error/bound {ratio(failure.violation.ratio)}"
        rows.append(
            (
                code(failure.result.property),
                ", ".join(dtypes),
                escaped(clipped(detail, FOUND)),
                escaped(clipped(failure.violation.case, FOUND)),
            )
        )
    more = len(found) - ROWS
    return _table(rows) + (f"\n\nand {count(more, 'further failure')}" if more > 0 else "")


def _causes(report: Report) -> Iterator[str]:
    causes = causes_of(report.results)
    if not causes:
        yield "**Likely cause:** no known mistake reproduces this."
    for cause in causes:
        seen = f" Seen in {escaped(some(cause.issues))}." if cause.issues else ""
        yield (
            f"**Likely cause:** {escaped(cause.mistake)} ({code(cause.id)})  \n"
            f"**Repair:** {escaped(cause.repair)}{seen}"
        )


def _accuracy(report: Report) -> str:
    rows = [("dtype", "class", "declared", "worst error/bound", "where", "breaks down at")]
    rows += [(dtype, *_of_dtype(each)) for dtype, each in report.accuracy.items()]
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


def _results(report: Report) -> str:
    rows = [("property", "dtype", "verdict", "cases", "error/bound")]
    for result in report.results:
        said = result.verdict + (f": {escaped(result.reason)}" if result.reason else "")
        judged = result.verdict != "unsupported"
        numbers = (str(result.examples), ratio(result.worst_ratio)) if judged else ("", "")
        rows.append((code(result.property), result.dtype, said, *numbers))
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
