"""`bnproof grade` on the command line: exit status, where each output goes, and mistakes of use."""

import json
from pathlib import Path

import pytest
from tests.grading.expected import EXERCISES

from bnproof.cli.main import run

RIGHT = str(EXERCISES / "right_layernorm_too.py")
WRONG = str(EXERCISES / "wrong_global_state.py")


def test_right(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches right work that is not said to be right."""
    assert run(["grade", RIGHT]) == 0

    printed = capsys.readouterr()
    assert printed.out.endswith("7 of 7 parts are right\n")
    assert printed.err == ""


def test_wrong_with_a_json_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a JSON file that is missing, or that says something else than the terminal."""
    file = tmp_path / "grade.json"

    assert run(["grade", WRONG, "--hints", "--json", str(file)]) == 1

    made = json.loads(file.read_text(encoding="utf-8"))
    assert (made["file"], made["right"], made["graded"]) == (WRONG, 4, 7)
    assert "4 of 7 parts are right" in capsys.readouterr().out
    assert any("before the first backward pass" in (part["hint"] or "") for part in made["parts"])


def test_json_alone_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches the terminal's lines in the middle of the JSON."""
    assert run(["grade", WRONG, "--explain", "--json", "-"]) == 1

    printed = capsys.readouterr()
    made = {part["part"]: part for part in json.loads(printed.out)["parts"]}
    assert made["forward/running-statistics"]["derivation"]["theorem"] == "running-one-step"
    assert "4 of 7 parts are right" in printed.err


def test_not_gradable_has_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a class of which the files that cannot be run are missing."""
    assert run(["grade", str(EXERCISES / "syntax_error.py"), "--json", "-"]) == 2

    printed = capsys.readouterr()
    assert "SyntaxError" in json.loads(printed.out)["error"]
    assert printed.err.startswith("Error: ")
    assert len(printed.err.splitlines()) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["no_such_file.py"],
        ["no_such_file"],
        ["{folder}"],
        ["{folder}/notes.txt"],
        ["{folder}/a:b.py"],
        [RIGHT, "--timeout", "0"],
        [RIGHT, "--timeout", "nan"],
        [RIGHT, "--memory", "much"],
        [RIGHT, "--json", "/no/such/folder/grade.json"],
        [],
    ],
)
def test_wrong_usage(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a mistake of use that is not told in a few lines, without a traceback."""
    (tmp_path / "notes.txt").write_text("not Python", encoding="utf-8")

    assert run(["grade", *(a.format(folder=tmp_path) for a in arguments)]) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert 1 <= len(printed.err.splitlines()) <= 4
    assert "Traceback" not in printed.err
    assert ":*" not in printed.err
