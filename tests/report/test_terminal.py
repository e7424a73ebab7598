"""A report reads well in 80 columns, and a failure in under 25 lines."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from bnproof.properties.result import Report, Result, Violation
from bnproof.report.failures import failures
from bnproof.report.lines import ratio
from bnproof.report.progress import progress_on
from bnproof.report.terminal import show


class Terminal(io.StringIO):
    """A stream that says that somebody is looking."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def text_of(*reports: Report, full: bool = False) -> str:
    """What is printed into a file."""
    stream = io.StringIO()
    show(reports, stream, full=full)
    return stream.getvalue()


def test_fits_80_columns(report: Report) -> None:
    """Catches lines that a terminal of ordinary width breaks anywhere."""
    assert max(len(line) for line in text_of(report, full=True).splitlines()) <= 80


def test_no_colours_in_a_file(report: Report) -> None:
    """Catches escape sequences in a file or a pipe."""
    assert "\x1b" not in text_of(report)


def test_line_per_property_and_dtype(report: Report) -> None:
    """Catches a verdict that is left out, or one without its id for grep."""
    lines = text_of(report).splitlines()
    rows = [line.split() for line in lines if line.startswith(("forward/", "backward/", "runn"))]

    assert ["forward/zero-mean", "float32", "pass", "9", "0.25"] in rows
    assert ["forward/zero-mean", "float64", "pass", "9", ">0.99"] in rows
    assert ["forward/agreement", "float64", "fail", "12", "nan"] in rows
    assert ["backward/agreement", "float32", "crashed", "12", "inf"] in rows


def test_unsupported_is_compressed(report: Report) -> None:
    """Catches a table that is mostly about what an implementation does not offer."""
    text = text_of(report)

    assert text.count("forward/spatial") == 1
    assert "unsupported: no space: 1 property" in text


def test_failure_is_short(report: Report) -> None:
    """Catches a failure that does not fit a screen."""
    for block in failures(report.results, full=True):
        assert len(block) < 25


def test_failure_has_what_is_promised(report: Report) -> None:
    """Catches a failure without statement, theorem, case, elements or ratio."""
    block = "\n".join(line.plain for line in failures(report.results)[0])

    assert block.startswith("FAIL forward/agreement, float32")
    for part in ("A statement", "some-theorem", "6x1, eps 0.5", "1.23663759", "2.08e+04"):
        assert part in block
    assert "also in  float64 (nan)" in block
    assert "and 6 further violations" in block


def test_crash_is_one_failure(report: Report) -> None:
    """Catches the same crash told again for each of the properties that it breaks."""
    text = text_of(report)

    assert text.count("CRASHED") == 1
    assert "breaks   running/one-step" in text


def test_many_failures_are_counted(report: Report) -> None:
    """Catches a wrong formula that prints a thousand lines."""
    one = Violation("c", "c", "y", "y: error is 9 times the bound", ratio=9.0)
    many = tuple(
        Result(f"{family}/p{n}", "s", "t", "float32", "fail", 1, violations=(one,))
        for family in ("forward", "backward")
        for n in range(20)
    )
    text = text_of(replace(report, results=many))

    assert text.count("FAIL ") == 8
    assert text.count("FAIL backward/") == 4
    assert "32 further failures" in text
    assert text_of(replace(report, results=many), full=True).count("FAIL ") == 40


def test_last_line(report: Report) -> None:
    """Catches a report that does not end with the verdict."""
    passing = replace(report, results=report.results[:1], promised={})

    assert "BN) does not conform: 3 of 4 properties" in text_of(report).splitlines()[-1]
    assert "conforms" in text_of(passing).splitlines()[-1]
    assert "too little" in text_of(replace(passing, results=())).splitlines()[-1]
    assert "cannot be used" in text_of(Report("x", error="e")).splitlines()[-1]


def test_summary(report: Report) -> None:
    """Catches an accuracy class, a declared convention or a note that is not told."""
    text = " ".join(text_of(report).split())

    for part in (
        "momentum weighs the old value",
        "two-pass (declared: streaming)",
        "effective depth 3.5 for 1024 values",
        "3 of 4",
        "float64 11 of 12 promised",
        "a note",
    ):
        assert part in text


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.0, "0"),
        (1e-9, "<0.001"),
        (0.9999, ">0.99"),
        (1.0, "1"),
        (1.001, "1.00100"),
        (2e30, "2e+30"),
    ],
)
def test_ratio_shows_the_side_of_1(value: float, said: str) -> None:
    """Catches a violation that is printed as 1, or a pass that is."""
    assert said == ratio(value)


def test_progress_on_a_terminal() -> None:
    """Catches long work during which nothing is to be seen."""
    stream = Terminal()
    with progress_on(stream) as progress:
        progress(1, 10, "float32: [a case]")

    assert stream.getvalue()


def test_no_progress_in_a_file(tmp_path: Path) -> None:
    """Catches bars in the log of a server."""
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream, progress_on(stream) as progress:
        progress(1, 10, "text")

    assert path.read_text(encoding="utf-8") == ""
