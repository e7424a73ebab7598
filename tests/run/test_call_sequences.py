"""Calls on several data sets, instances and threads: each is made, written down and judged."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from bnproof.engine.contract.declaration import declaration_of
from bnproof.engine.execution.companions import CONTEXT_DATA, CONTEXTS, TURNS, companions, turned
from bnproof.engine.execution.earlier_results import COPIED, REMEMBERED_BYTES, Kept, latest
from bnproof.engine.execution.executor import Executor, second_instance
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.execution.two_threads import in_two_threads
from bnproof.engine.model.case import SEQUENCE_PLANS, Case
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio import portfolio
from bnproof.mutants.catalogue import mutant_of
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.reference import BatchNorm
from bnproof.selftest.rejection import first_failures

Steps = list[tuple[Case, Observation]]


def sequences(implementation: Any, dtype: str = "float64") -> dict[str, Case]:
    """The first case of each plan that the portfolio has for an implementation."""
    found: dict[str, Case] = {}
    for case in portfolio(declaration_of(implementation), dtype):
        if case.calls in SEQUENCE_PLANS:
            found.setdefault(case.calls, case)
    return found


def steps_of(implementation: Any, plan: str) -> Steps:
    """The cases that the calls of a plan are judged as, with what was observed."""
    case = sequences(implementation)[plan]
    observed = InProcess(implementation).run(case)
    assert not observed.events
    return list(observed.facts["steps"])


def test_each_plan_has_a_case() -> None:
    """Catches a plan that nothing runs."""
    assert set(sequences(BatchNorm())) == set(SEQUENCE_PLANS) == set(TURNS)


@pytest.mark.parametrize("plan", SEQUENCE_PLANS)
def test_every_call_is_written_down(plan: str) -> None:
    """Catches a call whose results are thrown away, and one that has no name of its own."""
    steps = steps_of(BatchNorm(), plan)
    assert len({case.name for case, _ in steps}) == len(steps) > 0
    for case, observation in steps:
        assert observation.results, case.name
        assert not observation.events, case.name


def test_more_contexts_are_open_than_a_ring_has() -> None:
    """Catches a number of open calls that a ring of 256 can hold."""
    opened: list[int] = []

    class Counting(BatchNorm):
        def train(self, *given: Any, **settings: Any) -> Any:
            *results, backward = super().train(*given, **settings)
            opened.append(opened[-1] + 1 if opened else 1)

            def closes(dy: Any) -> Any:
                opened.append(opened[-1] - 1)
                return backward(dy)

            return *results, closes

    steps = steps_of(Counting(), "open contexts")
    assert max(opened) >= CONTEXTS > 256
    trained = [o for _, o in steps if "train" in o.results]
    assert len(trained) == CONTEXT_DATA
    assert all({"y", "dx"} <= set(o.results["train"]) for o in trained)


def test_calls_that_give_other_bits_are_judged() -> None:
    """Catches calls that are made and not looked at, since the first one was right."""
    steps = steps_of(mutant_of("contexts/ring-of-one-hundred").make(), "open contexts")
    assert len([o for _, o in steps if "train" in o.results]) > CONTEXT_DATA


def test_layers_are_given_what_layers_return() -> None:
    """Catches copies where a caller hands over the same arrays, and gradients of other data."""
    seen: list[Any] = []

    class Noting(BatchNorm):
        def train(self, x: Any, *given: Any, **settings: Any) -> Any:
            y, *others, backward = super().train(x, *given, **settings)
            seen.append(("x", x, "y", y))

            def noting(dy: Any) -> Any:
                made = backward(dy)
                seen.append(("dy", dy, "dx", made[0]))
                return made

            return y, *others, noting

    steps_of(Noting(), "stacked layers")
    first, second, third, *backwards = seen[:6]
    assert second[1] is first[3]
    assert third[1] is second[3]
    assert backwards[0][1] is third[3]
    assert backwards[1][1] is backwards[0][3]
    assert any(b[1].base is f[3] for b in seen for f in seen if b[0] == "dy" and f[0] == "x")


def test_later_calls_of_the_loop_have_other_settings() -> None:
    """Catches settings that are the same in all calls, so that those of the first one do."""
    trained = [c for c, o in steps_of(BatchNorm(), "natural loop") if "train" in o.results]
    assert len({c.momentum for c in trained}) == 2
    assert len({c.eps for c in trained}) == 2


def test_large_calls_come_in_one_dtype() -> None:
    """Catches large data in each dtype, which takes its time, and in none."""
    among = BatchNorm.dtypes
    found = [
        dtype
        for dtype in among
        for case in portfolio(declaration_of(BatchNorm()), dtype, among=among)
        if case.calls == "large calls"
    ]
    assert found == ["float32"]


def test_data_sets_have_nothing_in_common() -> None:
    """Catches two calls that give the same results, so that a mixture of both is not seen."""
    case = sequences(BatchNorm())["open contexts"]
    made = [turned(case, turn) for turn in range(CONTEXT_DATA)]
    for name in ("x", "dy"):
        assert len({getattr(each, name).tobytes() for each in made}) == CONTEXT_DATA
    assert [c.x.tobytes() for c in companions(case)] == [c.x.tobytes() for c in made]


def test_replaying_targets_have_no_calls_in_between() -> None:
    """Catches a call between forward and backward where that is declared not to work."""

    class Replaying(BatchNorm):
        replays = True

    for plan, case in sequences(Replaying()).items():
        observed = InProcess(Replaying()).run(case)
        steps: Steps = list(observed.facts["steps"])
        assert bool(steps) == (plan not in ("two instances", "open contexts", "two threads"))


# --- instances ------------------------------------------------------------------------------------


def test_a_second_instance_declares_the_same_of_itself() -> None:
    """Catches an instance in other conventions, and one that is missing for what was adopted."""

    class Fixed(BatchNorm):
        fixed = {"eps": 0.5}  # noqa: RUF012  # as the contract has it

    old = BatchNorm(momentum_weighs="old")
    assert second_instance(old, declaration_of(old)) is None
    assert second_instance(Fixed(), declaration_of(Fixed())) is not None
    plain, adopted = BatchNorm(), declaration_of(old)
    assert second_instance(plain, adopted) is not None
    assert Executor(plain, adopted).second is not plain


def test_an_adapter_makes_its_second_instance_itself() -> None:
    """Catches an adapter that needs arguments, and has no second instance for that."""

    class Adapter(BatchNorm):
        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

        def another_instance(self) -> "Adapter":
            return Adapter(self.number + 1)

    made = Adapter(1)
    assert second_instance(made, declaration_of(made)).number == 2


# --- threads --------------------------------------------------------------------------------------


def test_threads_take_turns_at_each_line() -> None:
    """Catches threads that run one after the other, so that a race shows by chance alone."""
    seen: list[int] = []
    note = seen.append

    def life(number: int) -> Callable[[], None]:
        def run() -> None:
            for _ in range(10):
                note(number)

        return run

    in_two_threads([life(0), life(1)])
    assert sum(a != b for a, b in pairwise(seen)) >= 10


def test_a_lock_of_both_threads_ends_no_run() -> None:
    """Catches a thread that waits for its turn for good, while the other waits for its lock."""
    lock, seen = threading.Lock(), []

    def run() -> None:
        for _ in range(5):
            with lock:
                seen.append(1)
                seen.append(2)

    in_two_threads([run, run])
    assert seen == [1, 2] * 10


def test_what_our_code_raises_in_a_thread_is_raised() -> None:
    """Catches a mistake of this package that a thread swallows."""

    def wrong() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        in_two_threads([wrong, lambda: None])


def test_an_exception_of_a_target_in_a_thread_is_an_event() -> None:
    """Catches an exception that ends a thread unseen."""
    wrong = mutant_of("instances/first-thread-only").make()
    observed = InProcess(wrong).run(sequences(wrong, "float32")["two threads"])
    raised = [o.of(EventKind.RAISED) for _, o in observed.facts["steps"]]
    assert any(raised)


# --- results --------------------------------------------------------------------------------------


def test_large_results_are_watched_by_a_digest() -> None:
    """Catches a change in a large result, and a copy that doubles its memory."""
    large = np.zeros(COPIED)
    kept = Kept.now("y", "train", large)
    assert len(kept.before) < COPIED
    assert kept.is_unchanged
    large[-1] = 1
    assert not kept.is_unchanged


def test_remembered_results_have_a_limit() -> None:
    """Catches memory that grows with the results of large cases."""
    huge = np.broadcast_to(np.zeros(1), REMEMBERED_BYTES)
    kept = [(Kept("y", "train", a, b""), "") for a in (np.zeros(2), huge, np.zeros(3))]
    assert [each.live.size for each, _ in latest(kept)] == [2, 3]


# --- memory that may be refused -------------------------------------------------------------------


@pytest.mark.parametrize("control", ["contiguous-only", "positive-only"])
def test_memory_may_be_refused_as_declared(control: str) -> None:
    """Catches a right implementation that is rejected since it refuses what it says it does."""
    make = next(c.make for c in CONTROLS if c.id == control)
    begin = ("places", "memory")
    assert first_failures(make(), "float32", PROPERTIES, quick=True, begin=begin) == []


def test_memory_may_not_be_misread_whatever_is_declared() -> None:
    """Catches layouts that are not given to a target that declares to copy them."""
    wrong = mutant_of("places/strided-copy-misread").make()
    assert first_failures(wrong, "float32", PROPERTIES, quick=True, begin=("places",))
