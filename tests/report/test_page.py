"""The page is complete and self-contained, without a browser to say so."""

import re
from dataclasses import replace

import pytest
from tests.report.conftest import CAUSE, KNOWN, failed, measured, violation

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.result import ENTRY, Accuracy, OutputAccuracy, Report
from bnproof.report.markdown import markdown
from bnproof.report.offset_plot import offset_charts
from bnproof.report.page import page
from bnproof.report.ratio_plot import RatioChart, ratio_chart


@pytest.fixture
def full(report: Report) -> Report:
    """With causes and plots."""
    caused = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    return replace(report, results=tuple(caused), accuracy={"float32": measured()})


def test_needs_nothing_else(full: Report) -> None:
    """Catches an address of anything outside of the page."""
    html = page([[full]])
    links = re.findall(r'<a href="(https://[^"]*)" rel="noreferrer">', html)

    assert html.startswith("<!doctype html>")
    assert links == ["https://github.com/owner/name/issues/12"]
    assert not re.search(
        r"https?://(?!github.com/owner/name/issues/12\")|\ssrc=|@import|url\(|<link", html
    )
    assert html.count("<script>") == 1


def test_is_complete(full: Report) -> None:
    """Catches a part of the report that is on no page."""
    html = page([[full]])

    for part in (
        "does not conform: 3 of 4 properties fail",
        "momentum weighs the old value",
        "eps is added twice.",
        "Add eps once.",
        "owner/name#12",
        "y: error is 2.08e+04 times the bound",
        "1.23663759",
        "killed by SIGSEGV",
        "a note",
        "no space",
        "bnproof derive some-theorem",
        "<code>bnproof replay abcdefg2</code>",
    ):
        assert part in html, part
    for result in full.results:
        assert f"<code>{result.property}</code>" in html


def test_all_failures_are_there(report: Report) -> None:
    """Catches a page that stops where a terminal report does."""
    many = tuple(failed(f"forward/p{n}", "float32", violation()) for n in range(20))
    html = page([[replace(report, results=many)]])

    assert html.count('<details class="failure"') == 20
    assert len(re.findall(r'<details class="failure" id="\S+" open>', html)) == 1


def test_card_per_cause(full: Report) -> None:
    """Catches failures of one cause on several cards, or a crash on the card of a mistake."""
    html = page([[full]])
    cards = re.split(r'<article class="card"', html)[1:]

    assert len(cards) == 2
    assert html.count("eps is added twice.") == 1
    assert "killed by SIGSEGV" not in cards[0]
    assert "killed by SIGSEGV" in cards[1]
    assert "Likely cause" not in cards[1]


def test_order_is_that_of_the_overview(full: Report) -> None:
    """Catches a page whose parts stand in another order than those of a terminal report."""
    told = replace(
        full, recognised=("NumPy class",), incomplete=("a buffer",), advice=("--declare x",)
    )
    html = page([[told]])
    parts = (
        "does not conform",
        "NumPy class",
        "a buffer",
        "--declare x",
        "eps is added",
        "What holds",
    )
    places = [html.index(part) for part in parts]

    assert places == sorted(places)


def test_known_failures_are_told(report: Report) -> None:
    """Catches a page that passes without a word on what is accepted for a while."""
    html = page([[replace(report, results=(report.results[0], KNOWN), promised={})]])

    assert "conforms, except for 1 known failure" in html
    assert "<dt>known</dt><dd>to be mended in May: forward/sign (float32)</dd>" in html


def test_wrong_file_of_known_failures_has_no_cause(report: Report) -> None:
    """Catches a cause that is looked for in an implementation when only a file is wrong."""
    entry = failed("forward/sign", "float32", violation(output=ENTRY))

    assert "no known mistake" not in page([[replace(report, results=(entry,))]])
    assert "no known mistake" not in markdown([[replace(report, results=(entry,))]])


def test_results_lead_to_failures(full: Report) -> None:
    """Catches a link to nothing, or an id that is used twice."""
    html = page([[full, full], [full]])
    ids = re.findall(r'\sid="([^"]+)"', html)
    links = re.findall(r'href="#([^"]+)"', html)

    assert len(set(ids)) == len(ids)
    assert set(links) <= set(ids)
    assert "r1-c1-f1" in links


def test_error_has_a_page(report: Report) -> None:
    """Catches a page that cannot be made of a target that cannot be used."""
    html = page([[Report("x", error="no such\nmethod")], [report]])

    assert "<pre>no such\nmethod</pre>" in html
    assert "cannot be used" in html
    assert "No property was checked." in page([[Report("x", error="e")]])


def chart(ratios: dict[str, float]) -> RatioChart:
    """The plot of one output."""
    made = ratio_chart("float32", Accuracy("streaming", "", outputs=(OutputAccuracy("y", ratios),)))
    assert made is not None
    return made


def test_ratios_are_in_order() -> None:
    """Catches an axis that runs the wrong way, or a violation on the near side of the bound."""
    values = (1e-9, 1e-2, 1.0, 1.001, 1e3, float("inf"))
    made = [chart({"streaming": value}) for value in values]
    places = [each.rows[0].marks[0].x for each in made]

    assert places == sorted(places)
    assert places[2] == made[0].bound < places[3]
    assert [each.rows[0].marks[0].beyond for each in made] == ["low", "", "", "", "", "high"]
    assert max(places) == chart({"streaming": float("nan")}).rows[0].marks[0].x


def test_every_class_has_a_shape() -> None:
    """Catches classes that only colour tells apart."""
    made = chart(dict.fromkeys(CLASSES, 0.5))

    assert len({mark.kind for mark in made.rows[0].marks}) == len(CLASSES)
    assert [mark.declared for mark in made.rows[0].marks].count(True) == 1


def test_offsets_are_plotted() -> None:
    """Catches a curve upside down, or a breakdown at the wrong place."""
    curve, other = offset_charts("float32", measured())
    heights = [point.y for point in curve.points]

    assert heights == sorted(heights)  # downwards, as digits are lost
    assert curve.breakdown is not None
    assert curve.breakdown.at == curve.points[2].x
    assert curve.breakdown.label == "breaks down at 4.1e+03"
    assert other.breakdown is None
    assert curve.lines[0].declared
