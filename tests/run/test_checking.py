"""A check of a target gives a report per variant, and wrong usage is told from a bad target."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bnproof.check.one_target import UsageError, conventions, run_check
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.model.result import Report, Result, exit_status
from bnproof.targets.text import TargetError

Write = Callable[[str, str], Path]
ONE = ("running/dtype",)


def test_report_of_the_reference() -> None:
    """Catches a report without what it is about, or a progress that goes astray."""
    told: list[tuple[int, int, str]] = []
    (report,) = run_check(
        "reference",
        profile="quick",
        seed=3,
        dtypes=["float64"],
        properties=ONE,
        progress=lambda *step: told.append(step),
    )

    assert report.conforms
    assert (report.name, report.profile, report.seed) == ("reference", "quick", 3)
    assert [r.property for r in report.results] == ["running/dtype"]
    assert report.conventions["momentum_weighs"] == "new"
    assert {"python", "numpy", "platform"} <= set(report.environment)
    assert told[-1][0] == told[-1][1] == report.cases["float64"]


def test_target_that_cannot_be_used(write: Write) -> None:
    """Catches a target that was loaded and of which nothing is reported."""
    path = write("bare.py", "class BN:\n    def train(self, *a, **k): return None")
    (report,) = run_check(f"{path}:BN", profile="quick")

    assert "cannot be used" in report.error
    assert exit_status([report]) == 2


def test_crash_in_the_first_calls_is_a_verdict(write: Write) -> None:
    """Catches a target that crashes at once and counts as one that cannot be used."""
    path = write("crash.py", "import os\nclass BN:\n    def train(self, *a, **k): os._exit(1)")
    (report,) = run_check(f"{path}:BN", profile="quick", properties=("forward/agreement",))

    assert [r.verdict for r in report.results] == ["crashed"]
    assert exit_status([report]) == 1


@pytest.mark.parametrize(
    ("dtypes", "properties", "said"),
    [
        (["float33"], [], "no dtype 'float33', did you mean float32"),
        ([], ["forward/agrement"], "did you mean forward/agreement"),
        ([], ["nothing*"], "no property matches 'nothing"),
    ],
)
def test_wrong_usage(dtypes: list[str], properties: list[str], said: str) -> None:
    """Catches a misspelt dtype or property that is checked as if it were nothing."""
    with pytest.raises(UsageError, match=said):
        run_check("reference", dtypes=dtypes, properties=properties)


def test_dtype_that_is_not_declared(hostile: Path) -> None:
    """Catches a dtype that the target does not have and that counts as checked."""
    with pytest.raises(UsageError, match="does not declare float64; it declares float32"):
        run_check(f"{hostile}:Calm", dtypes=["float64"])


def test_target_that_is_not_there() -> None:
    """Catches a report on a target that was never loaded."""
    with pytest.raises(TargetError, match="no module named"):
        run_check("no_such_module:BN")


def test_conventions_tell_what_is_not_the_default() -> None:
    """Catches a declaration that narrows the check and is not reported."""
    told = conventions(Declaration(accepts={"eps": (0.1, 1.0)}, name="mine"))

    assert told["accepts"] == {"eps": (0.1, 1.0)}
    assert "flush_to_zero" not in told
    assert "name" not in told


def test_worst_status_wins() -> None:
    """Catches a target that conforms since one of its variants does."""
    good = Result("forward/agreement", "", "", "float32", "pass", examples=1)
    bad = Result("forward/agreement", "", "", "float32", "fail", examples=1)
    reports = {0: Report("x", results=(good,)), 1: Report("x", results=(bad,)), 4: Report("x")}

    assert exit_status([reports[0], reports[1], reports[4]]) == 1
    assert exit_status([reports[0], reports[4]]) == 4
    assert exit_status([reports[0]]) == 0
