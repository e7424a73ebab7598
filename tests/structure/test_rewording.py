"""No verdict depends on the wording of a text: every message is reworded, and nothing changes.

The wording of all sentences about observations is replaced, and so is what our exceptions say, once
by texts that are all different and once by one text for everything.  The same checks are made
before and after; whatever is not a text has to be the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.few_cases import check_few_cases
from tests.grading.expected import EXERCISES
from tests.structure.rewording import REWORDINGS, reword_everything

from bnproof.check.one_target import check_target, run_check
from bnproof.check.request import Request
from bnproof.engine.model.result import Report
from bnproof.grading.grade import grade
from bnproof.known_failures.edits import Why
from bnproof.known_failures.update import update_known
from bnproof.mutants.catalogue import mutant_of
from bnproof.reference import BatchNorm
from bnproof.replay.script_parts import END
from bnproof.replay.scripts import FAILS, script_of
from bnproof.report.cards import cards
from bnproof.report.judgement import judgement
from bnproof.report.target_report import Whole
from bnproof.report.violations import gather
from bnproof.store.folder import ReplayFolder
from bnproof.targets.text import TargetError

RAISING = """
class BN:
    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        if x.shape[0] % 2:
            raise ValueError("an odd batch")
        return x, running_mean, running_var, None


class Crashing:
    ranks = (2,)

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        if x.shape[0] == 3:  # in few cases: the worker starts again after each
            import os
            os.abort()
        return x, running_mean, running_var, None
"""
WRONG = """
from bnproof.reference import BatchNorm


class BN(BatchNorm):
    dtypes = ("float64",)
    ranks = (2,)
    layer = None

    def train(self, x, *arguments, **settings):
        y, mean, var, backward = super().train(x, *arguments, **settings)
        return y * 2, mean, var, backward
"""


class Crooked:
    """Results of a wrong number, so that the first calls fail."""

    def train(self, x: Any, *_: Any, **__: Any) -> Any:
        """Return one result instead of four."""
        return x


def mutant(name: str) -> Callable[[], Any]:
    """A wrong implementation, made when it is asked for."""
    return lambda: mutant_of(name).shown()


TARGETS: dict[str, Callable[[], Any]] = {
    "right": BatchNorm,
    "wrong numbers": mutant("eps/outside-the-root"),
    "another convention": mutant("running/momentum-swapped"),
    "changes its input": mutant("aliasing/x-centred-in-place"),
    "of another form": mutant("form/shape-flattened"),
    "depends on earlier calls": mutant("running/first-call-copies"),
    "a layer that forgets": mutant("layer-state/load-keeps-references"),
    "cannot be called": Crooked,
}


@cache
def found_as_worded(name: str) -> Any:
    """What is found of one of `TARGETS`, as it is worded."""
    return found(TARGETS[name]())


def found(target: Any) -> Any:
    """All of a check that is not a text."""
    reports = run_check(target, profile="quick", dtypes=("float32",))
    whole = Whole(tuple(reports))
    failures = gather(whole.placed)
    return {
        "exit status": [report.exit_status for report in reports],
        "standing": judgement(reports).standing,
        "results": [facts(report) for report in reports],
        "advised": whole.advised,
        "differs in": [report.differs_in for report in reports],
        "failures": [(failure.name, failure.places, failure.properties) for failure in failures],
        "cards": [
            ([cause.id for cause in card.causes], [root.name for root in card.roots])
            for card in cards(whole.placed, failures)
        ],
    }


def facts(report: Report) -> Any:
    """Verdicts and violations without their texts."""
    return [
        (
            result.property,
            result.verdict,
            result.examples,
            result.worst_ratio,
            [(v.case_name, v.output, v.kind, v.event, v.ratio) for v in result.violations],
            [cause.id for cause in result.causes],
            bool(result.reason),
        )
        for result in report.results
    ]


@pytest.mark.parametrize("rewording", REWORDINGS)
@pytest.mark.parametrize("name", TARGETS)
def test_no_verdict_depends_on_a_wording(name: str, rewording: str) -> None:
    """Catches code that looks for words in a text that other code wrote, or compares such texts."""
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = found_as_worded(name)
        reword_everything(patch, rewording)
        assert found(TARGETS[name]()) == before


@pytest.mark.parametrize("rewording", REWORDINGS)
@pytest.mark.parametrize("name", ["BN", "Crashing"])
def test_target_in_a_file(name: str, rewording: str, raising: Path) -> None:
    """Catches the same for a target that runs in a worker, whose own exceptions come back."""
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = found_in_file(raising, name)
        reword_everything(patch, rewording)
        assert found(f"{raising}:{name}") == before


@cache
def found_in_file(file: Path, name: str) -> Any:
    """What is found of a target in a file, as it is worded."""
    return found(f"{file}:{name}")


@pytest.fixture(scope="module")
def raising(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of targets whose cases end early."""
    file = tmp_path_factory.mktemp("raising") / "raising.py"
    file.write_text(RAISING, encoding="utf-8")
    return file


@pytest.mark.parametrize("rewording", REWORDINGS)
def test_grading(rewording: str) -> None:
    """Catches a grade that rests on a text."""
    file = str(EXERCISES / "wrong_paths.py")
    with pytest.MonkeyPatch.context() as patch:
        before = graded(file)
        reword_everything(patch, rewording)
        assert graded(file) == before


@dataclass(frozen=True)
class Known:
    """A file of known failures, and the verdicts with it on some wrong targets."""

    file: Path
    targets: tuple[Any, ...]
    verdicts: list[Any]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    """Known failures that are written, and judged, before anything is reworded."""
    folder = tmp_path_factory.mktemp("known")
    source, file = folder / "bn.py", folder / "known.toml"
    source.write_text(WRONG, encoding="utf-8")
    name, why = f"{source}:BN", Why("waits", "http://x/1", date(2999, 1, 31))
    targets = name, mutant("eps/outside-the-root")()
    asked = Request("quick", 0, ("float64",), ("forward/agreement",))
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        update_known(file, name, check_target(name, asked), why)
        return Known(file, targets, [known_verdicts(target, file) for target in targets])


@pytest.mark.parametrize("rewording", REWORDINGS)
def test_known_failure(rewording: str, known: Known) -> None:
    """Catches a known failure that is known, or stale, by what is said of it."""
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        reword_everything(patch, rewording)
        assert [known_verdicts(target, known.file) for target in known.targets] == known.verdicts


@pytest.mark.parametrize("rewording", REWORDINGS)
def test_script(rewording: str, tmp_path: Path) -> None:
    """Catches a script whose trial is judged by what the script prints."""
    file = tmp_path / "bn.py"
    file.write_text(WRONG, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        (report,) = run_check(
            f"{file}:BN", profile="quick", dtypes=("float64",), properties=("forward/agreement",)
        )
        saved = ReplayFolder().load(report.results[0].replay)
        assert script_of(saved).ends == FAILS
        reword_everything(patch, rewording)
        patch.setattr("bnproof.replay.source.END", END.replace("it fails", "x"))
        assert script_of(saved).ends == FAILS


@pytest.mark.parametrize("rewording", REWORDINGS)
def test_texts_are_reworded(rewording: str, tmp_path: Path) -> None:
    """Catches a test that replaces nothing, and so cannot fail, here or in a worker."""
    file = tmp_path / "raising.py"
    file.write_text(RAISING, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = details(mutant_of("eps/outside-the-root").shown())
        refused = refusal(f"{file}:nothing")
        reword_everything(patch, rewording)
        after = details(mutant_of("eps/outside-the-root").shown())
        assert refusal(f"{file}:nothing") == REWORDINGS[rewording](refused) != refused

    assert len(before) == len(after) > 0
    assert not {*before} & {*after}


def details(target: Any) -> list[str]:
    """The details of all violations."""
    (report,) = run_check(target, profile="quick", dtypes=("float32",))
    return [v.detail for result in report.results for v in result.violations]


def refusal(target: str) -> str:
    """Why a worker says that a target cannot be used, before this process rewords it."""
    with pytest.raises(TargetError) as caught:
        run_check(target, profile="quick", dtypes=("float32",))
    return str(caught.value.args[0])


def graded(file: str) -> Any:
    """All of a grade that is not a text."""
    made = grade(file)
    return made.exit_status, [
        (part.part.id, part.verdict, [cause.id for cause in part.causes], part.elements)
        for part in made.parts
    ]


def known_verdicts(target: Any, known: Path) -> Any:
    """The verdicts with known failures."""
    (report,) = run_check(
        target,
        profile="quick",
        dtypes=("float64",),
        properties=("forward/agreement",),
        known_failures=known,
    )
    return report.exit_status, facts(report)
