"""What reports plot is what was measured: worst ratios by class, and digits by offset."""

from collections.abc import Mapping

import numpy as np
import pytest

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.executor import Executor
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.measures import by_output, offset_curves
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import MODE_OF
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.result import OffsetCurve
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import CHAPTERS, layer_data, offsets, portfolio
from bnproof.engine.portfolio.builder import Builder
from bnproof.mutants.catalogue import mutant_of
from bnproof.reference import BatchNorm


def records_of(
    implementation: object, dtype: str, tag: Tag | None = None
) -> tuple[Judge, list[Record]]:
    """Records of a part of the portfolio."""
    session = InProcess(implementation).try_out()
    judge = Judge(session.declaration, dtype)
    cases = [
        case
        for number, case in enumerate(portfolio(session.declaration, dtype, quick=True))
        if (tag in case.tags if tag else number % 10 == 0)
    ]
    return judge, [judge.judge(*each) for each in session.run_many(cases)]


def curves(implementation: object, dtype: str) -> Mapping[str, OffsetCurve]:
    """By output."""
    judge, records = records_of(implementation, dtype, Tag.OFFSETS)
    return {curve.output: curve for curve in offset_curves(records, judge.classes)}


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_worst_ratios_are_the_largest(dtype: str) -> None:
    """Catches a shortcut that misses the largest error/bound of a class."""
    judge, records = records_of(BatchNorm(), dtype)
    due: dict[tuple[str, str], float] = {}
    for record in records:
        for call, judged in record.all_judged():
            output = f"{judged.output} ({MODE_OF[call]})"
            for name, arithmetic in judge.classes.items():
                ratio = record.under(arithmetic, call, judged).worst
                due[output, name] = max(due.get((output, name), 0.0), ratio)
    made = by_output(records, judge.classes)

    assert any(output == "double dx (infer)" for output, _ in due)
    assert {(m.output, name): r for m in made for name, r in m.ratios.items()} == due
    assert all(m.case for m in made if m.ratios[judge.declared.name] > 0)


def test_every_call_is_held_against_its_own_truth() -> None:
    """Catches a class that is tried with the bounds of training on what inference gave."""

    class Lenient(BatchNorm):
        accuracy = "one-pass"

    judge, records = records_of(Lenient(), "float64")
    stronger = judge.classes["two-pass"]
    judged = [(r, call, one) for r in records for call, one in r.all_judged()]

    assert {"train", "infer", "double", "double-infer"} <= {call for _, call, _ in judged}
    for record, call, one in judged:
        bound = record.under(stronger, call, one).bound
        assert (bound <= one.bound * (1 + 1e-12)).all(), call  # as the ladder is nested


def test_breakdown_tells_algorithms_apart() -> None:
    """Catches a curve in which losing one power of |mean|/std looks like losing two."""
    two_pass = curves(BatchNorm(), "float32")["y"]
    one_pass = curves(mutant_of("variance/one-pass").make(), "float32")["y"]

    assert two_pass.breakdown is None
    assert one_pass.breakdown is not None
    assert 2.0**8 < one_pass.breakdown < 2.0**15  # u kappa^2 = 1 at 2^12


@pytest.mark.parametrize("dtype", list(FORMATS))
def test_more_is_kept_than_guaranteed(dtype: str) -> None:
    """Catches digits of an error and of its bound that are measured in different ways."""
    for curve in curves(BatchNorm(), dtype).values():
        positions = [point.offset for point in curve.points]
        assert positions == sorted(positions)
        assert len(positions) > 5
        for point in curve.points:
            guaranteed = list(point.bounds.values())
            assert point.digits >= point.bounds["two-pass"] - 1e-6
            assert guaranteed == sorted(guaranteed, reverse=True)
            assert 0 <= point.digits <= curve.most


def test_digits_are_those_of_the_error() -> None:
    """Catches a logarithm of the wrong thing: y that is off by 1/1000 keeps three digits."""

    class Off(BatchNorm):
        def train(self, *arguments, **settings):  # type: ignore[no-untyped-def]  # the contract's
            y, *others = super().train(*arguments, **settings)
            return (y * np.float64(0.999), *others)

    for point in curves(Off(), "float64")["y"].points[:6]:
        assert point.digits == pytest.approx(3.0, abs=1e-3)  # what float64 adds is far below


def test_few_channels_make_more_cases() -> None:
    """Catches a curve of one point where a module has one channel."""
    for channels, number in ((1, 11), (4, 3), (64, 1)):
        declaration = Declaration(fixed={"channels": channels}, ranks=(2,))
        made = list(offsets.cases(Builder(declaration, "float32")))
        executor = Executor(BatchNorm(), declaration)
        judge = Judge(declaration, "float32")
        records = [judge.judge(case, executor.run(case, lambda _: None)) for case in made]

        assert len(made) == number
        assert all(case.channels == channels for case in made)
        assert len(offset_curves(records, judge.classes)[0].points) == 11


def test_data_of_other_cases_is_left_alone() -> None:
    """Catches offsets that draw before others do: every counterexample would be another one."""
    build = Builder(Declaration(ranks=(2,)), "float32")
    end = CHAPTERS.index(offsets) + 1  # chapters that are newer follow
    made = [case for chapter in CHAPTERS[:end] for case in chapter.cases(build)]

    assert [Tag.OFFSETS in case.tags for case in made[-2:]] == [False, True]
    assert CHAPTERS[end - 2] is layer_data
