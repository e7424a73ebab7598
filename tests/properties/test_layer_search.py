"""The search for lives of layers: it finds what the fixed script does not, and shrinks it."""

from typing import Any

import numpy as np
import pytest

from bnproof.check.one_implementation import check
from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.executor import Executor
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.rerun import judged
from bnproof.engine.model.case import Case
from bnproof.engine.model.script import BATCHES, SCRIPT, TRAINED
from bnproof.engine.model.verdict import Profile
from bnproof.engine.search.cases import is_violated, search
from bnproof.engine.search.layer_lives import search_lives
from bnproof.engine.search.profiles import LIVES
from bnproof.reference.layer import BatchNorm, Layer


class Tired(Layer):
    """From the third evaluation in a row on, it normalises by the batch."""

    evaluations = 0

    def train(self, x: Any) -> Any:
        """Train; the count begins again."""
        self.evaluations = 0
        return super().train(x)

    def infer(self, x: Any) -> Any:
        """Evaluate."""
        self.evaluations += 1
        if self.evaluations > 2 and x.size // x.shape[1] > 1:
            state = self.state()
            results = super().train(x)
            self.load(state)
            return results
        return super().infer(x)


class Single(BatchNorm):
    """The reference in one dtype."""

    dtypes: tuple[str, ...] = ("float32",)


class TiredBatchNorm(Single):
    """Makes such layers."""

    def layer(self, channels: int, **settings: Any) -> Layer:
        """Return one."""
        return Tired(self, channels, **settings)


def violated(implementation: Any, profile: Profile) -> tuple[list[str], list[Record]]:
    """Ids of the violated properties of layers, and the evidence."""
    session = InProcess(implementation).try_out()
    found = check(session, session.declaration, profile=profile, properties=("layer/*",))
    assert found.cases["float32"] >= found.promised["float32"]
    return [r.property for r in found.results if r.violations], found.evidence["float32"]


@pytest.mark.filterwarnings("ignore")  # a target may divide by 0
def test_search_finds_what_the_script_does_not() -> None:
    """A search that never calls three times in a row, or a verdict that forgets its records."""
    with np.errstate(all="ignore"):
        assert violated(TiredBatchNorm(), "quick")[0] == []
        failed, evidence = violated(TiredBatchNorm(), "standard")

    assert failed == ["layer/evaluation"]
    assert all("evaluates" in record.case.name for record in evidence)
    assert "step 3" in min(record.case.name for record in evidence)  # three evaluations suffice


@pytest.mark.filterwarnings("ignore")  # a target may overflow on the way
def test_right_layers_pass_and_the_search_repeats() -> None:
    """An accusation of the reference's layer, or a search that is not seeded."""
    with np.errstate(all="ignore"):
        assert violated(Single(), "standard")[0] == []


def test_as_many_lives_run_as_are_promised() -> None:
    """A life without an action that is not run: the check then reads as incomplete."""
    declaration = declaration_of(BatchNorm())
    for seed in range(12):
        lives: list[Case] = []

        def note(case: Case, lives: list[Case] = lives) -> list[Record]:
            lives.append(case)
            return []

        search_lives(note, declaration, "float32", examples=15, seed_value=seed)

        assert len(lives) >= 15
        assert all(life.script for life in lives)


class Once(Layer):
    """One evaluation goes wrong, and never again."""

    evaluations = 0

    def infer(self, x: Any) -> Any:
        """Evaluate."""
        y, backward = super().infer(x)
        Once.evaluations += 1
        return (2 * y if Once.evaluations == 20 else y), backward


class OnceBatchNorm(Single):
    """Makes such layers, or errs itself in a few calls of training and never again."""

    def __init__(self, when: int = 0) -> None:
        super().__init__()
        self.when, self.calls = when, 0

    def train(self, x: Any, *given: Any, **settings: Any) -> Any:
        """Train."""
        y, *rest = super().train(x, *given, **settings)
        self.calls += 1
        return (2 * y if 0 < self.when <= self.calls < self.when + 6 else y), *rest

    def layer(self, channels: int, **settings: Any) -> Layer:
        """Return one."""
        return Once(self, channels, **settings)


@pytest.mark.filterwarnings("ignore")  # a target may overflow on the way
def test_a_violation_that_does_not_come_again_is_kept() -> None:
    """A racy implementation that ends the search with an error of the harness, or unnoticed."""
    declaration = declaration_of(Single())
    judge = Judge(declaration, "float32")
    lives, cases = (Executor(OnceBatchNorm(when), declaration) for when in (0, 40))
    settings: dict[str, Any] = {"declaration": declaration, "dtype": "float32", "seed_value": 0}
    with np.errstate(all="ignore"):
        lived = search_lives(
            lambda c: judged(judge, c, lives.run(c, lambda _: None)), examples=30, **settings
        )
        looked = search(
            lambda c: judge.judge(c, cases.run(c, lambda _: None)), examples=60, **settings
        )

    assert sum(map(is_violated, lived)) == 1
    assert sum(map(is_violated, looked)) == 1


def test_script_uses_what_there_is() -> None:
    """A number in the script that no earlier call or saved state has."""
    calls = saved = 0
    for action in SCRIPT:
        assert action.batch in BATCHES
        assert action.kind != "backward" or action.number < calls
        assert action.kind != "load" or action.number < saved
        calls += action.kind in ("train", "infer")
        saved += action.kind == "save"
    assert set(TRAINED) < set(BATCHES)
    assert LIVES["quick"] == 0 < LIVES["standard"] < LIVES["thorough"]


def test_backward_may_refuse_after_another_state_was_taken() -> None:
    """An accusation of layers that tell, as PyTorch's do, that what they need is gone."""

    class Refusing(Layer):
        version = 0

        def load(self, state: dict[str, Any]) -> None:
            super().load(state)
            self.version += 1

        def train(self, x: Any) -> Any:
            y, backward = super().train(x)
            version = self.version

            def guarded(dy: Any) -> Any:
                if version != self.version:
                    raise RuntimeError("modified by an inplace operation")
                return backward(dy)

            return y, guarded

    class RefusingBatchNorm(Single):
        def layer(self, channels: int, **settings: Any) -> Layer:
            return Refusing(self, channels, **settings)

    with np.errstate(all="ignore"):
        assert violated(RefusingBatchNorm(), "quick")[0] == []
