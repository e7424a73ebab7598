"""A failure that is run again is fixed, still failing, or cannot be run, and it is said which."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.replay.conftest import Check, mend

from bnproof.cli.main import run
from bnproof.store.folder import ReplayFolder

COURSE = "course.py:forward,backward"
STATEFUL = """
from reference import BatchNorm


class BN(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)
    layer = None
    calls = 0

    def infer(self, x, *arguments, eps):
        BN.calls += 1
        return super().infer(x, *arguments, eps=2 * eps if BN.calls > LIMIT else eps)


LIMIT = 12
"""


@pytest.fixture
def saved(failing: Check) -> str:
    """A failure of the course's functions."""
    return failing(COURSE, "backward/agreement", "float64")


def test_still_failing_then_fixed(
    saved: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a replay that runs something else, or that sees the code as it was."""
    assert run(["replay", saved]) == 1
    printed = capsys.readouterr().out
    assert "FAIL backward/agreement, float64" in printed
    assert printed.endswith("still failing\n")

    mend(project / "course.py")
    assert run(["replay", saved[:4]]) == 0
    assert capsys.readouterr().out.endswith("fixed\n")


def test_what_fails_only_after_others(
    project: Path, failing: Check, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a failure that is called fixed since it needs the calls that came before it."""
    path = project / "stateful.py"
    path.write_text(STATEFUL, encoding="utf-8")
    saved = failing("stateful.py:BN", "inference/agreement", "float32")

    assert run(["replay", saved]) == 1
    assert "still failing, after the cases that came before it" in capsys.readouterr().out
    path.write_text(STATEFUL.replace("LIMIT = 12", "LIMIT = 10**9"), encoding="utf-8")
    assert run(["replay", saved]) == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("unlink", "no file course.py"),
        ("rename", "no 'backward' in course.py"),
        ("syntax", "SyntaxError"),
    ],
)
def test_target_is_gone(
    change: str, said: str, saved: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a target that cannot be run and counts as fixed, or shows a traceback."""
    path = project / "course.py"
    text = path.read_text(encoding="utf-8")
    if change == "unlink":
        path.unlink()
    else:
        path.write_text({"rename": text.replace("def backward", "def other")}.get(change, "def ("))

    assert run(["replay", saved]) == 2
    error = capsys.readouterr().err
    assert "cannot run it" in error
    assert said in error
    assert len(error.splitlines()) <= 3


def test_case_that_cannot_be_judged(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a saved case that the properties stumble over, and a traceback of ours."""
    folder = ReplayFolder()
    path = folder.place / f"{saved}.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["property"] = "forward/sample-permutation"
    path.write_text(json.dumps(tree), encoding="utf-8")

    assert run(["replay", saved]) == 2
    assert "is not judged on this case" in capsys.readouterr().err


def test_list(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a list that does not say what there is, or breaks at a damaged file."""
    (ReplayFolder().place / "aaaaaaaa.json").write_text("{", encoding="utf-8")

    assert run(["replay", "--list"]) == 0
    printed = capsys.readouterr().out
    assert f"{saved}  {COURSE}  backward/agreement, float64" in printed
    assert "aaaaaaaa  " in printed
    assert "truncated" in printed


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["../x"], ["aaaaaaaa", "--script", "-"]])
def test_wrong_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an id that is not there and is not status 2 with one clear line."""
    assert run(["replay", *arguments]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_script_replaces_no_file_of_others(
    saved: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches --script course.py, by a slip, in place of the code that it is about."""
    before = (project / "course.py").read_text(encoding="utf-8")

    assert run(["replay", saved, "--script", "course.py"]) == 2
    assert run(["replay", saved, "--script", "no/such/folder.py"]) == 2
    assert "no script of bnproof's" in capsys.readouterr().err
    assert (project / "course.py").read_text(encoding="utf-8") == before


def test_script_on_standard_output(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches something else than the script on standard output."""
    assert run(["replay", saved, "--script", "-"]) == 0

    printed = capsys.readouterr()
    compile(printed.out, "script", "exec")
    assert "the script fails" in printed.err


HOSTILE = "x'''\"\"\"\\N{BULLET}'); import os; os._exit(9) #{boom}\u2028"


def test_nothing_of_a_file_becomes_code(saved: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches names out of a saved file that end up as code in a script."""
    path = ReplayFolder().place / f"{saved}.json"
    tree = json.loads(path.read_text(encoding="utf-8"))
    tree["detail"] = tree["output"] = HOSTILE.replace("\u2028", "")
    tree["counterexample"]["case"]["name"] = tree["counterexample"]["name"] = tree["detail"]
    path.write_text(json.dumps(tree), encoding="utf-8")

    assert run(["replay", saved, "--script", "-"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("#") for line in lines if "os._exit" in line)


@pytest.mark.parametrize("folder", ["/proc/nothing"])
def test_no_place_for_the_cache(project: Path, folder: str) -> None:
    """Catches a check that fails, or says nothing, where its failures cannot be saved."""
    command = [sys.executable, "-m", "bnproof", "check", COURSE, "--profile", "quick"]
    only = ["--property", "backward/along-xhat", "--json", "report.json"]
    process = subprocess.run(  # noqa: S603  # this Python, this package
        [*command, *only],
        env={**os.environ, "BNPROOF_CACHE": folder},
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 1
    warnings = [line for line in process.stderr.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert "not saved for bnproof replay" in warnings[0]
    report = json.loads((project / "report.json").read_text(encoding="utf-8"))
    assert report["results"][0]["replay"] is None
