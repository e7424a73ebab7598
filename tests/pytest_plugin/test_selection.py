"""-k, -m, --lf, -x, ids and --collect-only select, and only what the chosen tests need is run."""

from tests.pytest_plugin.conftest import Project

WRONG = "--bnproof=mynorm:DoubledBoth"


def test_collecting_checks_nothing(project: Project) -> None:
    """Catches a check that runs while tests are collected."""
    listed = project.pytest("--bnproof=mynorm:Both", "--collect-only", "-q", "-k", "agreement")

    assert listed.status == 0
    assert [line for line in listed.out.splitlines() if "::" in line] == [
        f"mynorm:Both::{family}/agreement[{dtype}]"
        for dtype in ("float32", "float64")
        for family in ("forward", "backward", "inference")
    ]
    assert len(project.calls) < 5  # the first calls, on ordinary data


def test_keyword_runs_its_dtype_alone_and_last_failed_what_failed(project: Project) -> None:
    """Catches a check of a dtype that nobody asked for, and ids that --lf does not know again."""
    project.write("test_other.py", "def test_other_float64(): assert False")
    ran = project.pytest(WRONG, "-k", "float64", "-v", "-x", "-m", "bnproof")
    failed = "mynorm:DoubledBoth::inference/agreement[float64]"
    assert ran.outcome(failed) == "FAILED"
    assert "stopping after 1 failures" in ran.out
    assert "test_other" not in ran.out
    assert project.calls.count("float64") > 50
    assert project.calls.count("float32") < 5  # the first calls

    again = project.pytest(WRONG, "--lf", "--collect-only", "-q")
    assert [line for line in again.out.splitlines() if "::" in line] == [failed]


def test_id_from_the_summary(project: Project) -> None:
    """Catches an id that pytest prints and does not take."""
    project.write("test_other.py", "def test_other(): ...")
    id_ = "mynorm:Norm::inference/agreement[float32]"
    ran = project.pytest("--bnproof=mynorm:Norm", "--bnproof=mynorm:Doubled", id_, "-v")

    assert ran.outcome(id_) == "PASSED"
    assert "1 passed" in ran.out.splitlines()[-1]


def test_tests_of_the_project_are_run_too(project: Project) -> None:
    """Catches targets that displace the project's own tests."""
    project.write("test_other.py", "def test_other(): ...")
    listed = project.pytest(
        "--bnproof=mynorm:Norm", "--collect-only", "-q", "-k", "other or folding"
    )

    assert [line for line in listed.out.splitlines() if "::" in line] == [
        "test_other.py::test_other",
        "mynorm:Norm::inference/folding[float32]",
    ]


def test_without_the_plugin(project: Project) -> None:
    """Catches test files that need the plugin."""
    project.write(
        "test_norm.py",
        """
from bnproof.testing import parametrize_with_properties
from mynorm import Norm

@parametrize_with_properties(Norm(), properties=["inference/folding"], profile="quick")
def test_norm(check):
    check()
""",
    )
    ran = project.pytest("-p", "no:bnproof", "-v")
    assert ran.outcome("test_norm.py::test_norm[inference/folding[float32]]") == "PASSED"
