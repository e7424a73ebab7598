"""`check_implementation` checks an object in this process, or a target in a worker."""

from pathlib import Path

import pytest
from tests.testing.norms import Bare, Both, Doubled, Interrupted, Norm, Warns

from bnproof.check.one_target import UsageError
from bnproof.testing import ConformanceError, check_implementation

FEW = ["inference/agreement", "inference/folding"]


def test_right_implementation_gives_the_report() -> None:
    """Catches dtypes that get lost when their reports become one."""
    report = check_implementation(Both(), profile="quick", seed=3, properties=FEW)

    assert report.conforms
    assert (report.target, report.profile, report.seed) == ("tests.testing.norms:Both", "quick", 3)
    assert [(r.property, r.dtype, r.verdict) for r in report.results] == [
        (id_, dtype, "pass") for dtype in ("float32", "float64") for id_ in FEW
    ]
    assert list(report.cases) == list(report.accuracy) == ["float32", "float64"]


def test_wrong_implementation_raises_what_the_terminal_prints() -> None:
    """Catches an implementation that passes although it is wrong, or is not said to be."""
    asked = {"profile": "quick", "dtypes": ["float32"], "properties": FEW}
    with pytest.raises(ConformanceError) as raised:
        check_implementation(Doubled, **asked)  # type: ignore[arg-type]  # of the right types each
    report = check_implementation(Doubled, on_fail="report", **asked)  # type: ignore[arg-type]  # likewise

    assert str(raised.value).startswith("FAIL inference/agreement, float32\n")
    assert "does not conform: 2 of 2 properties fail" in str(raised.value)
    assert [r.verdict for r in raised.value.report.results] == ["fail", "fail"]
    assert [r.verdict for r in report.results] == ["fail", "fail"]


def test_known_failures_conform() -> None:
    """Catches a known failure that fails, and one that no longer does and passes."""
    known = {"inference/agreement": "eps is doubled", "inference/folding[float32]": "likewise"}
    report = check_implementation(
        Doubled, profile="quick", dtypes=["float32"], properties=FEW, known_failures=known
    )
    assert [r.verdict for r in report.results] == ["known", "known"]

    with pytest.raises(ConformanceError, match="fixed: remove this entry"):
        check_implementation(Norm(), profile="quick", properties=FEW, known_failures=known)


def test_target_in_a_worker() -> None:
    """Catches a target that is checked as if it were an object."""
    path = Path(__file__).with_name("norms.py")
    report = check_implementation(f"{path}:Norm", profile="quick", properties=FEW)

    assert report.conforms
    assert report.target == f"{path}:Norm"


@pytest.mark.parametrize(
    ("implementation", "said"),
    [
        (object(), "builtins:object cannot be used: .* is not recognised as a batch norm"),
        (Bare(), "tests.testing.norms:Bare cannot be used: "),
        ("no_such_module:BN", "no module named 'no_such_module'"),
    ],
)
def test_what_cannot_be_used(implementation: object, said: str) -> None:
    """Catches something that was never checked and does not fail."""
    with pytest.raises(ConformanceError, match=said):
        check_implementation(implementation)
    assert check_implementation(implementation, on_fail="report").exit_status == 2


def test_warnings_are_no_failures() -> None:
    """Catches warnings, which are errors here, that become failures of the implementation."""
    assert check_implementation(Warns(), profile="quick", properties=FEW).conforms


@pytest.mark.parametrize("at", [1, 9])
def test_ctrl_c_ends_the_check(at: int) -> None:
    """Catches Ctrl-C during a call of the implementation that counts as its failure."""
    with pytest.raises(KeyboardInterrupt):
        check_implementation(Interrupted(at))


def test_wrong_usage() -> None:
    """Catches a slip that leaves something unchecked."""
    with pytest.raises(ValueError, match='on_fail is \'nothing\'; write "raise" or "report"'):
        check_implementation(Norm(), on_fail="nothing")  # type: ignore[arg-type]  # meant
    for slip, said in [
        ({"profile": "quik"}, "no profile 'quik', did you mean quick"),
        ({"properties": ["nothing"]}, "no property matches 'nothing'"),
        ({"dtypes": ["float64"]}, "does not declare float64; it declares float32"),
        ({"known_failures": {"forward/agrement": ""}}, "did you mean forward/agreement?"),
        ({"known_failures": {"forward/sign[float23]": ""}}, "no dtype 'float23'"),
    ]:
        with pytest.raises(UsageError, match=said):
            check_implementation(Norm(), **slip)  # type: ignore[arg-type]  # of the right types each
