"""Functional cases through layers, and lives with batches and layers of changing size."""

from dataclasses import replace
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration, declaration_of
from bnproof.engine.execution.executor import Executor
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.rerun import cannot_take, judged
from bnproof.engine.model.case import Case
from bnproof.engine.model.names import METHODS
from bnproof.engine.model.script import MOST_LAYERS, Action, size_of_step
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.long_lives import CHANGING, CROWD, lives
from bnproof.engine.portfolio.through_layer import PREFIX, through_layer
from bnproof.reference.layer import BatchNorm, Layer

LAYERED = Declaration(ranks=(2, 4), methods=METHODS, layer_options=("dtype", "rank"))


class Loose(BatchNorm):
    """The functions are right, and layers of 32 bits use another eps."""

    dtypes = ("float32",)

    def layer(self, channels: int, *, momentum: float | None, eps: float, **more: Any) -> Layer:
        """Return a layer."""
        return Layer(self, channels, momentum=momentum, eps=2 * eps, **more)


def _made(declaration: Declaration) -> list[Case]:
    return through_layer(portfolio(declaration, "float32", quick=True), declaration, "float32", ())


def test_each_case_comes_in_one_rank_beside_its_twins() -> None:
    """Catches a relation that is never judged through layers, and twice the time that it takes."""
    made = _made(LAYERED)
    names = {case.name for case in made}

    assert len(made) > 100
    assert {case.x.ndim for case in made} == {2, 4}
    assert all(case.name.startswith(PREFIX) and Tag.THROUGH_LAYER in case.tags for case in made)
    assert all(case.twin is None or case.twin.of in names for case in made)


@pytest.mark.parametrize(
    "changes",
    [
        {"methods": ("train", "infer")},
        {"methods": ("layer",)},
        {"made_of_layers": True},
        {"compiles_per_shape": True},
        {"layer_options": (), "dtypes": ("float64", "float32")},
    ],
    ids=["no layer", "layers only", "made of layers", "compiled", "another dtype"],
)
def test_none_where_layers_are_not_another_way(changes: dict[str, Any]) -> None:
    """Catches cases that run twice, or that compile a program for each call."""
    assert _made(replace(LAYERED, **changes)) == []


def test_a_layer_that_differs_from_its_functions_is_seen() -> None:
    """Catches cases that say that they go through a layer and do not."""
    declaration = declaration_of(Loose())
    case = _made(declaration)[0]

    assert _worst(Loose(), case.with_(tags=frozenset())) <= 1
    assert _worst(Loose(), case) > 1
    assert "layer" in cannot_take(replace(declaration, methods=("train",)), case)


def _worst(implementation: Any, case: Case) -> float:
    declaration = declaration_of(implementation)
    with np.errstate(all="ignore"):
        observation = Executor(implementation, declaration).run(case, lambda _: None)
    return Judge(declaration, case.dtype).judge(case, observation).worst


def test_a_momentum_that_evaluation_does_not_use_is_one_that_layers_take() -> None:
    """Catches a right target that refuses the momentum of 0.5, which it never declared."""

    class Narrow(BatchNorm):
        dtypes = ("float32",)
        accepts: ClassVar[dict[str, tuple[float, float]]] = {"momentum": (0.0, 0.25)}

        def layer(self, channels: int, *, momentum: float | None, **settings: Any) -> Layer:
            assert momentum is None or momentum <= 0.25
            return super().layer(channels, momentum=momentum, **settings)

    case = next(c for c in _made(declaration_of(Narrow())) if c.calls == "full")
    assert _worst(Narrow(), case) <= 1


def _lived(implementation: Any, script: tuple[Action, ...]) -> list[Record]:
    declaration = declaration_of(implementation)
    build = Builder(declaration, "float32")
    x = build.normal(8, 6)
    case = build.case("life", x, calls="layer", tags=frozenset({Tag.LAYER}), script=script)
    with np.errstate(all="ignore"):
        observation = Executor(implementation, declaration).run(case, lambda _: None)
        return judged(Judge(declaration, "float32"), case, observation)


def test_steps_have_the_sizes_the_channels_and_the_layouts_of_their_actions() -> None:
    """Catches a script whose fields nobody reads."""
    script = (
        Action("make", 2, number=4),
        Action("train", 2, size=5, layout="Fortran"),
        Action("infer", 2, size=11),
    )
    _, trained, evaluated = _lived(BatchNorm(), script)

    assert trained.case.x.shape == (5, 4)
    assert trained.case.layouts == {"x": "Fortran"}
    assert evaluated.case.x.shape == (11, 4)  # more than there are: some come again
    assert max(trained.worst, evaluated.worst) <= 1


def test_an_evaluation_is_not_gone_back_through_after_training() -> None:
    """Catches an accusation of PyTorch, whose backward reads the buffers that training moves."""
    before = (Action("infer"), Action("backward"))
    after = (Action("infer"), Action("train"), Action("backward"))

    assert len(_lived(BatchNorm(), before)) == 3
    assert len(_lived(BatchNorm(), after)) == 3  # the life, the evaluation and the training step


def test_the_scripts_use_what_there_is() -> None:
    """Catches a number that no earlier call, state or layer has."""
    for script in (CHANGING, CROWD, *(case.script for case in lives(Builder(LAYERED, "float32")))):
        calls = saved = 0
        layers = 2
        for action in script:
            layers += action.kind == "make"
            assert action.layer < layers <= MOST_LAYERS
            assert action.kind != "backward" or action.number < calls
            assert action.kind != "load" or action.number < saved
            calls += action.kind in ("train", "infer")
            saved += action.kind == "save"


def test_sizes_come_in_every_order() -> None:
    """Catches steps that only grow, and one with a single example, which has no variance."""
    sizes = [size_of_step(number, 12) for number in range(60)]

    assert {*sizes} == {*range(2, 13)}
    assert any(a < b for a, b in pairwise(sizes))
    assert any(a > b for a, b in pairwise(sizes))
