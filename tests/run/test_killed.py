"""Processes that are killed by SIGKILL, as a system does that is short of memory."""

from pathlib import Path

import pytest

from bnproof.check.one_target import run_check
from bnproof.engine.model.result import Report

TARGET = """
import os, signal
from pathlib import Path
from bnproof.reference import BatchNorm

MARK = Path(__file__).with_suffix(".mark")

class Once(BatchNorm):
    dtypes, ranks = ("float32",), (2,)

    def attack(self):
        if not MARK.exists():
            MARK.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    def train(self, x, *given, **settings):
        if len(x) == 9:
            self.attack()
        return super().train(x, *given, **settings)

class Always(Once):
    def attack(self):
        os.kill(os.getpid(), signal.SIGKILL)

class Segfault(Once):
    def attack(self):
        os.kill(os.getpid(), signal.SIGSEGV)

class OnceAndWrong(Once):
    def train(self, x, *given, **settings):
        y, *others = super().train(x, *given, **settings)
        return (y + 1 if len(x) == 9 else y), *others
"""


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A file with targets that kill their process where N = 9."""
    path = tmp_path / "killed.py"
    path.write_text(TARGET)
    return path


def checked(target: Path, name: str) -> Report:
    """The report on one of the targets, in the quick profile."""
    (report,) = run_check(f"{target}:{name}", profile="quick")
    return report


def test_a_case_that_was_killed_once_is_run_again(target: Path) -> None:
    """Catches a verdict on a target whose process was in the way of another one's memory."""
    report = checked(target, "Once")
    assert report.exit_status == 0
    assert report.cases == report.promised


def test_a_case_that_is_killed_again_is_not_tested(target: Path) -> None:
    """Catches a wrong result that is reported where nothing came back, and a silent gap."""
    report = checked(target, "Always")
    assert report.exit_status == 4
    assert not any(result.violations for result in report.results)
    assert report.cases["float32"] < report.promised["float32"]
    assert any("SIGKILL" in note and "9 values" in note for note in report.notes)


def test_another_crash_is_a_violation(target: Path) -> None:
    """Catches any crash that is taken for the system's."""
    report = checked(target, "Segfault")
    assert report.exit_status == 1
    assert "crashed" in {result.verdict for result in report.results}


def test_what_comes_back_the_second_time_is_judged(target: Path) -> None:
    """Catches a case that is run again and not looked at."""
    assert checked(target, "OnceAndWrong").exit_status == 1
