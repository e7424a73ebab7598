"""A check under declarations from outside: origins, verdicts, advice, and what is run again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.few_cases import check_few_cases
from tests.targets import norms

from bnproof.check.one_target import UsageError, run_check
from bnproof.cli.main import run
from bnproof.engine.model.result import Report
from bnproof.engine.portfolio import portfolio
from bnproof.replay.current_target import run_again
from bnproof.replay.scripts import script_of
from bnproof.store.folder import ReplayFolder
from bnproof.store.replay_file import dumps, loads

FILE = Path(norms.__file__)
BOTH = {"momentum_weighs": "old", "running_variance": "biased"}
FLAGS = "--declare momentum_weighs=old --declare running_variance=biased"
Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def few_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cases of each rank show every convention."""
    check_few_cases(monkeypatch)


def checked(implementation: object, **asked: object) -> Report:
    """The report on an implementation that is checked in this process."""
    (report,) = run_check(implementation, profile="quick", **asked)  # type: ignore[arg-type]  # as given
    return report


def failed(report: Report) -> set[str]:
    """The properties that are violated."""
    return {result.property for result in report.results if result.verdict == "fail"}


def test_undeclared_conventions_are_advised() -> None:
    """Catches a difference of convention that is reported as a mistake, without the flags."""
    report = checked(norms.Undeclared())

    assert report.exit_status == 1
    count = len(failed(report))
    assert report.advice == (f"all {count} failures are a difference of convention: add {FLAGS}",)
    assert all(r.advised and not r.causes for r in report.results if r.verdict == "fail")


def test_declared_conventions_conform() -> None:
    """Catches a flag without effect; the policies that nothing declares are found."""
    report = checked(norms.Undeclared(), declare=BOTH)

    assert report.conforms
    assert report.origins["momentum_weighs"] == "declared with --declare"
    assert report.origins["single_value"] == "identified by probing"
    assert report.origins["ranks"] == "default"
    assert report.conventions["single_value"] == "beta"
    assert "an empty batch makes the running statistics NaN" in report.notes


def test_identified_conventions_conform() -> None:
    """Catches an identification that is not used, or is not told."""
    report = checked(norms.Undeclared(), identify=True)

    assert report.conforms
    assert report.origins["momentum_weighs"] == "identified by probing"
    assert report.conventions["running_variance"] == "biased"
    assert "momentum_weighs old" in report.recognised[-1]


def test_identification_does_not_excuse_a_mistake() -> None:
    """Catches eps outside of the root that is adopted as if it were a convention."""
    report = checked(norms.EpsOutside(), identify=True)

    assert "inference/agreement" in failed(report)
    assert not any(name.startswith(("running", "forward/agr")) for name in failed(report))
    assert report.advice == ()


def test_contradiction_is_told_and_the_declaration_wins() -> None:
    """Catches a declaration that --identify silently replaces."""
    report = checked(norms.Declared(), declare={"momentum_weighs": "new"}, identify=True)

    assert report.conventions["momentum_weighs"] == "new"
    assert (
        "momentum weighs: declared the new value, but probing found the old value" in report.notes
    )
    assert report.exit_status == 1


def test_what_remains_beside_a_convention_is_said() -> None:
    """Catches advice that hides a mistake, and a cause sought in the wrong convention."""
    report = checked(norms.WrongGradient())

    (line,) = report.advice
    assert f"a difference of convention: add {FLAGS}; what remains: " in line
    assert "backward/agreement" in line.partition("what remains")[2]
    assert "running/one-step" not in line.partition("what remains")[2]
    by_id = {result.property: result for result in report.results}
    assert by_id["running/one-step"].advised
    assert not by_id["backward/agreement"].advised
    assert [cause.id for cause in by_id["backward/agreement"].causes] != []
    assert by_id["running/one-step"].causes == ()


def test_convention_that_differs_by_rank_is_no_convention() -> None:
    """Catches advice that makes a mistake look like a convention in some ranks."""

    class ByRank(norms.Undeclared):
        running_variance = "biased"

        def averaged(self, old: Any, new: Any, momentum: float) -> Any:
            return super().averaged(old, new, momentum if self.rank == 2 else 1 - momentum)

        def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
            self.rank = x.ndim
            return super().train(x, *arguments, **settings)

    report = checked(ByRank())
    assert "running/one-step" in failed(report)
    assert report.advice == ()


def test_variance_by_rank_is_advised() -> None:
    """Catches an estimator that depends on the rank, which the contract can declare."""

    class ByRank(norms.Declared):
        def of(self, spread: Any, x: Any) -> Any:
            count = x.size // x.shape[1]
            return spread if x.ndim == 2 or count < 2 else spread * (count / (count - 1))

    (line,) = checked(ByRank()).advice
    assert line.endswith("add --declare running_variance=2:biased,4:unbiased")


def test_evaluation_that_raises_can_be_left_out() -> None:
    """Catches a target without evaluation that cannot be used, or not be told how."""

    class Raises(norms.Declared):
        def infer(self, *arguments: object, **settings: object) -> object:
            raise NotImplementedError

    report = checked(Raises())
    assert report.exit_status == 2
    assert report.error.endswith("if the target has no evaluation, add --without evaluation")
    assert checked(Raises(), without=["evaluation"]).conforms


def test_weaker_class_is_advised(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches a one-pass variance that is reported as a mistake."""
    monkeypatch.setattr("bnproof.check.one_implementation.portfolio", portfolio)  # a large mean
    report = checked(norms.OnePass(), dtypes=("float32",))

    assert failed(report)
    assert report.advice[0].endswith(
        "a difference of accuracy class: add --declare accuracy=one-pass"
    )
    assert checked(norms.OnePass(), dtypes=("float32",), declare=["accuracy=one-pass"]).conforms


def test_unidentified_state_is_incomplete() -> None:
    """Catches a target that conforms although something of it was not identified."""
    report = checked(norms.HalfRecognised())

    assert report.exit_status == 4
    assert not report.conforms
    assert "add --without other-state" in report.incomplete[0]
    stated = checked(norms.HalfRecognised(), without=["other-state"])
    assert (stated.exit_status, stated.incomplete) == (0, ())
    assert "not tested: other-state, as --without other-state says" in stated.notes


def test_evaluation_that_never_returns_is_incomplete() -> None:
    """Catches a target that conforms although no evaluation was seen."""

    class NoY(norms.Declared):
        def infer(self, *arguments: object, **settings: object) -> object:  # noqa: ARG002  # not used
            return None, arguments[3], arguments[4], None

    report = checked(NoY())
    assert report.exit_status == 4
    assert "evaluation was not tested" in report.incomplete[0]
    assert report.incomplete[0].endswith("add --without evaluation")
    assert checked(NoY(), without=["evaluation"]).conforms


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"declare": ["momentum_weighs=odl"]}, "--declare momentum_weighs: expected"),
        ({"without": ["statistics"]}, "--without: expected one of"),
    ],
)
def test_wrong_usage(asked: dict[str, list[str]], said: str) -> None:
    """Catches a slip that is a traceback, or is ignored."""
    with pytest.raises(UsageError, match=said):
        checked(norms.Declared(), **asked)


def test_failure_is_run_again_as_it_was_declared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a replay that says "fixed" since it forgot what was declared."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BNPROOF_CACHE", str(tmp_path / "cache"))
    declare = ["running_variance=unbiased", "momentum_weighs=old"]  # it is biased
    only = ("running/bias-convention",)
    (report,) = run_check(f"{FILE}:Undeclared", profile="quick", properties=only, declare=declare)
    (result,) = report.results
    saved = ReplayFolder().load(result.replay)

    assert saved.outside.declared["running_variance"] == "unbiased"
    assert saved.outside.declared["single_value"] == "beta"  # found by probing
    assert loads(dumps(saved), "it").outside == saved.outside
    assert run_again(saved).fails
    assert "declared  momentum_weighs=old" in script_of(saved).text
    assert run(["replay", result.replay]) == 1
    assert "declared unbiased, is biased" in capsys.readouterr().out


def test_worker_that_starts_again_knows_what_was_adopted(write: Write) -> None:
    """Catches a new worker that goes on with the target's own declarations."""
    text = FILE.read_text(encoding="utf-8")
    text += """

class Crashes(Undeclared):
    def infer(self, x, *arguments, **settings):
        if len(x) == 1 and x.ndim == 2:
            import os
            os._exit(3)
        return super().infer(x, *arguments, **settings)
"""
    path = write("crashes.py", text)
    only = ("running/one-step",)
    (report,) = run_check(f"{path}:Crashes", profile="quick", properties=only, identify=True)

    (result,) = report.results
    assert any("the worker was restarted" in note for note in report.notes)
    assert {violation.kind for violation in result.violations} == {"crashed"}
