"""With pytest-xdist, the tests are the same in all processes, and each check is run once."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.pytest_plugin.conftest import Project, Run

from bnproof.pytest_plugin.process_groups import ByCheck

IN_A_FILE = """
from bnproof.testing import parametrize_with_properties
from mynorm import Norm

@parametrize_with_properties(Norm())
def test_norm(check):
    check()
"""


@pytest.fixture(scope="module")
def runs(shared_project: Project) -> list[tuple[Run, int]]:
    """A target and a test file, in one process and in several: what came, and calls.

    Of four processes that share the work by halves, two need each check.
    """
    shared_project.write("test_norm.py", IN_A_FILE)
    made = []
    for processes in (("-n", "0"), ("-n", "4", "--dist", "worksteal")):
        shared_project.forget_calls()
        named = ("--bnproof=mynorm:Doubled", *processes)
        ran = shared_project.pytest(*named, "-q", "--tb=no", "-rf")
        made.append((ran, len(shared_project.calls)))
    return made


def test_same_outcomes(runs: list[tuple[Run, int]]) -> None:
    """Catches tests that differ between processes, and results that go astray on the way."""
    (alone, _), (shared, _) = runs

    assert len(_failed(alone)) == 3
    assert _failed(shared) == _failed(alone)
    assert _counts(shared) == _counts(alone)
    assert "mynorm:Doubled, float32: no class explains it" in shared.out


def test_each_check_is_run_once(runs: list[tuple[Run, int]]) -> None:
    """Catches a check that each process runs for itself."""
    (_, once), (_, calls) = runs

    assert once > 200  # two checks
    assert once <= calls < once + 10  # each process tries an object of the test file out


def test_tests_of_one_check_go_together() -> None:
    """Catches processes that wait for each other, and tests of others that are held together."""
    scheduler = ByCheck.__new__(ByCheck)
    scheduler.config = SimpleNamespace(
        getoption=lambda _: ["mynorm:Both", "bn.py:Norm"],
        invocation_params=SimpleNamespace(dir=Path("/project/src")),
        rootpath=Path("/project"),
    )
    scopes = [
        scheduler._split_scope(nodeid)
        for nodeid in (
            "mynorm:Both::forward/sign[float32]",
            "mynorm:Both::running/dtype[float32]",
            "mynorm:Both::forward/sign[float64]",
            "src/bn.py:Norm::forward/sign[float32]",
            "test_norm.py::test_norm[float32]",
            "test_norm.py::test_other[float32]",
        )
    ]

    assert scopes[0] == scopes[1]
    assert len(set(scopes)) == 5


def test_nothing_is_left_behind(runs: list[tuple[Run, int]], shared_project: Project) -> None:
    """Catches the folder that processes share and that outlives them."""
    assert runs
    assert not list(shared_project.temporary.glob("bnproof-*"))


def _failed(run: Run) -> list[str]:
    return sorted(line for line in run.out.splitlines() if line.startswith("FAILED "))


def _counts(run: Run) -> str:
    return run.out.splitlines()[-1].partition(" in ")[0]
