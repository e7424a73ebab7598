"""Whether each shape is compiled is found by timing, with clocks of the tests."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.few_cases import check_few_cases
from tests.targets import norms

from bnproof.check.adopted_conventions import COMPILES, settle
from bnproof.check.one_target import effective, examine_part, parts_of, run_check
from bnproof.check.request import Request
from bnproof.conventions.identify.compilation import SHAPES, compiles_per_shape
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.stopwatch import Stopwatch
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EarlyEnd
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio import ordinary_case
from bnproof.recognition.recognised import Origin
from bnproof.sandbox.object_session import ObjectSession
from bnproof.targets.declarations import outside_of

COMPILED = 0.5
FAST = 0.001
NAME = "compiles_per_shape"


class Scripted:
    """A session whose calls take the seconds that a test says, in their order."""

    def __init__(self, first: float, *seconds: float, fails_at: int = -1, **declared: Any) -> None:
        self.declaration = Declaration(**declared)
        self.first = ordinary_case(self.declaration), Observation(seconds=first)
        self.given: list[Case] = []
        self._seconds = iter(seconds)
        self._fails_at = fails_at

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Take the next number of seconds, or crash."""
        assert declaration == self.declaration
        self.given.append(case)
        failure = EarlyEnd("crashed", "train") if len(self.given) == self._fails_at else None
        return Observation(failure=failure, seconds=next(self._seconds))


def test_two_compiled_shapes_are_found() -> None:
    """Catches shapes that are not new, or not of the rank and dtype of the first calls."""
    session = Scripted(COMPILED, COMPILED, FAST, FAST, COMPILED, FAST, FAST, ranks=(4, 2))
    assert compiles_per_shape(session)
    given = dict.fromkeys((case.count, case.channels) for case in session.given)
    assert tuple(given) == SHAPES
    assert {case.x.ndim for case in session.given} == {4}
    assert session.first[0].x.shape not in {case.x.shape for case in session.given}
    assert len({case.x.tobytes() for case in session.given}) == len(session.given)


@pytest.mark.parametrize(
    "seconds",
    [
        (COMPILED, FAST, FAST, FAST, FAST, FAST),
        (FAST, FAST, FAST),
        (COMPILED, COMPILED, COMPILED),
        (COMPILED, FAST, FAST, COMPILED, COMPILED / 10, COMPILED / 10),
        (0.015, 0.0001, 0.0001),
    ],
    ids=["dynamic shapes", "set up once", "slow", "noise", "fast enough"],
)
def test_what_does_not_compile_is_left(seconds: tuple[float, ...]) -> None:
    """Catches a target that loses its sizes since it was slow for another reason."""
    assert not compiles_per_shape(Scripted(COMPILED, *seconds))


def test_one_slow_repetition_hides_nothing() -> None:
    """Catches a verdict that depends on what else the machine does."""
    seconds = (COMPILED, COMPILED, FAST, COMPILED, FAST, FAST)
    assert compiles_per_shape(Scripted(COMPILED, *seconds))


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6])
def test_a_crash_finds_nothing(at: int) -> None:
    """Catches a crash that counts as slow, or as fast."""
    seconds = (COMPILED, FAST, FAST, COMPILED, FAST, FAST)
    assert not compiles_per_shape(Scripted(COMPILED, *seconds, fails_at=at))


@pytest.mark.parametrize(
    "session",
    [Scripted(FAST), Scripted(COMPILED, ranks=(2,), fixed={"shape": (8, 4)})],
    ids=["fast first calls", "one shape"],
)
def test_no_call_is_made_in_vain(session: Scripted) -> None:
    """Catches calls that every target pays for."""
    assert not compiles_per_shape(session)
    assert not session.given


def ticking(*times: float) -> Callable[[], float]:
    """A clock that shows these times, one after the other."""
    shown: Iterator[float] = iter(times)
    return lambda: next(shown)


def test_stopwatch_adds_what_the_lower_clock_says() -> None:
    """Catches time of other processes, or of threads that spin, which counts as the target's."""
    said: list[str] = []
    clocks = ticking(0.0, 9.0, 10.0, 11.0), ticking(0.0, 2.0, 2.0, 5.0)
    watch = Stopwatch(said.append, lambda: said.append("returned"), clocks)
    for call in ("train", "infer"):
        watch.announce(call)
        watch.returned()
    assert watch.seconds == 2.0 + 1.0
    assert said == ["train", "returned", "infer", "returned"]


class Remembers:
    """Takes long for each new input, and keeps its results."""

    def __init__(self) -> None:
        self.seen: set[bytes] = set()
        self.declaration = Declaration()
        self.first = ordinary_case(self.declaration), Observation(seconds=COMPILED)

    def probe(self, case: Case, declaration: Declaration) -> Observation:  # noqa: ARG002  # as a session
        """Be slow at numbers that it has not seen."""
        known = case.x.tobytes() in self.seen
        self.seen.add(case.x.tobytes())
        return Observation(seconds=FAST if known else COMPILED)


def test_kept_results_are_no_compilation() -> None:
    """Catches a target that is checked in fewer shapes since it remembers its results."""
    assert not compiles_per_shape(Remembers())


class Compiling(norms.Undeclared):
    """Right; spends time of the processor on each new shape."""

    momentum_weighs = "old"
    running_variance = "biased"

    def __init__(self) -> None:
        self.shapes: set[tuple[int, ...]] = set()

    def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
        """Compile for a shape, then train."""
        if x.shape not in self.shapes:
            self.shapes.add(x.shape)
            busy(0.06)
        return super().train(x, *arguments, **settings)


class Loading(Compiling):
    """Right; is slow once."""

    def train(self, x: Any, *arguments: Any, **settings: Any) -> Any:
        """Set up what all shapes need."""
        self.shapes = self.shapes or {x.shape, busy(0.06)}
        return norms.Undeclared.train(self, x, *arguments, **settings)


def busy(seconds: float) -> tuple[int, ...]:
    """Compute for so long."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return ()


def test_compilation_is_adopted_and_said() -> None:
    """Catches something found that neither the check, nor a replay, nor the reader knows."""
    with ObjectSession(Compiling()) as session:
        session.try_out()
        assert COMPILES in settle(session)
        assert session.declaration.compiles_per_shape
        assert effective(session).declared[NAME] is True


@pytest.mark.parametrize(
    ("target", "declare"),
    [(Loading, ""), (norms.Undeclared, ""), (Compiling, "false"), (Compiling, "true")],
)
def test_nothing_is_adopted(target: type, declare: str) -> None:
    """Catches a target that is slow once, and a declaration that timing overrules."""
    outside = outside_of([f"{NAME}={declare}"] if declare else [])
    with ObjectSession(target(), outside=outside) as session:
        session.try_out()
        assert COMPILES not in settle(session)
        assert session.declaration.compiles_per_shape is (declare == "true")
        assert NAME not in session.adopted.get(0, {})


FILE = """
import os, time
from bnproof.reference import BatchNorm

class Right:
    def __init__(self):
        self.right, self.shapes = BatchNorm(), set()

    def train(self, x, *arguments, **settings):
        if x.shape not in self.shapes:
            self.shapes.add(x.shape)
            self.compile(x)
        return self.right.train(x, *arguments, **settings)

    def infer(self, *arguments, **settings):
        return self.right.infer(*arguments, **settings)

    def compile(self, x):
        until = time.process_time() + 0.06
        while time.process_time() < until:
            pass

class Crashing(Right):
    def compile(self, x):
        super().compile(x)
        if x.shape == (64, 4):
            os._exit(3)
"""


def test_report_of_a_worker_says_it(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a report that does not say why other cases ran than of other targets."""
    check_few_cases(monkeypatch)
    (report,) = run_check(f"{write('compiling.py', FILE)}:Right", profile="quick")
    assert report.conforms
    assert COMPILES in report.notes
    assert report.conventions[NAME] is True
    assert report.origins[NAME] == str(Origin.IDENTIFIED)


REMEMBERING = """
import time
from pathlib import Path
from bnproof.reference import BatchNorm

class Keeps(BatchNorm):
    dtypes = ("float32", "float64")

    def train(self, x, *arguments, **settings):
        kept = Path(__file__).with_name(f"{x.dtype}-{x.shape}")
        if not kept.exists():
            kept.touch()
            until = time.process_time() + 0.06
            while time.process_time() < until:
                pass
        return super().train(x, *arguments, **settings)
"""


def test_parts_do_not_look_again(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches parts of a check that share cases, and do not agree on which there are.

    What this target has compiled is kept on disk, so only the first process sees it compile.
    """
    check_few_cases(monkeypatch)
    asked = Request(profile="quick")
    parts = parts_of(f"{write('remembering.py', REMEMBERING)}:Keeps", asked)
    assert [(part.dtype, part.compiles) for part in parts] == [("float32", True), ("float64", True)]
    for part in parts:
        report = examine_part(part, asked).report
        assert report.conventions[NAME] is True
        assert COMPILES in report.notes


def test_what_parts_were_told_is_not_found_again() -> None:
    """Catches a part that finds what the check did not."""
    with ObjectSession(Compiling()) as session:
        session.try_out()
        assert COMPILES not in settle(session, compiles=False)
        assert not session.declaration.compiles_per_shape


def test_crash_while_looking_is_left_to_the_check(
    write: Callable[[str, str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a run that ends with the worker, or with what was seen before it died."""
    check_few_cases(monkeypatch)
    (report,) = run_check(f"{write('compiling.py', FILE)}:Crashing", profile="quick")
    assert report.conforms
    assert NAME not in report.conventions
    assert report.notes == ("the worker was restarted once",)
