"""Annotations of GitHub Actions: one verdict, an error per cause, on the line of the definition."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.report.conftest import CAUSE

from bnproof.engine.model.result import Report
from bnproof.report.github import annotations, command
from bnproof.targets.definition import definition

PLACE = {"file": "bn.py", "line": "3"}
CODE = """
import numpy as np

def forward(x):
    pass

class Layer:
    eps = 1e-5

    class Inner:
        pass

made: Layer = Layer()
other = made
"""


def test_error_per_cause(report: Report) -> None:
    """Catches an annotation for each of dozens of properties, or one without what to do."""
    caused = [replace(r, causes=(CAUSE,)) if r.violations else r for r in report.results]
    verdict, mistake, crash = annotations([replace(report, results=tuple(caused))], PLACE)

    assert verdict == (
        "::error file=bn.py,line=3,title=bnproof::bn.py:BN does not conform: 3 of 4 properties fail"
    )
    assert mistake.startswith("::error file=bn.py,line=3,title=bnproof%3A forward/agreement::")
    assert "%0ALikely cause: eps is added twice.%0ARepair: Add eps once." in mistake
    assert "%0Abnproof replay abcdefg2" in mistake
    assert "killed by SIGSEGV" in crash
    assert "%0A1 more property fails for the same reason: running/one-step" in crash


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "::notice file=bn.py,line=3,title=bnproof::bn.py:BN conforms"),
        (
            {"incomplete": ("a buffer",)},
            (
                "::warning file=bn.py,line=3,title=bnproof::"
                "bn.py:BN incomplete: 1 part was not identified%0Aa buffer"
            ),
        ),
        ({"error": "e"}, "::error file=bn.py,line=3,title=bnproof::bn.py:BN cannot be used: e"),
    ],
    ids=["conforms", "incomplete", "error"],
)
def test_kind_of_annotation(report: Report, changes: dict[str, object], expected: str) -> None:
    """Catches a warning that fails nothing shown as an error, or the other way round."""
    passing = replace(report, results=report.results[:2], promised={}, **changes)  # type: ignore[arg-type]  # fields of Report

    assert list(annotations([passing], PLACE)) == [expected]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (command("error", "a\r\nb::c"), "::error::a%0D%0Ab::c"),
        (command("error", "100%0A", file="", line=""), "::error::100%250A"),
        (command("notice", "m", title="a:b,c\n"), "::notice title=a%3Ab%2Cc%0A::m"),
    ],
)
def test_escapes(made: str, expected: str) -> None:
    """Catches a text that ends its command, or begins another."""
    assert made == expected


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ("forward", "4"),
        ("forward,Layer", "4"),
        ("Layer", "7"),
        ("Layer.Inner", "10"),
        ("made", "13"),
        ("other", "14"),
        ("missing", ""),
        ("Layer.missing", "7"),
    ],
)
def test_line_of_the_definition(tmp_path: Path, attributes: str, line: str) -> None:
    """Catches an annotation on the wrong line."""
    file = tmp_path / "bn.py"
    file.write_text(CODE, encoding="utf-8")

    assert definition(f"{file}:{attributes}") == {"file": str(file), "line": line}


def test_no_line_of_a_broken_file(tmp_path: Path) -> None:
    """Catches a traceback where there is nothing to parse."""
    (tmp_path / "bn.py").write_text("def (", encoding="utf-8")

    assert definition(f"{tmp_path}/bn.py:BN")["line"] == ""
    assert definition(f"{tmp_path}/missing.py:BN")["line"] == ""
    assert definition("torch.nn:BatchNorm2d") == {}
    assert definition("nonsense") == {}
