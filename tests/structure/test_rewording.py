"""No verdict depends on the wording of a text: every message is reworded, and nothing changes.

The wording of all sentences about observations is replaced, and so is what our exceptions say.  The
same checks are made before and after; whatever is not a text has to be the same.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest
from tests.few_cases import check_few_cases

from bnproof.check.one_target import run_check
from bnproof.engine import wording
from bnproof.engine.contract.declaration import ContractError
from bnproof.engine.model.result import Report
from bnproof.mutants.catalogue import mutant_of
from bnproof.recognition.errors import NotRecognised
from bnproof.recognition.user_calls import UsersError
from bnproof.reference import BatchNorm
from bnproof.report.cards import cards
from bnproof.report.judgement import judgement
from bnproof.report.target_report import Whole
from bnproof.report.violations import gather
from bnproof.targets.declarations import DeclarationError
from bnproof.targets.text import TargetError

ERRORS = (ContractError, TargetError, DeclarationError, NotRecognised, UsersError)
RAISING = """
class BN:
    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps):
        if x.shape[0] % 2:
            raise ValueError("an odd batch")
        return x, running_mean, running_var, None
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


def reworded(text: str) -> str:
    """Another text of the same length."""
    return text[::-1]


def all_modules() -> list[ModuleType]:
    """The modules that make sentences."""
    names = [each.name for each in pkgutil.iter_modules(wording.__path__, f"{wording.__name__}.")]
    return [importlib.import_module(name) for name in names]


def reword_everything(patch: pytest.MonkeyPatch) -> None:
    """Replace what sentences and exceptions say, wherever they are imported."""
    makers = {
        made: _reversed(made)
        for module in all_modules()
        for made in vars(module).values()
        if isinstance(made, FunctionType) and made.__module__ == module.__name__
    }
    ours = [module for name, module in [*sys.modules.items()] if name.startswith("bnproof.")]
    for module in ours:
        for name, value in [*vars(module).items()]:
            if isinstance(value, FunctionType) and value in makers:
                patch.setattr(module, name, makers[value])
    for error in ERRORS:
        patch.setattr(error, "__str__", lambda self: reworded(" ".join(map(str, self.args))))


def _reversed(made: FunctionType) -> Callable[..., Any]:
    @wraps(made)
    def other(*arguments: Any, **settings: Any) -> Any:
        text = made(*arguments, **settings)
        return reworded(text) if isinstance(text, str) else text

    return other


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


@pytest.mark.parametrize("name", TARGETS)
def test_no_verdict_depends_on_a_wording(name: str) -> None:
    """Catches code that looks for words in a text that other code wrote."""
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = found(TARGETS[name]())
        reword_everything(patch)
        assert found(TARGETS[name]()) == before


def test_target_in_a_file(tmp_path: Path) -> None:
    """Catches the same for a target that runs in a worker, whose own exceptions come back."""
    file = tmp_path / "raising.py"
    file.write_text(RAISING, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = found(f"{file}:BN")
        reword_everything(patch)
        assert found(f"{file}:BN") == before


def test_texts_are_reworded() -> None:
    """Catches a test that replaces nothing, and so cannot fail."""
    with pytest.MonkeyPatch.context() as patch:
        check_few_cases(patch)
        before = details(mutant_of("eps/outside-the-root").shown())
        reword_everything(patch)
        after = details(mutant_of("eps/outside-the-root").shown())

    assert len(before) == len(after) > 0
    assert not {*before} & {*after}


def details(target: Any) -> list[str]:
    """The details of all violations."""
    (report,) = run_check(target, profile="quick", dtypes=("float32",))
    return [v.detail for result in report.results for v in result.violations]
