"""Integer data: right algorithms of every family are explained, wrong counts and tails are not."""

from dataclasses import replace

import numpy as np
import pytest

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.depths import sums_by_count
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.result import SumsAt
from bnproof.engine.model.summation import Summation
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import many_values, settings
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.portfolio.integer_data import integer_data
from bnproof.mutants.call import Call
from bnproof.mutants.catalogue import mutant_of
from bnproof.mutants.controls import many_values as controls
from bnproof.mutants.controls.control import Control
from bnproof.mutants.decorators import registered
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

RIGHT = registered(controls, Control)
WRONG = (
    "many-values/count-short-by-a-block",
    "many-values/tail-of-statistics",
    "many-values/sums-in-bfloat16",
    "many-values/padding-in-the-squares",
)
BATCHES = {"few": (4099,), "planes": (3, 36, 38)}


def records(
    implementation: object, batch: tuple[int, ...], accuracy: AccuracyClass | None = None
) -> list[Record]:
    """The records of integer data and patterns of one size."""
    session = InProcess(implementation).try_out()
    declaration = session.declaration
    if accuracy:
        declaration = replace(declaration, accuracy=accuracy)
    judge, build = Judge(declaration, "float32"), Builder(declaration, "float32", seed=5)
    cases = many_values._both(build, batch)
    return [judge.judge(case, session.run(case)) for case in cases]


@pytest.mark.parametrize("batch", list(BATCHES))
@pytest.mark.parametrize("control", RIGHT, ids=lambda c: c.id)
def test_right_algorithms_are_explained(control: Control, batch: str) -> None:
    """Catches a family that is left out: a right algorithm would be reported."""
    assert all(record.worst <= 1 for record in records(control.make(), BATCHES[batch]))


@pytest.mark.parametrize("accuracy", ["two-pass", "streaming", "one-pass"])
@pytest.mark.parametrize("id_", WRONG)
def test_mistakes_are_seen_in_every_class(id_: str, accuracy: AccuracyClass) -> None:
    """Catches bounds that hide a mistake as soon as a weaker class is declared."""
    assert any(r.worst > 1 for r in records(mutant_of(id_).make(), (4099,), accuracy))


def test_a_block_that_is_not_counted_is_seen_among_100000_values() -> None:
    """Catches a bound that grows with N on every channel: the count is off by 0.3 %."""
    wrong = records(mutant_of("many-values/count-short-by-a-block").make(), (100401,))
    right = records(Parts(), (100401,))

    assert next(iter(wrong)).worst > 1
    assert right[0].arithmetic.summation is Summation.EXACT
    assert right[0].worst <= 1


@pytest.mark.parametrize("count", [1001, 4099, 33001, 100401, 1048577])
def test_integer_data_is_what_the_theorems_ask_for(count: int) -> None:
    """Catches data whose sums are not exact: E would be a guess."""
    data = integer_data(count, np.random.default_rng(count))

    assert data.x[:, :2].sum(axis=0).tolist() == [0, 0]
    assert (data.x[:, :2] ** 2).sum(axis=0).tolist() == [2 * count] * 2
    quanta = np.abs(data.x / 2.0**-6).max(axis=0)
    assert (quanta == np.rint(quanta)).all()
    for a in (data.x, data.dy):
        assert np.array_equal(a.astype(np.float16).astype(float), a)
    assert not data.x[: count // 8, 3:6].any()


def test_sums_are_told_by_count() -> None:
    """Catches an algorithm that changes at a size, and no finding says so."""

    class Switching(Parts):
        def pool(self, call: Call, rows: Array) -> Array:
            if rows.shape[1] < 10000:
                return super().pool(call, rows)
            kind = rows.dtype.type
            return np.asarray(np.add.accumulate(rows * kind(1 / rows.shape[1]), axis=1)[:, -1:])

    few, many = sums_by_count([*records(Switching(), (4099,)), *records(Switching(), (33001,))])

    assert few.summation is Summation.EXACT
    assert many.summation is Summation.ANY_ORDER
    assert many.switches(few)
    assert many.depth > 5000
    assert not SumsAt(33001, Summation.EXACT, share=0.1).grows(few)


class _Refusing(Parts):
    """Raises where eps is 0, as some libraries do."""

    def begin(self, call: Call) -> None:
        if call.eps == 0:
            message = "eps must be positive"
            raise ValueError(message)
        super().begin(call)


def test_eps_of_zero_may_be_refused_unless_it_is_declared() -> None:
    """Catches an exception that is reported although nothing promised to take 0."""
    for accepts, refused in (({}, False), ({"eps": (0.0, 1.0)}, True)):
        implementation = _Refusing()
        implementation.accepts = accepts  # type: ignore[attr-defined]  # as an instance declares it
        session = InProcess(implementation).try_out()
        cases = settings.cases(Builder(session.declaration, "float32"))
        (zero,) = (case for case in cases if case.name.startswith("eps 0, "))
        seen = session.run(zero)
        assert (Tag.REFUSABLE in zero.tags) is not refused
        assert any(event.kind is EventKind.RAISED for event in seen.events) is refused
