"""Calls on several data sets, instances and threads: what each returns is judged as a case.

Every call belongs to a data set of the case (`companions`) and is written down in an observation
of its own, with the case that it is judged as.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.companions import (
    CONTEXTS,
    fewer,
    turned,
    with_other_dy,
)
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.execution.opened_call import OpenedCall, passed_on
from bnproof.engine.execution.two_threads import in_two_threads
from bnproof.engine.model.case import Case, SequencePlan
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import MODES, PARAMETERS, STATISTICS, Argument, Mode
from bnproof.engine.model.observation import Observation
from bnproof.engine.portfolio.fitting import fitting

APART = 7
"""Contexts are gone back through in steps of so many, coprime to their number."""

ROUNDS = 3
"""How often each of two threads makes its calls."""


@dataclass(frozen=True)
class Around:
    """What is around the calls: the declaration, and what is told of each."""

    declaration: Declaration
    announce: Announce
    returned: Returned


class CallSequence:
    """Makes the calls of a plan on ``instances``: the implementation, and another one of it if any.

    Attributes:
        steps: the cases that calls are judged as, each with what was observed.
        opened: the calls that were made.
        thrown_away: what happened in calls that may raise.
    """

    def __init__(
        self,
        case: Case,
        arguments: Arguments,
        instances: tuple[Any, Callable[[], Any]],
        around: Around,
    ) -> None:
        self.case, self.around = case, around
        self.declaration = around.declaration
        self.steps: list[tuple[Case, Observation]] = []
        self.opened: list[OpenedCall] = []
        self.thrown_away: list[Event] = []
        self._first, self._second = instances
        self._arguments = {0: arguments}

    def run(self) -> None:
        """Make the calls of the case's plan, then look at what they left changed."""
        plans: dict[SequencePlan, Callable[[], None]] = {
            "second gradients": self._second_gradients,
            "two instances": self._two_instances,
            "natural loop": self._natural_loop,
            "open contexts": self._open_contexts,
            "after errors": self._after_errors,
            "owned results": self._owned_results,
            "refilled again": self._refilled_again,
            "two threads": self._two_threads,
            "large calls": self._large_calls,
        }
        plans[self.case.calls]()  # type: ignore[index]  # other plans are not run here
        self._look_at_arguments()
        for call in self.opened:
            call.close()

    def _look_at_arguments(self) -> None:
        """Write down which arguments have changed, each with the first call that was given it."""
        first = {id(call.arguments): call for call in self.opened[::-1]}
        for call in first.values():
            call.look_at_arguments()

    @property
    def raised(self) -> list[Event]:
        """The exceptions of all calls, those that nobody should make included."""
        seen = [event for _, observation in self.steps for event in observation.events]
        seen += [event for call in self.opened for event in call.thrown_away]
        return [e for e in (*self.thrown_away, *seen) if e.kind is EventKind.RAISED]

    # --- plans ----------------------------------------------------------------------------

    def _second_gradients(self) -> None:
        """Backward with another dy, and double backward before, twice and with another dy."""
        for mode in MODES:
            call = self._call(mode, 0, "before backward")
            if call is None:
                continue
            call.double()
            call.gradients()
            other = self._with_other_dy(call)
            other.gradients()
            other.double()
            call.again()
            call.double_late()
            other.again()
            other.double_late()

    def _two_instances(self) -> None:
        """Calls with a sample less, then calls of two instances in turn on equal and other data."""
        if self.declaration.replays:
            return
        made = self._with_fewer_samples()
        second = self._second()
        if second is None:
            for call in made:
                call.gradients()
            return
        for mode in MODES:
            for number, turn in enumerate((0, 1, 0, 2, 1, 3)):
                target = second if number % 2 else self._first
                name = f"instance {number % 2}, data {turn}"
                made += self._some(self._call(mode, turn, name, target=target))
        for call in (*made[1::2], *made[::2][::-1]):
            call.gradients()
        for call in made[::3]:
            call.late()

    def _with_fewer_samples(self) -> list[OpenedCall]:
        """Calls on the data of the case, and with a sample less, where that is no new program."""
        less = fewer(self.case)
        one_shape = self.declaration.fixes("shape") or self.declaration.compiles_per_shape
        if less is None or one_shape or not fitting(self.declaration, less):
            return []
        made: list[OpenedCall] = []
        arguments = Arguments(less, self.declaration)
        for mode in MODES:
            made += self._some(self._call(mode, 0, "all samples"))
            call = self._opened(mode, less, "a sample less", arguments=arguments)
            if call is not None:
                call.forward()
                made.append(call)
        return made

    def _natural_loop(self) -> None:
        """Statistics go from call to call as they came back, or stay in their buffers."""
        passed = self.arguments.statistics()
        made: list[OpenedCall] = []
        for number, mode in enumerate(("train", "infer", "train", "train", "infer", "train")):
            call = self._call(mode, number % 2, f"number {number}", passed=passed)  # type: ignore[arg-type]  # two modes
            if call is None:
                continue
            if self.declaration.replays or number == 1:
                call.gradients()
            else:
                made.append(call)
            mean, var = call.statistics
            if not (self.declaration.in_place or mean is None or var is None):
                plain = self.declaration.keeps_strides is not True
                passed = (
                    passed_on(mean, self.case.running_mean, plain=plain),
                    passed_on(var, self.case.running_var, plain=plain),
                )
        for call in made[::-1]:
            call.gradients()

    def _open_contexts(self) -> None:
        """Many calls, whose backward comes in another order."""
        if self.declaration.replays:
            return
        made: list[OpenedCall] = []
        for turn in range(CONTEXTS):
            made += self._some(self._call("train", turn, f"context {turn}"))
            if turn % 4 == 3:
                made += self._some(self._call("infer", turn, f"context {turn}"))
        for number in range(len(made)):
            made[number * APART % len(made)].gradients()
        for call in made[:2]:
            call.late()

    def _after_errors(self) -> None:
        """Ordinary calls after calls that raise, or that nobody should make."""
        for number, wrong in enumerate((self._one_value, self._more_parameters)):
            for mode in MODES:
                call = self._call(mode, number, f"before error {number}")
                if call is None:
                    continue
                call.gradients()
                wrong(mode)
                if not self.declaration.replays:
                    call.late()
                after = self._call(mode, number, f"after error {number}")
                if after is not None:
                    after.refused_gradients()
                    after.gradients()

    def _owned_results(self) -> None:
        """A caller writes over results, and drops them, before backward."""
        for mode in MODES:
            call = self._call(mode, 0, "results overwritten")
            if call is None:
                continue
            call.overwrite()
            call.gradients()
            call.overwrite()
            call.again()
            call.repeated()
            dropped = self._call(mode, 1, "results dropped")
            if dropped is not None:
                dropped.drop()
                if not self.declaration.replays:
                    self._call(mode, 2, "after results were dropped")
                dropped.gradients()

    def _refilled_again(self) -> None:
        """The same memory with other data, then with other statistics only, as after a load."""
        arguments = self.arguments
        buffers = arguments.statistics() if self.declaration.in_place else None
        for turns in ((0, 0), (1, 1), (1, 2), (2, 2), (0, 0)):
            data, statistics = (turned(self.case, turn) for turn in turns)
            case = data.with_(
                running_mean=statistics.running_mean, running_var=statistics.running_var
            )
            arguments.refill(case)
            for mode in MODES[::-1]:
                call = self._opened(
                    mode, case, f"data {turns[0]}, statistics {turns[1]}", arguments=arguments
                )
                if call is None:
                    continue
                if buffers is not None:
                    buffers[0][...], buffers[1][...] = case.running_mean, case.running_var
                call.forward(buffers)
                call.gradients()
            self._look_at_arguments()

    def _two_threads(self) -> None:
        """Two instances, each in a thread of its own, at the same time."""
        second = self._second()
        if second is None or self.declaration.replays:
            return
        lives = [
            [self._round(turn, target, number) for number in range(ROUNDS)]
            for turn, target in enumerate((self._first, second))
        ]
        self.around.announce("two threads")
        try:
            in_two_threads([_life(rounds) for rounds in lives])
        finally:
            self.around.returned()
        for rounds in lives:
            for calls in rounds:
                for call, first in zip(calls, rounds[0], strict=True):
                    if call is first or not call.has_the_bits_of(first):
                        self._judge(call)

    def _large_calls(self) -> None:
        """Repeated, late and interleaved calls; results stay as they are to the end."""
        call = self._call("train", 0, "first")
        if call is None:
            return
        call.gradients()
        call.again()
        inference = self._call("infer", 0, "first")
        if not self.declaration.replays:
            other = self._call("train", 1, "other data")
            if other is not None:
                other.gradients()
            self._call("infer", 1, "other data")
            call.late()
        if inference is not None:
            inference.gradients()
        call.repeated()

    # --- calls that raise -----------------------------------------------------------------

    def _one_value(self, mode: Mode) -> None:
        """Training with one value per channel, where that is an error and nothing is compiled."""
        few_shapes = self.declaration.fixes("shape") or self.declaration.compiles_per_shape
        if self.declaration.single_value != "error" or few_shapes:
            return
        if mode == "train":
            one = (slice(1), slice(None), *(slice(1),) * (self.case.x.ndim - 2))
            self._try("train", self.case.with_(x=self.case.x[one], dy=self.case.dy[one]))

    def _more_parameters(self, mode: Mode) -> None:
        """Gamma and beta with a channel more than x has."""
        longer: dict[Argument, Array | None] = {
            name: np.append(a, a[-1:])
            for name in PARAMETERS
            if (a := getattr(self.case, name)) is not None
        }
        if longer:
            self._try(mode, self.case.with_arrays(longer))

    def _try(self, mode: Mode, case: Case) -> None:
        call = self._made(mode, case, self._first, Arguments(case, self.declaration))
        with contextlib.suppress(Stop):
            call.forward()
        self.thrown_away += call.observation.of(EventKind.RAISED)

    # --- calls ----------------------------------------------------------------------------

    @property
    def arguments(self) -> Arguments:
        """The arguments of the case's own data."""
        return self._arguments[0]

    def _call(
        self,
        mode: Mode,
        turn: int,
        name: str,
        *,
        target: Any = None,
        passed: tuple[Array, Array] | None = None,
    ) -> OpenedCall | None:
        """Make a call on a data set; None where there are no such calls."""
        case = turned(self.case, turn)
        if passed is not None:
            values = dict(zip(STATISTICS, map(np.array, passed), strict=True))
            case = case.with_(**values)
        if turn not in self._arguments:
            self._arguments[turn] = Arguments(case, self.declaration)
        call = self._opened(mode, case, name, target=target, arguments=self._arguments[turn])
        if call is not None:
            call.forward(passed)
        return call

    def _opened(
        self, mode: Mode, case: Case, name: str, *, arguments: Arguments, target: Any = None
    ) -> OpenedCall | None:
        call = self._made(mode, case, target or self._first, arguments, name)
        if not call.is_offered:
            return None
        self._judge(call)
        return call

    def _judge(self, call: OpenedCall) -> None:
        self.opened.append(call)
        self.steps.append((call.case, call.observation))

    def _made(
        self, mode: Mode, case: Case, target: Any, arguments: Arguments, name: str = ""
    ) -> OpenedCall:
        named = f"{self.case.name}: {mode} {len(self.steps)}, {name}"
        step = case.with_(name=named, calls="short", data_key="", tags=frozenset(), twin=None)
        around = self.around
        return OpenedCall(
            mode, step, target, around.declaration, around.announce, around.returned, arguments
        )

    def _with_other_dy(self, call: OpenedCall) -> OpenedCall:
        """The same call, whose backward is given another dy."""
        case = with_other_dy(call.case)
        other = self._made(
            call.mode,
            case,
            call.implementation,
            Arguments(case, self.declaration),
            "with another dy",
        )
        other.backward = call.backward
        self._judge(other)
        return other

    def _round(self, turn: int, target: Any, number: int) -> list[OpenedCall]:
        """The calls of one round in a thread, not yet made; nothing is announced from there."""
        case = turned(self.case, turn)
        arguments = self._arguments.setdefault(turn, Arguments(case, self.declaration))
        calls = [
            self._made(mode, case, target, arguments, f"thread {turn}, round {number}")
            for mode in MODES
        ]
        for call in calls:
            call.announce, call.returned = _nothing, _nothing
        return [call for call in calls if call.is_offered]

    @staticmethod
    def _some(call: OpenedCall | None) -> list[OpenedCall]:
        return [] if call is None else [call]


def _nothing(_: str = "") -> None:
    """Do nothing before and after a call."""


def _life(rounds: Sequence[Sequence[OpenedCall]]) -> Callable[[], None]:
    """What a thread does: the calls of each round, until one raises."""

    def life() -> None:
        for calls in rounds:
            for call in calls:
                call.forward()
            for call in calls:
                call.gradients()

    return life
