"""Outputs that cases have in common are judged once, and no others are taken for them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio.builder import Builder
from bnproof.reference import BatchNorm


def pair() -> tuple[Judge, list[tuple[Case, Observation]]]:
    """A judge, and what came back of the same data in two layouts."""
    session = InProcess(BatchNorm()).try_out()
    judge = Judge(session.declaration, "float32")
    build = Builder(session.declaration, "float32")
    flat = build.case("data", build.normal(8, 4), calls="short")
    cases = [flat, flat.with_(name="again", layouts={"x": "stepped"})]
    judge.foresee(cases, double=True)
    return judge, [(case, session.run(case)) for case in cases]


def with_result(seen: Observation, name: Any, value: Array) -> Observation:
    """The observation with another result of training."""
    results: Any = {call: dict(outputs) for call, outputs in seen.results.items()}
    results["train"][name] = value
    return replace(seen, results=results)


def test_the_same_bits_are_judged_once() -> None:
    """Catches a key that no two cases share, so that nothing is saved."""
    judge, ran = pair()
    one, two = (judge.judge(*each) for each in ran)

    assert two.of("train", "dbeta") is one.of("train", "dbeta")
    assert two.worst <= 1


def test_another_output_with_these_bits_is_wrong() -> None:
    """Catches a key without the output: dbeta for dgamma is a mistake that people make."""
    judge, [(case, right), _] = pair()
    assert judge.judge(case, right).worst <= 1
    swapped = with_result(right, "dgamma", right.results["train"]["dbeta"])

    assert judge.judge(case, swapped).worst > 1


def test_these_bytes_in_another_order_are_wrong() -> None:
    """Catches a key without the byte order: the same bytes are other numbers then."""
    judge, [(case, right), (other, again)] = pair()
    assert judge.judge(case, right).worst <= 1
    y = again.results["train"]["y"]
    foreign = with_result(again, "y", y.view(y.dtype.newbyteorder()))

    assert judge.judge(other, foreign).worst > 1


@pytest.mark.parametrize("changed", [{"eps": 0.25}, {"gamma": np.ones(4, np.float32)}])
def test_the_same_bits_of_other_inputs_are_wrong(changed: Any) -> None:
    """Catches a key without the data and settings."""
    judge, [(case, right), _] = pair()
    assert judge.judge(case, right).worst <= 1

    assert judge.judge(case.with_(**changed), right).worst > 1


def test_what_comes_alone_is_not_kept() -> None:
    """Catches memory that grows with a search: its cases have nothing in common."""
    judge, ran = pair()
    judge.forget()
    one, two = (judge.judge(*each) for each in ran)

    assert two.of("train", "dbeta") is not one.of("train", "dbeta")
    assert two.worst <= 1
