"""Each verdict ends a test with the outcome that pytest has for it."""

from typing import Any

import pytest

from bnproof.engine.model.result import Report, Result, Violation
from bnproof.engine.model.verdict import Verdict as Kind
from bnproof.known_failures.reasons import with_reasons
from bnproof.testing.outcome import conclude, headline
from bnproof.testing.planned_checks import Planned, Verdict

VIOLATION = Violation("six values", "six", "y", "error is 7 times the bound", ratio=7.0)


def verdict(kind: Kind, *, cases: int = 9, **more: Any) -> Verdict:
    """A verdict in a report with so many of nine cases."""
    result = Result("forward/sign", "A sentence.", "some-theorem", "float32", kind, **more)
    report = Report("mine", results=(result,), cases={"float32": cases}, promised={"float32": 9})
    return Verdict(Planned("forward/sign", "float32"), result, report)


@pytest.mark.parametrize("kind", ["fail", "crashed", "timed-out"])
def test_violated(kind: Kind) -> None:
    """Catches a crash or a time-out that does not fail, or a failure without its text."""
    found = verdict(kind, violations=(VIOLATION,))
    with pytest.raises(pytest.fail.Exception, match=r"found +error is 7 times the bound") as raised:
        conclude(found)

    assert raised.value.pytrace is False
    assert headline(found) == "error is 7 times the bound"


def test_passed_unsupported_and_known() -> None:
    """Catches a verdict that becomes the outcome of another."""
    conclude(verdict("pass", examples=3))
    with pytest.raises(pytest.skip.Exception, match="train is not offered"):
        conclude(verdict("unsupported", reason="train is not offered"))
    with pytest.raises(pytest.xfail.Exception, match="mine#1"):
        conclude(verdict("known", reason="mine#1", violations=(VIOLATION,)))


@pytest.mark.parametrize(("kind", "cases"), [("pass", 8), ("unsupported", 0)])
def test_too_little_was_checked(kind: Kind, cases: int) -> None:
    """Catches a pass although the cases that the profile promises did not run."""
    found = verdict(kind, cases=cases)
    with pytest.raises(pytest.fail.Exception, match=f"was checked: {cases} of 9 cases in float32"):
        conclude(found)


@pytest.mark.parametrize(
    ("kind", "key", "due"),
    [
        ("fail", "forward/sign", "known"),
        ("crashed", "forward/sign[float32]", "known"),
        ("fail", "forward/sign[float64]", "fail"),
        ("pass", "forward/sign", "fail"),
        ("unsupported", "forward/sign", "fail"),
        ("unsupported", "forward/sign[float64]", "unsupported"),
    ],
)
def test_known_failures(kind: Kind, key: str, due: str) -> None:
    """Catches an entry that covers another dtype, or one that is stale and nobody hears of."""
    result = with_reasons(verdict(kind, reason="not offered").result, {key: "mine#1"})

    assert result.verdict == due
    assert (due != "known") or result.reason == "mine#1"
