"""A grade on a terminal: every part with its verdict, and as much as was asked for."""

from dataclasses import replace

from bnproof.grading.grade_terminal import lines, summary
from bnproof.grading.result import Grade


def text(grade: Grade, *, hints: bool = False, explain: bool = False) -> str:
    """The lines of a grade as plain text."""
    return "\n".join(line.plain for line in lines(grade, hints=hints, explain=explain))


def test_every_part_is_told(mixed: Grade) -> None:
    """Catches a part that is left out, and functions that are not there counted as wrong."""
    told = text(mixed)

    for words in (
        "right         out in train mode",
        "raises        running mean and variance",
        "not yet       out in test mode",
        "not graded    cache, all that backward needs",
        "wrong         dx",
        "crashed       dgamma",
        "timed out     dbeta",
        "batchnorm_backward_alt  is not there",
        "1 of 7 parts is right",
    ):
        assert words in told
    assert told.count("is not there") == 3


def test_lines_fit_the_terminal(mixed: Grade) -> None:
    """Catches lines that wrap by themselves and are hard to read."""
    for asked in ({}, {"hints": True}, {"explain": True}):
        assert max(map(len, text(mixed, **asked).splitlines())) <= 80


def test_hints_do_not_name_the_cause(mixed: Grade) -> None:
    """Catches a hint beside which the answer stands."""
    told = text(mixed, hints=True)

    assert "hint    x reaches out by three paths" in told
    assert "no-variance-term" not in told
    assert "cause" not in told


def test_explanation(mixed: Grade) -> None:
    """Catches an explanation without the line, or without where to read on."""
    told = " ".join(text(mixed, explain=True).split())

    assert "cause dx leaves out that the variance depends on x. [backward/no-variance-term]" in told
    assert "repair dx = inv_std (gamma dy - mean(gamma dy)" in told
    assert "breaks ∂(inv_std)/∂x[k] = −inv_std² x̂[k]/m — inv_std is the power" in told
    assert "bnproof derive backward-steps" in told


def test_the_same_is_not_told_twice(mixed: Grade) -> None:
    """Catches a screen full of one exception, which three gradients share."""
    crashed = tuple(
        replace(grade, verdict="crashed", found="killed by SIGSEGV", causes=(), case="")
        if grade.part.id.startswith("backward/")
        else grade
        for grade in mixed.parts
    )
    told = text(replace(mixed, parts=crashed))

    assert told.count("killed by SIGSEGV") == 1
    assert told.count("as dx") == 2


def test_unknown_mistakes_say_so(mixed: Grade) -> None:
    """Catches wrong numbers with neither a cause nor a word about it."""
    unknown = tuple(replace(grade, causes=()) for grade in mixed.parts)

    assert "no known mistake gives these numbers" in text(replace(mixed, parts=unknown))


def test_summary_of_one() -> None:
    """Catches a summary that counts what is not there."""
    assert summary(Grade("student.py")).plain == "student.py: nothing could be graded"
