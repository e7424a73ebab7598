"""Several targets, parallel processes, the first failure, exclusions, and what is printed."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.few_cases import check_few_cases

from bnproof.cli.main import run
from bnproof.report.model_json import schema

RIGHT = """
from bnproof.reference import BatchNorm

class BN(BatchNorm):
    dtypes, ranks, layer = ("float32", "float64"), (2,), None
"""
WRONG = (
    RIGHT
    + """
    def infer(self, x, *arguments, eps):
        return super().infer(x, *arguments, eps=2 * eps)
"""
)
UNUSABLE = "class BN:\n    def train(self, *a, **k): raise ValueError('no')"
SMALL = (
    WRONG
    + """
    fixed = {"shape": (8, 4)}
"""
)
LOADING = (
    RIGHT
    + """
import time
from pathlib import Path

with Path("loads").open("a+") as loads:
    loads.write("x")
    loads.seek(0)
    if len(loads.read()) > 1:  # the first process only asks for the variants
        time.sleep(60)
"""
)
SLOW = (
    RIGHT
    + """
    def train(self, *arguments, **settings):
        import os, pathlib, time
        with pathlib.Path(__file__).with_name("calls").open("a") as calls:
            calls.write(f"{os.getpid()}\\n")
        time.sleep(0.05)
        return super().train(*arguments, **settings)
"""
)
QUICK = ["--profile", "quick"]
SINGLE = [*QUICK, "--dtype", "float32"]
ENOUGH = 60
"""Calls after which a few cases have been judged."""
PATIENCE = 60  # seconds that a busy machine may take


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with targets that conform, do not, and cannot be used."""
    for name, code in (
        ("right", RIGHT),
        ("wrong", WRONG),
        ("unusable", UNUSABLE),
        ("slow", SLOW),
        ("small", SMALL),
    ):
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have checks in this process make do with a few cases."""
    check_few_cases(monkeypatch)


def of_file(path: str) -> dict[str, Any]:
    """A JSON report of the shipped schema, without what differs from run to run."""
    made: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(made)
    return {**made, "seconds": 0}


@pytest.mark.usefixtures("folder", "few")
@pytest.mark.parametrize(
    ("targets", "status", "verdicts"),
    [
        (["right.py:BN"], 0, ["right.py:BN conforms"]),
        (
            ["right.py:BN", "wrong.py:BN"],
            1,
            ["right.py:BN conforms", "wrong.py:BN does not conform: 5 of "],
        ),
        (
            ["wrong.py:BN", "missing.py:BN", "right.py:BN"],
            2,
            [
                "wrong.py:BN does not conform: 5 of ",
                "missing.py:BN cannot be used: no file missing.py",
                "right.py:BN conforms",
            ],
        ),
        (
            ["unusable.py:BN", "right.py:BN"],
            2,
            ["unusable.py:BN cannot be used: train: ValueError: no", "right.py:BN conforms"],
        ),
    ],
    ids=["one", "wrong", "missing", "unusable"],
)
def test_worst_status_and_a_line_each(
    targets: list[str], status: int, verdicts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a target that hides the verdict on another one, or is not checked after it."""
    assert run(["check", *targets, *SINGLE]) == status

    printed = capsys.readouterr().out.splitlines()[-len(targets) :]
    for line, verdict in zip(printed, verdicts, strict=True):
        assert line.startswith(verdict)


@pytest.mark.usefixtures("folder", "few")
def test_json_of_several() -> None:
    """Catches a file that has one target only, or a form that the schema does not allow."""
    assert run(["check", "right.py:BN", "wrong.py:BN", *SINGLE, "--json", "both.json"]) == 1
    made = of_file("both.json")

    assert made["schema"] == 1
    assert made["conforms"] is False
    assert [each["conforms"] for each in made["targets"]] == [True, False]


@pytest.mark.usefixtures("folder")
def test_jobs_give_the_same_results(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches parallel processes whose results come in another order, or are lost."""
    for jobs in ("1", "3"):
        options = ["--jobs", jobs, "--property", "inference/*", "--json", f"{jobs}.json"]
        run(["check", "small.py:BN", "missing.py:BN", *QUICK, *options])
    printed = capsys.readouterr().out.splitlines()
    one, three = (of_file(f"{jobs}.json")["targets"] for jobs in ("1", "3"))

    assert [{**each, "seconds": 0} for each in one] == [{**each, "seconds": 0} for each in three]
    assert printed[: len(printed) // 2][-1] == printed[-1]


@pytest.mark.usefixtures("folder", "few")
def test_first_failure_ends_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a run that goes on, or one that stops for what is not asked for."""
    arguments = [*QUICK, "-x", "--json", "report.json"]
    assert run(["check", "wrong.py:BN", "right.py:BN", *arguments]) == 1
    printed = capsys.readouterr()
    made = of_file("report.json")

    assert printed.out.splitlines()[-1].startswith(
        "wrong.py:BN does not conform: stopped at the first failure, inference/"
    )
    assert printed.err.endswith("not checked: right.py:BN\n")
    assert made["stopped"] is True
    assert made["cases"]["float32"] < made["promised"]["float32"]
    assert "float64" not in made["cases"]
    reasons = {result["reason"] for result in made["results"] if not result["examples"]}
    assert "no case of its kind was reached before the first failure" in reasons


@pytest.mark.usefixtures("folder", "few")
def test_other_failures_do_not_end_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a run that stops at a wrong number which no chosen property is about."""
    assert run(["check", "wrong.py:BN", *SINGLE, "-x", "--property", "forward/*"]) == 0
    assert "wrong.py:BN conforms" in capsys.readouterr().out


@pytest.mark.usefixtures("folder", "few")
def test_excluded_properties_are_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches an exclusion that is not told, or that is judged all the same."""
    excluded = ["--exclude", "inference/*", "--exclude", "backward/double-backward"]
    assert run(["check", "wrong.py:BN", *SINGLE, *excluded, "--json", "report.json"]) == 0

    assert "10: excluded with --exclude" in capsys.readouterr().out
    made = of_file("report.json")
    assert "inference/folding" in made["excluded"]
    assert not any(r["property"].startswith("inference/") for r in made["results"])


@pytest.mark.usefixtures("folder", "few")
@pytest.mark.parametrize("target", ["right.py:BN", "wrong.py:BN"])
def test_quiet_and_verbose(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a line too much, or a result that is not in the table."""
    run(["check", target, *SINGLE, "--quiet"])
    quiet = capsys.readouterr()
    run(["check", target, *SINGLE, "--verbose"])
    verbose = capsys.readouterr().out

    assert quiet.out.count("\n") == 1
    assert quiet.err == ""
    assert verbose.splitlines()[0] == verbose.splitlines()[-1] == quiet.out.rstrip()
    assert verbose.count("inference/folding  ") == 1


@pytest.mark.usefixtures("folder", "few")
def test_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches annotations without the place of the target, or instead of the report."""
    run(["check", "wrong.py:BN", *SINGLE, "--format", "github"])
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].startswith("::error file=wrong.py,line=4,title=bnproof::wrong.py:BN does not")
    assert lines[1].startswith("::error file=wrong.py,line=4,title=bnproof%3A inference/agreement")
    assert lines[-1].startswith("wrong.py:BN does not conform")


@pytest.mark.usefixtures("folder")
def test_interrupt_of_parallel_processes() -> None:
    """Catches an interrupt that loses what was found, or leaves processes behind."""
    command = [sys.executable, "-m", "bnproof", "check", "slow.py:BN", *QUICK]
    with subprocess.Popen(  # noqa: S603  # this Python, this package
        [*command, "--jobs", "2", "--json", "report.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        wait_for_workers()
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert "Traceback" not in printed
    assert printed.splitlines()[-1].startswith("slow.py:BN interrupted after")
    made = of_file("report.json")
    assert made["interrupted"] is True
    assert 0 < sum(made["cases"].values()) < sum(made["promised"].values())


@pytest.mark.usefixtures("folder")
def test_interrupt_while_parallel_processes_load() -> None:
    """Catches a process that ends without a word and is taken for a fault."""
    Path("loading.py").write_text(LOADING, encoding="utf-8")
    with subprocess.Popen(  # noqa: S603  # this Python, this package
        [sys.executable, "-m", "bnproof", "check", "loading.py:BN", *QUICK, "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        deadline, loads = time.monotonic() + PATIENCE, Path("loads")
        while time.monotonic() < deadline and not (loads.exists() and loads.stat().st_size >= 3):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130, printed
    assert "fault" not in printed
    assert printed.splitlines()[-1].startswith("loading.py:BN interrupted before")


def wait_for_workers() -> None:
    """Wait until both parts have run a few cases in their sandboxes."""
    deadline, calls = time.monotonic() + PATIENCE, Path("calls")
    while time.monotonic() < deadline:
        made = Counter(calls.read_text(encoding="utf-8").split() if calls.exists() else ())
        if len([worker for worker, number in made.items() if number >= ENOUGH]) >= 2:
            return
        time.sleep(0.1)
    pytest.fail("the workers did not start")
