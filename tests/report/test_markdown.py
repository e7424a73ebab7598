"""The Markdown report says first what a reader of a CI summary wants, and folds the rest."""

from dataclasses import replace

import pytest
from tests.report.conftest import CAUSE, KNOWN, measured

from bnproof.engine.model.result import Report, Result, Violation
from bnproof.report.markdown import code, escaped, fenced, markdown


def test_verdict_comes_first(report: Report) -> None:
    """Catches a summary whose verdict has to be searched."""
    passing = replace(report, results=report.results[:1], promised={})

    assert markdown([[report]]).startswith(
        "## ❌ `bn.py:BN` does not conform: 3 of 4 properties fail\n"
    )
    assert markdown([[passing]]).startswith("## ✅ `bn.py:BN` conforms\n")
    assert markdown([[replace(report, results=())]]).startswith("## ⚠️ `bn.py:BN` incomplete: ")
    assert "cannot be used: no such\n\n```text\nno such" in markdown(
        [[Report("x", error="no such")]]
    )


def test_order_is_that_of_the_overview(report: Report) -> None:
    """Catches a summary whose parts stand in another order than those of a terminal report."""
    caused = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    told = replace(
        report,
        results=tuple(caused),
        recognised=("a class",),
        incomplete=("a buffer",),
        advice=("--declare accuracy=one-pass",),
    )
    text = markdown([[told]])
    parts = ("does not conform", "a class", "a buffer", "--declare", "eps is added twice", "seed 0")
    places = [text.index(part) for part in parts]

    assert places == sorted(places)


def test_failures_in_a_table(report: Report) -> None:
    """Catches a failure that is only told in what is folded."""
    head = markdown([[report]]).split("<details>")[0]
    row = next(line for line in head.splitlines() if line.startswith("| `forward/agreement`"))

    assert "float32, float64" in row
    assert "y: error is 2.08e+04 times the bound" in row
    assert "6x1, eps 0.5" in row
    assert "killed by SIGSEGV" in head


def test_details_are_folded(report: Report) -> None:
    """Catches a summary that is a wall of text, or one that leaves the details out."""
    full = replace(report, accuracy={"float32": measured()})
    _, failures, accuracy, results = markdown([[full]]).split("<details>\n<summary>")

    assert failures.startswith("The failures in full</summary>\n\n```text\nFAIL ")
    assert "\\|mean\\|/std 4.1e+03" in accuracy
    assert "| `forward/spatial` | float32 | not tested: no space |  |  |" in results
    assert "| `forward/zero-mean` | float64 | pass | 9 | >0.99 |" in results


def test_causes_are_told(report: Report) -> None:
    """Catches a known cause that does not reach the summary."""
    caused = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    text = markdown([[replace(report, results=tuple(caused))]])

    assert "**Likely cause:** eps is added twice. (`eps/twice`)" in text
    assert "**Repair:** Add eps once. Seen in owner/name#12." in text
    assert "**Cause:** unknown, no known mistake reproduces this." in markdown([[report]])


def test_known_failures_are_told(report: Report) -> None:
    """Catches a summary that passes without a word on what is accepted for a while."""
    text = markdown([[replace(report, results=(report.results[0], KNOWN), promised={})]])

    assert "conforms, except for 1 known failure\n" in text
    assert "- known: to be mended in May: forward/sign (float32)" in text


def test_passing_is_short(report: Report) -> None:
    """Catches a passing summary that begins to talk of failures and causes."""
    text = markdown([[replace(report, results=report.results[:1], promised={})]])

    assert "failures" not in text
    assert "ause" not in text


def test_stays_within_what_is_shown(report: Report) -> None:
    """Catches a summary of a thousand failures, which GitHub would not show (1 MiB)."""
    one = Violation("c" * 300, "c", "y", "y: error is 9 times the bound" * 20, ratio=9.0)
    many = tuple(
        Result(f"forward/p{n}", "s" * 300, "t", "float32", "fail", 1, violations=(one,))
        for n in range(1000)
    )
    text = markdown([[replace(report, results=many)]])

    assert "and 970 more root failures" in text
    assert len(text.encode()) < 500_000


def test_several_reports(report: Report) -> None:
    """Catches a variant or a second report that is lost."""
    text = markdown([[report, report], [Report("other", error="e")]])

    assert text.count("\n## ") + text.startswith("## ") == 2
    assert "bn.py:BN: BN 2 (variant 2): momentum weighs the old value" in text


@pytest.mark.parametrize(
    ("made", "due"),
    [
        (code("a\nb"), "`a b`"),
        (code("``"), "``` `` ```"),
        (escaped("*_[x](y)"), "\\*\\_\\[x\\](y)"),
        (fenced("````"), "`````text\n````\n`````"),
    ],
)
def test_escapes(made: str, due: str) -> None:
    """Catches a sign that Markdown would obey."""
    assert made == due
