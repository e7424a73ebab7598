"""Where no process can be forked, the plugin loads, and refuses targets that are named."""

import pytest
from tests.pytest_plugin.conftest import Project
from tests.systems.hidden import python_path

TESTS = """
from bnproof.testing import check_implementation, parametrize_with_properties
from mynorm import Norm

@parametrize_with_properties(Norm(), properties=["inference/agreement"], dtypes=["float32"])
def test_object(check):
    check()

@parametrize_with_properties("mynorm:Norm")
def test_text(check):
    check()
"""

SENTENCE = "bnproof runs a target in a process of its own, which needs Linux or macOS"


@pytest.fixture(autouse=True)
def _hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", python_path())


def test_unused_plugin(project: Project) -> None:
    """Catches a plugin that breaks every run of pytest on Windows."""
    project.write("test_mine.py", "def test_mine(): ...")

    assert project.pytest("-W", "error").status == 0


def test_named_target_is_refused(project: Project) -> None:
    """Catches a traceback, or a run without tests that passes."""
    ran = project.pytest("--bnproof", "mynorm:Norm")

    assert ran.status == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: --bnproof: {SENTENCE}" in ran.out
    assert "Traceback" not in ran.out


def test_object_is_checked_and_text_is_not(project: Project) -> None:
    """Catches a check in the process of the tests that needs another process after all."""
    project.write("test_mine.py", TESTS)
    ran = project.pytest("-v", "-W", "error")

    assert ran.outcome("test_mine.py::test_object[inference/agreement[float32]]") == "PASSED"
    assert ran.outcome("test_mine.py::test_text[usable]") == "FAILED"
    assert SENTENCE in ran.out
