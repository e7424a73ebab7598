"""What was not identified fails in a test file too, with what to declare."""

import pytest
from tests.targets.norms import HalfRecognised, Undeclared

from bnproof.testing import check_implementation, parametrize
from bnproof.testing.implementation import ConformanceError
from bnproof.testing.planned_checks import Checks

FEW = ("running/one-step",)
FLAG = "add --without other-state"


def test_a_test_says_what_was_not_identified() -> None:
    """Catches a run of pytest that is green although something was not identified."""
    first, *others = parametrize.tests_of(Checks(HalfRecognised(), properties=FEW))
    assert [check.id for check in (first, *others)] == ["complete", "running/one-step[float32]"]
    with pytest.raises(pytest.fail.Exception, match=FLAG):
        first()

    stated = parametrize.tests_of(Checks(HalfRecognised(), properties=FEW, without=["other-state"]))
    assert [check.id for check in stated] == ["running/one-step[float32]"]


def test_one_call_raises_with_what_to_declare() -> None:
    """Catches an exception without the way out."""
    with pytest.raises(ConformanceError, match=FLAG):
        check_implementation(HalfRecognised(), profile="quick", properties=FEW)


def test_one_call_raises_with_advice() -> None:
    """Catches a difference of convention that a test tells as a mistake."""
    with pytest.raises(ConformanceError, match="--declare momentum_weighs=old"):
        check_implementation(Undeclared(), profile="quick", properties=FEW)
