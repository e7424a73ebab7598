"""A backward pass that can be called only so often fails the properties about later calls."""

from collections.abc import Callable
from typing import Any

import pytest

from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import evaluate
from bnproof.engine.portfolio import ordinary_case
from bnproof.properties.catalogue import chosen
from bnproof.reference import BatchNorm


class Forgetful(BatchNorm):
    """Its backward raises from some call on."""

    dtypes = ("float32",)
    ends_with = 0

    def train(self, *arguments: Any, **settings: Any) -> Any:
        """As it should be, but for backward."""
        *results, backward = super().train(*arguments, **settings)
        return *results, self._limited(backward)

    def _limited(self, backward: Callable[[Any], Any]) -> Callable[[Any], Any]:
        left = [self.ends_with]

        def limited(dy: Any) -> Any:
            left[0] -= 1
            if left[0] <= 0:
                raise RuntimeError("the graph was freed")
            return backward(dy)

        return limited


class NotAgain(Forgetful):
    """Raises at the third call, which repeats the first."""

    ends_with = 3


class NotLater(Forgetful):
    """Raises at the fourth call, which comes after other calls."""

    ends_with = 4


@pytest.mark.parametrize(
    ("target", "property_id", "verdict"),
    [
        (NotAgain, "backward/repeatable", "fail"),
        (NotLater, "backward/repeatable", "pass"),
        (NotLater, "backward/interleaved", "fail"),
        (BatchNorm, "backward/repeatable", "pass"),
        (BatchNorm, "backward/interleaved", "pass"),
    ],
)
def test_an_exception_in_a_later_backward_is_a_failure(
    target: type[BatchNorm], property_id: str, verdict: str
) -> None:
    """Catches a label of a call that no event has: the property would not be tested."""
    session = InProcess(target())
    case = ordinary_case(session.declaration).with_(calls="full")
    judge = Judge(session.declaration, "float32")
    records = Records(session.declaration, (judge.judge(case, session.run(case)),))

    (property_,) = chosen((property_id,))
    assert evaluate(property_, records, "float32").verdict == verdict
