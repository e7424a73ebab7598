"""Output in an encoding that lacks Greek letters, as that of pipes on Windows, can be read."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bnproof.cli.console import spelled
from bnproof.cli.main import run

REFUTED = ["prove", "gamma*inv_std*(dy[k] - mean(dy))", "--for", "dx"]


def printed(encoding: str, *arguments: str) -> str:
    """What a command prints."""
    done = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-m", "bnproof", *arguments],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr
    return done.stdout.decode("utf-8" if "--format" in arguments else encoding)


@pytest.mark.parametrize("encoding", ["cp1252", "cp949", "cp437"])
def test_formula_can_be_read(encoding: str) -> None:
    """Catches question marks in place of the letters of a formula."""
    first = printed(encoding, *REFUTED).splitlines()[0]

    assert "?" not in first
    assert "inv_std (dy[k] - 1/m " in spelled(first)


def test_whole_derivation_can_be_read() -> None:
    """Catches a sign of a theorem without a spelling."""
    assert "?" not in printed("cp1252", "derive")


def test_utf8_is_left_alone() -> None:
    """Catches a spelling where the letter itself can be printed."""
    assert printed("utf-8", *REFUTED).startswith("refuted: dx[k] = \N{GREEK SMALL LETTER GAMMA} ")


@pytest.mark.parametrize("form", ["html", "md"])
def test_documents_are_utf8(form: str, tmp_path: Path) -> None:
    """Catches a page that loses its signs in the encoding of a console, where a file keeps them."""
    file = tmp_path / f"derivation.{form}"
    assert run(["derive", "--format", form, "-o", str(file)]) == 0
    document = file.read_text(encoding="utf-8")

    assert printed("cp1252", "derive", "--format", form) == document
    assert any(not character.isascii() for character in document)


def test_reports_are_utf8(tmp_path: Path) -> None:
    """Catches a page of a report that loses its signs, or JSON that is not UTF-8."""
    report = tmp_path / "report.json"
    quick = ["--profile", "quick", "--dtype", "float32", "--property", "forward/agreement"]
    printed("cp1252", "check", "reference", *quick, "--json", str(report))
    page = printed("cp1252", "report", str(report), "--format", "html")

    assert page == printed("utf-8", "report", str(report), "--format", "html")
    assert 'charset="utf-8"' in page.lower()
