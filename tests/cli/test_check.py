"""`bnproof check` says what it found by its exit status, on the terminal and in JSON."""

import json
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases

from bnproof.cli.main import run

RIGHT = "from bnproof.reference import BatchNorm as BN"
WRONG = """
from bnproof.reference import BatchNorm

class BN(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)

    def infer(self, x, *arguments, eps):
        return super().infer(x, *arguments, eps=2 * eps)
"""
QUICK = ["--profile", "quick", "--dtype", "float32"]
FEW = [*QUICK, "--property", "inference/agreement"]


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is printed, and how a run ends, shows on small cases."""
    check_few_cases(monkeypatch)


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    """A target that uses twice the eps in inference."""
    path = tmp_path / "wrong.py"
    path.write_text(WRONG, encoding="utf-8")
    return f"{path}:BN"


def test_conforms(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a right implementation that is not said to conform."""
    assert run(["check", "reference", *FEW]) == 0
    assert "reference conforms" in capsys.readouterr().out


def test_violated(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a wrong implementation that conforms, or whose failure is not shown."""
    assert run(["check", wrong, *FEW]) == 1

    text = capsys.readouterr().out
    assert "FAIL inference/agreement, float32" in text
    assert "does not conform" in text


def test_json_file(wrong: str, tmp_path: Path) -> None:
    """Catches a JSON file that is missing or says something else than the exit status."""
    file = tmp_path / "report.json"

    assert run(["check", wrong, *FEW, "--json", str(file)]) == 1
    assert json.loads(file.read_text(encoding="utf-8"))["conforms"] is False


def test_json_alone_on_stdout(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a terminal report in the middle of the JSON."""
    assert run(["check", wrong, *FEW, "--json", "-"]) == 1

    printed = capsys.readouterr()
    assert json.loads(printed.out)["schema"] == 1
    assert "does not conform" in printed.err


def test_same_seed_same_report(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches verdicts or counterexamples that change from run to run."""
    made = []
    for _ in range(2):
        run(["check", wrong, *FEW, "--seed", "5", "--json", "-"])
        made.append({**json.loads(capsys.readouterr().out), "seconds": 0})

    assert made[0] == made[1]


def test_unusable_target_has_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a loaded target that cannot be used and leaves no JSON, or JSON without the error."""
    path = tmp_path / "bad.py"
    path.write_text("class BN:\n    def train(self, *a, **k): raise ValueError('no')", "utf-8")

    assert run(["check", f"{path}:BN", "--json", "-"]) == 2

    printed = capsys.readouterr()
    assert "ValueError: no" in json.loads(printed.out)["error"]
    assert len(printed.err.splitlines()) <= 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["no_such_module:BN"],
        ["torch.nn.BatchNorm2d"],
        ["no_such_file.py:BN"],
        ["{folder}/right.py:Nothing"],
        ["{folder}/right.py:*"],
        ["{folder}/raises.py:BN"],
        ["reference", "--dtype", "float33"],
        ["reference", "--property", "no/such"],
        ["reference", "--exclude", "no/such"],
        ["reference", "--exclude", "*"],
        ["reference", "--property", "forward/sign", "--exclude", "forward/*"],
        ["reference", "--json", "/no/such/folder/report.json"],
        ["reference", "--json", "{folder}"],
        ["--list", "--property", "no/such"],
    ],
)
def test_wrong_usage(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a user's mistake that is not exit status 2 with a message of two lines at most."""
    (tmp_path / "right.py").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "raises.py").write_text("1 / 0", encoding="utf-8")
    status = run(["check", *(a.format(folder=tmp_path) for a in arguments)])

    printed = capsys.readouterr()
    assert status == 2
    assert printed.out == ""
    assert 1 <= len(printed.err.splitlines()) <= 2
    assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["reference", "--profile", "slow"],
        ["reference", "--seed", "-1"],
        ["reference", "--timeout", "0"],
        ["reference", "--timeout", "nan"],
        ["reference", "--memory", "2 gigs"],
        ["reference", "--jobs", "0"],
        ["reference", "--jobs", "many"],
        ["reference", "--quiet", "--verbose"],
        ["reference", "--format", "gitlab"],
        ["reference", "--memory", "0"],
        ["reference", "--no-such-option"],
    ],
)
def test_wrong_options(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an option out of range that reaches the run."""
    assert run(["check", *arguments]) == 2
    assert "Error: " in capsys.readouterr().err


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a list without ids, statements or theorems, or one that ignores the glob."""
    assert run(["check", "--list", "--property", "running/*"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert "running/one-step" in lines
    assert all(line.startswith(("running/", "    ")) for line in lines)
    assert "[theorem " in lines[1]


def test_fault_of_ours(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a mistake of ours that looks like a verdict, or that shows its traceback."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("our mistake")

    monkeypatch.delenv("BNPROOF_DEBUG", raising=False)
    monkeypatch.setattr("bnproof.check.several_targets.check_target", broken)

    assert run(["check", "reference"]) == 3
    assert "fault of bnproof itself (ZeroDivisionError: our mistake)" in capsys.readouterr().err

    monkeypatch.setenv("BNPROOF_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(["check", "reference"])


def test_targets(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a list of targets that does not name the reference."""
    assert run(["targets"]) == 0
    assert capsys.readouterr().out.startswith("reference\n")
