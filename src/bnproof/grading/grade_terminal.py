"""A grade for people: function by function, part by part."""

from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from rich.console import Console
from rich.text import Text

from bnproof.grading.derivation import line_of
from bnproof.grading.grade_hints import hint_for
from bnproof.grading.result import NOT_GRADABLE, NOT_THERE, RIGHT, WRONG, Grade, PartGrade
from bnproof.report.lines import joined, line, wrapped

INDENT = " " * 16

WORDS = {"not-written": "not yet", "not-gradable": "not graded", "timed-out": "timed out"}
"""Verdicts that read otherwise on a terminal."""

STYLES = {RIGHT: "green", NOT_GRADABLE: "yellow", "not-written": "yellow"}


def show(grade: Grade, stream: TextIO, *, hints: bool = False, explain: bool = False) -> None:
    """Print a grade."""
    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for each in lines(grade, hints=hints, explain=explain):
        console.print(each)


def lines(grade: Grade, *, hints: bool = False, explain: bool = False) -> list[Text]:
    """The lines of a grade; with hints the causes are left out unless they are to be explained."""
    blocks = [[line((grade.file, "bold"))]]
    groups = groupby(grade.parts, key=lambda each: each.part.function)
    blocks += [_function(name, list(parts), hints, explain) for name, parts in groups]
    blocks.append([text for note in grade.notes for text in wrapped(note, "      ", "note  ")])
    return joined([*blocks, [summary(grade)]])


def summary(grade: Grade) -> Text:
    """The last line.

    >>> summary(Grade("student.py")).plain
    'student.py: nothing could be graded'
    """
    total = len(grade.graded)
    if not total:
        return line((f"{grade.file}: nothing could be graded", "bold red"))
    style = "bold green" if grade.right == total else "bold"
    are = "is" if grade.right == 1 else "are"
    return line((f"{grade.right} of {total} parts {are} right", style))


def _function(name: str, parts: list[PartGrade], hints: bool, explain: bool) -> list[Text]:
    """The parts of one function."""
    if all(each.verdict == NOT_THERE for each in parts):
        return [line(name, ("  is not there", "dim"))]
    made = [line((name, "bold"))]
    told: dict[str, str] = {}
    for each in parts:
        word = WORDS.get(each.verdict, each.verdict)
        style = STYLES.get(each.verdict, "bold red")
        made.append(line("  ", (f"{word:<12}", style), f"  {each.part.title}"))
        details = list(_details(each, hints, explain))
        key = "\n".join(text.plain for text in details)
        if key and key in told:
            details = wrapped(f"as {told[key]}", INDENT)
        elif key:
            told[key] = each.part.title
        made += details
    return made


def _details(grade: PartGrade, hints: bool, explain: bool) -> Iterator[Text]:
    """What was found, on which data, and why or what to think of."""
    if grade.note:
        yield from wrapped(grade.note, INDENT)
    if grade.found:
        yield from wrapped(grade.found, INDENT)
    if grade.case:
        yield from wrapped(grade.case, INDENT + "   ", f"{INDENT}on ")
    if hints and (hint := hint_for(grade)):
        yield from _labelled("hint", hint)
    if grade.verdict == WRONG and (explain or not hints):
        yield from _causes(grade, explain=explain)
    if explain:
        yield from _derivation(grade)


def _causes(grade: PartGrade, *, explain: bool) -> Iterator[Text]:
    if not grade.causes:
        yield from _labelled("cause", "no known mistake gives these numbers")
    shown = grade.causes if grade.together else grade.causes[:1]
    for cause in shown:
        yield from _labelled("cause", f"{cause.mistake} [{cause.id}]")
        if explain:
            yield from _labelled("repair", cause.repair)


def _derivation(grade: PartGrade) -> Iterator[Text]:
    found = line_of(grade)
    if found is None:
        return
    yield from _labelled("breaks", found.formula)
    yield from _labelled("", f"— {found.because}")
    yield from _labelled("", f"{found.title}: bnproof derive {found.theorem}")


def _labelled(label: str, text: str) -> list[Text]:
    first = f"{INDENT}{label:<8}"
    return wrapped(text, " " * len(first), first)
