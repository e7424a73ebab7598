"""After an interrupt, what was found is reported, and what was not is said to be so."""

from collections.abc import Iterator, Sequence

from bnproof.check.interruption import INTERRUPTED_BEFORE, NO_TIME, hurried
from bnproof.check.one_implementation import CheckedDtypes, check
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.records import Records
from bnproof.engine.model.case import Case
from bnproof.engine.model.observation import Observation
from bnproof.properties.catalogue import PROPERTIES, concerning
from bnproof.reference import BatchNorm

FEW = 12


class Small(BatchNorm):
    """Quick to check."""

    dtypes = ("float32", "float64")
    ranks = (2,)  # type: ignore[assignment]  # one of the four
    layer = None  # type: ignore[assignment]  # not offered


class Interrupted(InProcess):
    """Somebody presses Ctrl-C after a few cases."""

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Some of the cases."""
        yield from super().run_many(cases[:FEW])
        raise KeyboardInterrupt


def checked() -> CheckedDtypes:
    """A check that is interrupted in its first dtype."""
    session = Interrupted(Small()).try_out()
    return check(session, session.declaration, profile="quick")


def test_interrupt_keeps_what_was_found() -> None:
    """Catches an interrupt that loses the records, or goes on with the next dtype."""
    found = checked()

    assert found.interrupted
    assert found.cases == {"float32": FEW}
    assert found.promised["float32"] > FEW
    results = {result.property: result for result in found.results}
    concerned = concerning(PROPERTIES, Declaration(), "float32")
    assert list(results) == [p.id for p in concerned]
    assert results["forward/agreement"].verdict == "pass"
    assert results["running/convergence"].reason == INTERRUPTED_BEFORE
    assert results["layer/state"].reason == "layer is not offered"


def test_no_time_is_said() -> None:
    """Catches a property that is said to have no cases when it was only not judged."""
    session = InProcess(Small()).try_out()
    assert session.first is not None
    every = Records(session.declaration, ())
    results = [result for result, _ in hurried(PROPERTIES, every, "float32", seconds=0)]

    assert [result.property for result in results] == [p.id for p in PROPERTIES]
    reasons = {result.property: result.reason for result in results}
    assert reasons["forward/agreement"] == NO_TIME
    assert reasons["layer/state"] == "layer is not offered"
