"""Known failures on the command line and in pyproject.toml."""

import json
from pathlib import Path

import pytest
from tests.few_cases import check_few_cases

from bnproof.cli.main import run
from bnproof.known_failures.file import read

TARGET = "bn.py:BN"
WRONG = """
from bnproof.reference import BatchNorm


class BN(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)
    layer = None

    def infer(self, x, *arguments, eps):
        return super().infer(x, *arguments, eps=2 * eps)
"""
FEW = ["--profile", "quick", "--property", "inference/agreement"]
UPDATE = [*FEW, "--update-known", "--reason", "eps twice", "--expires", "2999-12-31"]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a wrong target, which is the current one."""
    (tmp_path / "bn.py").write_text(WRONG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    check_few_cases(monkeypatch)
    return tmp_path


def test_written_on_request_and_then_known(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a file that is written without being asked for, or is not obeyed from pyproject."""
    text = '[tool.bnproof]\nknown-failures = "known.toml"\n'
    (project / "pyproject.toml").write_text(text, encoding="utf-8")

    assert run(["check", TARGET, *FEW]) == 2
    assert "known.toml: No such file" in capsys.readouterr().err
    assert run(["check", TARGET, *UPDATE, "--link", "http://x/1"]) == 0
    printed = capsys.readouterr()
    assert "known.toml: 1 entry written, 0 removed" in printed.err
    assert "conforms, except for 1 known failure" in printed.out
    (entry,) = read(project / "known.toml")
    assert entry.explanation == "eps twice (http://x/1, until 2999-12-31)"

    assert run(["check", TARGET, *FEW, "--json", "report.json"]) == 0
    assert "known        eps twice (http://x/1, until 2999-12-31)" in capsys.readouterr().out
    report = json.loads((project / "report.json").read_text(encoding="utf-8"))
    assert report["results"][0]["verdict"] == "known"
    assert report["results"][0]["reason"] == "eps twice (http://x/1, until 2999-12-31)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--known", "no.toml"], "No such file"),
        (["--update-known", "--reason", "r"], "needs --known FILE"),
        (["--known", "k.toml", "--update-known"], "needs --reason TEXT"),
        (["--known", "k.toml", "--update-known", "--reason", " "], "needs --reason TEXT"),
        (["--known", "k.toml", "--reason", "r"], "--reason is for --update-known"),
        (["--known", "no/k.toml", "--update-known", "--reason", "r"], "no folder no"),
        (
            ["--known", "k.toml", "--update-known", "--reason", "r", "--expires", "2020-01-01"],
            "--expires 2020-01-01 is over",
        ),
        (
            ["--known", "k.toml", "--update-known", "--reason", "r", "--expires", "soon"],
            "does not match the format",
        ),
        (["--known", "bn.py"], "no TOML"),
    ],
)
def test_wrong_usage(
    arguments: list[str], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a request that cannot be met and is found out after the run, or writes something."""
    before = sorted(project.iterdir())

    assert run(["check", TARGET, *FEW, *arguments]) == 2
    assert said in capsys.readouterr().err
    assert sorted(project.iterdir()) == before


def test_wrong_pyproject(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a slip in pyproject.toml that is not wrong usage."""
    text = "[tool.bnproof]\nknown_failures = 'known.toml'\n"
    (project / "pyproject.toml").write_text(text, encoding="utf-8")

    assert run(["check", TARGET, *FEW]) == 2
    assert "did you mean known-failures" in capsys.readouterr().err
