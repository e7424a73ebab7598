"""`parametrize_with_properties` in a project's own test file."""

import pytest
from tests.pytest_plugin.conftest import Project, Run

TESTS = """
import pytest
from bnproof.testing import ConformanceError, check_implementation, parametrize_with_properties
from mynorm import Bare, Doubled, Norm

KNOWN = {
    "inference/agreement": "eps is doubled, mynorm#1",
    "inference/affine-in-x[float32]": "no longer true",
}

@parametrize_with_properties(Doubled(), known_failures=KNOWN, properties=["inference/*"])
def test_object(check):
    check()

@parametrize_with_properties("mynorm:Doubled", properties=["inference/f*"], dtypes=["float32"])
def test_target(check):
    check()

@parametrize_with_properties(Bare)
def test_unusable(check):
    check()

class TestBoth:
    @pytest.mark.parametrize("other", [1, 2])
    @parametrize_with_properties(Norm, properties=["inference/folding"])
    def test_right(self, check, other):
        check()

def test_whole():
    check_implementation(Doubled(), profile="quick", properties=["inference/*"])
"""


@pytest.fixture(scope="module")
def ran(shared_project: Project) -> Run:
    """One run of all of it."""
    shared_project.write("test_norm.py", TESTS)
    return shared_project.pytest("-v", "-rA")


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("test_object[inference/agreement[float32]]", "XFAIL"),
        ("test_object[inference/affine-in-x[float32]]", "FAILED"),
        ("test_object[inference/folding[float32]]", "FAILED"),
        ("test_object[inference/equals-training[float32]]", "SKIPPED"),
        ("test_target[inference/folding[float32]]", "FAILED"),
        ("test_unusable[usable]", "FAILED"),
        ("TestBoth::test_right[inference/folding[float32]-1]", "PASSED"),
        ("TestBoth::test_right[inference/folding[float32]-2]", "PASSED"),
        ("test_whole", "FAILED"),
    ],
)
def test_outcome(ran: Run, test: str, outcome: str) -> None:
    """Catches a verdict that becomes another outcome of pytest than it should."""
    assert ran.outcome(f"test_norm.py::{test}") == outcome


def test_known_failures_are_strict(ran: Run) -> None:
    """Catches a known failure that is mended and stays on the list."""
    assert "XFAIL test_norm.py::test_object[inference/agreement[float32]]" in ran.out
    assert "eps is doubled, mynorm#1" in ran.out
    assert "fixed: remove this entry from known_failures, inference/affine-in-x" in ran.out


def test_text_of_failures(ran: Run) -> None:
    """Catches tracebacks through our files, or a failure that does not say what is wrong."""
    assert "FAIL inference/folding, float32\n" in ran.out
    assert "E       bnproof.testing.ConformanceError: FAIL inference/agreement, float32" in ran.out
    assert "Doubled does not conform: 3 of 4 properties fail" in ran.out
    assert "bnproof/testing/" not in ran.out
    assert "mynorm:Bare cannot be used: " in ran.out


def test_settings_of_the_command_line_apply(project: Project) -> None:
    """Catches a profile or a seed that is asked for and not used."""
    project.write(
        "test_norm.py",
        """
from bnproof.testing import parametrize_with_properties
from mynorm import Norm

@parametrize_with_properties(Norm(), properties=["inference/folding"])
def test_norm(check):
    check()
    asked = check.verdict.report
    assert (asked.profile, asked.seed) == ("quick", 11)
""",
    )
    ran = project.pytest("--bnproof-seed=11")
    assert ran.status == 0, ran.out
