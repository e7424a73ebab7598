"""Saved failures as a check could have made them."""

from datetime import date
from pathlib import Path
from typing import Unpack

import numpy as np
import pytest

from bnproof.engine.judging.counterexample import Counterexample, Failing
from bnproof.engine.model.case import Case, Changes, Twin
from bnproof.engine.model.script import Action
from bnproof.engine.model.tag import Tag
from bnproof.known_failures.edits import Why, update
from bnproof.store.replay_file import Replay


def case(**changes: Unpack[Changes]) -> Case:
    """A case with one of everything."""
    x = np.arange(6.0).reshape(3, 2)
    made = Case(
        name="a case, with a comma",
        x=x,
        dy=-x,
        gamma=np.array([1.5, -0.0]),
        beta=None,
        running_mean=np.array([0.1, np.inf]),
        running_var=np.array([1.0, 2.0]),
        eps=0.1,
        momentum=None,
        batches_seen=3,
        layouts={"x": "reversed", "gamma": "stepped"},
        tags=frozenset({Tag.LAYER, Tag.SEARCHED}),
        steps=(x * 2, x[:2]),
        twin=Twin("base", "sign", {"order": np.array([2, 0, 1]), "power": -2, "with": "b"}),
        data_key="key",
        script=(Action("train"), Action("save"), Action("backward"), Action("load", 1)),
    )
    return made.with_(**changes)


@pytest.fixture
def replay() -> Replay:
    """A saved failure."""
    related = case(name="base", twin=None, layouts={})
    return Replay(
        target="bn.py:BN",
        folder="/home/somebody",
        variant="BN",
        property="backward/agreement",
        dtype="float64",
        output="dx",
        detail="dx: error is 9 times the bound",
        profile="quick",
        seed=5,
        counterexample=Counterexample("a case, with a comma", case(), (related,)),
    )


@pytest.fixture
def known_text(replay: Replay, tmp_path: Path) -> str:
    """A file of one known failure."""
    found = replay.counterexample
    failing = Failing(replay.property, replay.dtype, "dx", "fail", found, (found.name, "b"))
    path = tmp_path / "written.toml"
    update(path, "bn.py:BN", [("", failing)], [], Why("a reason", "http://x/1", date(2999, 1, 31)))
    return path.read_text(encoding="utf-8")
