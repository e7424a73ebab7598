"""`bnproof translate` prints what to write, and says slips in a line or two."""

from pathlib import Path

import pytest

from bnproof.cli.main import run

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conventions.md"


def test_first_line_is_what_to_write(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a line that cannot be copied from where a reader looks for it."""
    assert run(["translate", "--from", "keras", "--to", "torch", "momentum=0.99", "eps=1e-3"]) == 0

    first, *rest = capsys.readouterr().out.splitlines()
    assert first == "torch.nn.BatchNorm2d(num_features, momentum=0.01, eps=1e-3)"
    assert any(line.startswith("not converted") for line in rest)
    assert all(len(line) <= 80 for line in rest)


def test_no_counterpart(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a setting that is dropped with the exit status of success."""
    assert run(["translate", "--from", "torch", "--to", "keras", "momentum=None"]) == 1
    assert "no counterpart" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--from", "keras"],
        ["--from", "kers", "--to", "torch"],
        ["--from", "keras", "--to", "torch", "momentum"],
        ["--from", "keras", "--to", "torch", "momentum="],
        ["--from", "keras", "--to", "torch", "momentum=0.9", "momentum=0.8"],
    ],
)
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a slip that is answered with another status, or with a page of text."""
    assert run(["translate", *arguments]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("Error: ")
    assert len(printed.err.splitlines()) <= 2


def test_page_is_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a page of documentation that says something else than the program."""
    if not PAGE.exists():
        pytest.skip("tests run without the source tree")
    assert run(["translate", "--list", "--format", "md"]) == 0

    assert capsys.readouterr().out == PAGE.read_text(encoding="utf-8")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a table without some library, or without its legend."""
    assert run(["translate", "--list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["torch", "keras", "tensorflow"]
    assert "weighs:" in lines[-4]
