"""Double backward as the suite calls and judges it: what is offered, what goes wrong, and when."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import evaluate
from bnproof.engine.model.result import Result
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio
from bnproof.engine.portfolio.double_arguments import EVERY
from bnproof.mutants.call import Call
from bnproof.mutants.doubled import Doubled
from bnproof.mutants.parts import Parts
from bnproof.properties.catalogue import PROPERTIES, chosen

LOOKED_AT = 3
Results = tuple[Any, ...]
Change = Callable[[Results, dict[str, Any]], Any]


class Changed(Doubled):
    """A right implementation whose double backward is changed on the way out."""

    dtypes = ("float32",)

    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change
        self.deterministic = True
        self.calls = 0

    def double(self, call: Call, *given: Any) -> Any:
        """What the change makes of the right results."""
        self.calls += 1
        names = ("dy", "ddx", "ddgamma", "ddbeta", "calls")
        arguments = dict(zip(names, (*given, self.calls), strict=True))
        return self.change(super().double(call, *given), arguments)


def records(implementation: Any, properties: tuple[Property, ...]) -> dict[str, Result]:
    """The results of some properties on a few cases that have ddx, with all calls made."""
    session = InProcess(implementation).try_out()
    judge = Judge(session.declaration, "float32")
    cases = [c for c in portfolio(session.declaration, "float32") if c.ddx is not None]
    cases = [c.with_(calls="full") for c in cases if c.data_key and Tag.LAYOUT not in c.tags]
    judged: list[Record] = []
    with np.errstate(all="ignore"):
        for case, observation in session.run_many(cases[:LOOKED_AT]):
            judged.append(judge.judge(case, observation))
    every = Records(session.declaration, tuple(judged))
    return {p.id: evaluate(p, every, "float32") for p in properties}


def result(implementation: Any) -> Result:
    """The result of double backward alone."""
    (property_,) = chosen(("backward/double-backward",))
    return records(implementation, (property_,))[property_.id]


def test_right_ones_pass() -> None:
    """Otherwise all tests below fail for the wrong reason."""
    found = result(Changed(lambda results, _: results))

    assert (found.verdict, found.examples, found.not_judged) == ("pass", LOOKED_AT, 0)
    assert 0 < found.worst_ratio < 1


def raises(_: Results, __: dict[str, Any]) -> Any:
    """An exception."""
    message = "not differentiable"
    raise RuntimeError(message)


def moves_ddx(results: Results, given: dict[str, Any]) -> Any:
    """An argument overwritten."""
    given["ddx"] *= 2
    return results


def off_later(results: Results, given: dict[str, Any]) -> Any:
    """Wrong in the second of three calls of a case, which is the one after other calls."""
    return [r * np.float32(1 + (given["calls"] % 3 == 2)) for r in results]


def other_bits(results: Results, given: dict[str, Any]) -> Any:
    """Right, in other bits each time."""
    return [np.nextafter(r, np.float32(given["calls"] % 2)) for r in results]


WRONG: dict[str, tuple[Change, str]] = {
    "raises": (raises, "double backward raised RuntimeError: not differentiable"),
    "overwrites ddx": (moves_ddx, "ddx was modified"),
    "another dtype": (
        lambda r, _: (r[0].astype(np.float64), *r[1:]),
        "ddy of double: dtype float64, due float32",
    ),
    "two results": (lambda r, _: r[:2], "double backward: 2 results, due (ddy, dx, dgamma)"),
    "another shape": (
        lambda r, _: (r[0], r[1].ravel(), r[2]),
        "double dx of double: shape",
    ),
    "off when called again": (off_later, "times the bound"),
    "other bits when called again": (other_bits, "the same call gave other bits"),
    "NaN": (lambda r, _: (*r[:2], r[2] * np.float32(np.nan)), "not finite"),
}


@pytest.mark.filterwarnings("ignore")  # what overflows on the way is not the point
@pytest.mark.parametrize("what", list(WRONG))
def test_what_goes_wrong_is_told_by_no_other_property(what: str) -> None:
    """A mistake that is not seen, or one that others are accused of."""
    change, said = WRONG[what]
    implementation = Changed(change)
    implementation.deterministic = change is not off_later  # to see that without the bits
    found = records(implementation, PROPERTIES)
    failed = {id_ for id_, each in found.items() if each.verdict == "fail"}

    assert failed == {"backward/double-backward"}
    details = [v.detail for v in found["backward/double-backward"].violations]
    assert any(said in detail for detail in details), details


def test_what_is_not_offered_is_unsupported() -> None:
    """Neither a failure nor a pass."""
    for implementation in (Parts(), Changed(lambda *_: (None, None, None))):
        found = result(implementation)
        assert (found.verdict, found.reason) == ("unsupported", "double backward is not offered")


def test_it_does_not_make_a_target_unusable() -> None:
    """The first calls make it too; what it raises is a verdict, not the end."""
    first = InProcess(Changed(raises)).try_out().first

    assert first is not None
    assert [event.called for event in first[1].events] == [
        "double backward",
        "double-infer backward",
    ]
    assert ("double", "ddy") in InProcess(Doubled()).try_out().first[1].offers  # type: ignore[index]  # as above


def test_each_result_may_be_missing() -> None:
    """What is offered is judged all the same."""
    assert result(Changed(lambda r, _: (r[0], None, None))).verdict == "pass"
    assert result(Changed(lambda r, _: (2 * r[0], None, None))).verdict == "fail"


def test_some_cases_have_it_and_all_of_a_data_set_alike() -> None:
    """None would make the property vacuous; all would double the time of a check."""
    cases = portfolio(declaration_of(Doubled()), "float32")
    doubled = [case for case in cases if case.ddx is not None]
    assert len(cases) / (2 * EVERY) < len(doubled) < len(cases) / 2
    assert any(case.layouts.get("ddx") for case in doubled)
    by_set: dict[str, set[bytes]] = {}
    for case in cases:
        if case.data_key and Tag.LAYOUT not in case.tags and case.calls in ("full", "short"):
            given = b"" if case.ddx is None else np.asarray(case.ddgamma).tobytes()
            by_set.setdefault(case.data_key, set()).add(given)
    assert all(len(given) == 1 for name, given in by_set.items() if "memory" not in name)
