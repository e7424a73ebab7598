"""`bnproof report` shows saved reports again, and `bnproof check` writes all forms."""

import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bnproof.cli.main import run
from bnproof.report.saved_report import read_file

FEW = ["reference", "--profile", "quick", "--dtype", "float32", "--property", "inference/agreement"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, the files written beside it, and what was printed."""
    folder = tmp_path_factory.mktemp("saved")
    files = [f"--{form}={folder / form}" for form in ("json", "markdown", "html")]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert run(["check", *FEW, *files]) == 0
    (folder / "printed").write_text(printed.getvalue(), encoding="utf-8")
    return folder


def test_shown_again(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a saved report that reads otherwise than when it was made."""
    assert run(["report", str(saved / "json")]) == 0
    assert capsys.readouterr().out == (saved / "printed").read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["markdown", "html"])
def test_same_files(saved: Path, form: str, tmp_path: Path) -> None:
    """Catches a page or a summary that is another one when it is made later."""
    file = tmp_path / "again"

    assert run(["report", str(saved / "json"), "--format", form, "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8") == (saved / form).read_text(encoding="utf-8")


def test_terminal_into_a_file(saved: Path, tmp_path: Path) -> None:
    """Catches colours in a file, or a report that goes to both places."""
    file = tmp_path / "report.txt"

    assert run(["report", str(saved / "json"), "-o", str(file)]) == 0
    assert file.read_text(encoding="utf-8").startswith("reference conforms\n")
    assert "\x1b" not in file.read_text(encoding="utf-8")


def test_several_files(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a second report that is lost, or taken for a variant of the first."""
    assert run(["report", str(saved / "json"), str(saved / "json")]) == 0
    assert capsys.readouterr().out.count("inference    1 of 1") == 2

    assert run(["report", str(saved / "json"), str(saved / "json"), "--format", "html"]) == 0
    html = capsys.readouterr().out
    assert html.count('<section id="r') == 2
    assert "variant 2" not in html


def test_standard_input(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a pipe that cannot be read, and an error that does not say where it is."""
    for data, status in (((saved / "json").read_bytes(), 0), (b"{", 2)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        assert run(["report", "-"]) == status
    printed = capsys.readouterr()

    assert "reference conforms" in printed.out
    assert printed.err.startswith("Error: standard input is not valid JSON")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (lambda folder: [folder / "no.json"], "cannot read"),
        (lambda folder: [folder], "cannot read"),
        (lambda folder: [folder / "json", "-o", "/no/such/file"], "there is no folder /no/such"),
        (lambda folder: [folder / "html"], "is not valid JSON"),
    ],
    ids=["missing", "folder", "output", "form"],
)
def test_wrong_usage(
    saved: Path,
    arguments: Callable[[Path], list[object]],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Catches a user's mistake that is not exit status 2 and one line."""
    assert run(["report", *map(str, arguments(saved))]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert said in printed.err


def test_no_file_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a report on nothing."""
    assert run(["report"]) == 2
    assert "FILE.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--json", "-", "--markdown", "-"],
        ["--json", "{folder}/a", "--html", "{folder}/./a"],
        ["--markdown", "/no/such/folder/a"],
        ["--html", "{folder}"],
    ],
    ids=["stdout", "same", "missing", "folder"],
)
def test_files_are_checked_first(
    tmp_path: Path,
    options: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Catches a long run whose result then cannot be written, or is written over."""
    monkeypatch.setattr("bnproof.cli.check._run", lambda *_, **__: pytest.fail("it ran"))

    assert run(["check", "reference", *(o.format(folder=tmp_path) for o in options)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_page_needs_an_extra(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a traceback where jinja2 is not installed."""
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)

    for arguments in (
        ["check", *FEW, "--html", "-"],
        ["report", str(saved / "json"), "--format", "html"],
    ):
        assert run(arguments) == 2
        assert "pip install 'bnproof[html]'" in capsys.readouterr().err


def test_markdown_alone_on_stdout(
    saved: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a terminal report in the middle of a CI summary."""
    checks = read_file(saved / "json")
    monkeypatch.setattr("bnproof.cli.check._run", lambda *_, **__: checks)

    assert run(["check", *FEW, "--markdown", "-"]) == 0

    printed = capsys.readouterr()
    assert printed.out.startswith("## ✅ `reference` conforms")
    assert "reference conforms" in printed.err


def test_unusable_target_has_all_files(tmp_path: Path) -> None:
    """Catches a summary or a page that is missing when the target cannot be used."""
    path = tmp_path / "bad.py"
    path.write_text("class BN:\n    def train(self, *a, **k): raise ValueError('no')", "utf-8")
    files = [f"--{form}={tmp_path / form}" for form in ("json", "markdown", "html")]

    assert run(["check", f"{path}:BN", *files]) == 2
    assert "ValueError: no" in json.loads((tmp_path / "json").read_text(encoding="utf-8"))["error"]
    for form in ("markdown", "html"):
        assert "cannot be used" in (tmp_path / form).read_text(encoding="utf-8")
