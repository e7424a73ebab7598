"""Calls on several data sets, instances and threads: what each returns is judged as a case.

Every call belongs to a data set of the case (`companions`) and is written down in an observation
of its own, with the case that it is judged as.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.companions import (
    CONTEXT_DATA,
    CONTEXTS,
    fewer,
    turned,
    with_other_dy,
)
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.execution.judged_calls import JudgedCalls
from bnproof.engine.execution.opened_call import OpenedCall, passed_on
from bnproof.engine.execution.two_threads import in_two_threads
from bnproof.engine.model.case import Case, Changes, SequencePlan
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import MODES, PARAMETERS, Argument, Mode
from bnproof.engine.portfolio.fitting import fitting

APART = 7
"""Contexts are gone back through in steps of so many, coprime to their number."""

PART = 4
"""One of so many contexts is gone back through, and the first one on each data."""

CHANGED = (2, 4, 5)
"""Calls of the natural loop with other settings than those before."""

DROPPED = 60
"""Calls whose results are dropped at the same time."""

PARTS = 3
"""How often they are: later ones find the memory of those before."""

LARGE_CALLS = 9
"""Large calls that are open at the same time: more than a ring of eight has."""

ROUNDS = 2
"""How often each of two threads makes its calls."""

ON_ONE_X = 5
"""How often two threads make calls on the same arrays, each in a mode of its own."""

LAYERS = 3
"""Layers that are stacked."""

Round = list[tuple[OpenedCall, int]]
"""Calls that a thread makes, each with the number of its data set."""


class CallSequence(JudgedCalls):
    """Makes the calls of a plan."""

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
            "stacked layers": self._stacked_layers,
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

    # --- plans ----------------------------------------------------------------------------

    def _second_gradients(self) -> None:
        """Backward with another dy, and double backward before, twice and with another dy.

        In the end another dy is in the memory of the first one.
        """
        for mode in MODES:
            call = self._call(mode, 0, "before backward")
            if call is None:
                continue
            call.double()
            call.gradients()
            case = with_other_dy(call.case)
            apart = Arguments(case, self.declaration)
            other = self._gone_back(call, case, apart, "with another dy")
            other.gradients()
            other.double()
            call.again()
            call.double_late()
            other.again()
            other.double_late()
            call.arguments.refill(case)
            self._gone_back(call, case, call.arguments, "with dy refilled").gradients()
            call.arguments.refill(call.case)
            call.late()

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
        """Statistics go from call to call as they came back, or stay in their buffers.

        Later calls have another momentum and another eps.
        """
        passed = self.arguments.statistics()
        made: list[OpenedCall] = []
        for number, mode in enumerate(("train", "infer", "train", "train", "infer", "train")):
            settings = self._other_settings() if number in CHANGED else None
            call = self._call(
                mode,  # type: ignore[arg-type]  # two modes
                number % 2,
                f"number {number}",
                passed=passed,
                settings=settings,
            )
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

    def _other_settings(self) -> Changes:
        """Another momentum and another eps, as far as the target takes them without compiling."""
        declared, made = self.declaration, Changes()
        low, _ = declared.accepts.get("momentum", (0.0, 1.0))
        _, high = declared.accepts.get("eps", (0.0, np.inf))
        if declared.compiles_per_shape:
            return made
        if self.case.momentum is not None and not declared.fixes("momentum"):
            made["momentum"] = max(self.case.momentum / 2, low)
        if not declared.fixes("eps"):
            made["eps"] = min(2 * self.case.eps, high)
        return made

    def _open_contexts(self) -> None:
        """Many calls, whose backward comes in another order; then calls that are dropped."""
        if self.declaration.replays:
            return
        made: Round = []
        turns = np.random.default_rng(CONTEXTS).integers(CONTEXT_DATA, size=CONTEXTS).tolist()
        for number, turn in enumerate(turns):
            for mode in MODES if number % 8 == 7 else MODES[:1]:
                arguments = self._arguments_of(turn)
                call = self._compared(mode, turn, f"context {number}", arguments)
                made += [(each, turn) for each in self._some(call)]
        firsts = [(call, turn) for (_, turn), call in self._firsts.items()]
        order = [made[number * APART % len(made)] for number in range(len(made) // PART)]
        order += [each for each in firsts if all(each[0] is not call for call, _ in order)]
        for action, calls in (
            (OpenedCall.gradients, order),
            (OpenedCall.late, order[:2]),
            (OpenedCall.close, made),
        ):
            for call, turn in calls:
                self._compare(call, turn, action)
        self._dropped_contexts()

    def _dropped_contexts(self) -> None:
        """Calls of which nothing is kept, so that later ones take over their addresses and ids."""
        for part in range(PARTS):
            made: Round = []
            for number in range(DROPPED):
                turn = (part + number) % 2
                fresh = part != 1  # so that new results are all that takes memory there
                data = self._turned(turn)
                arguments = Arguments(data, self.declaration) if fresh else self._arguments_of(turn)
                mode = MODES[number // 2 % 2]
                call = self._compared(mode, turn, f"dropped {part}, {number}", arguments)
                made += [(each, turn) for each in self._some(call)]
            for call, _ in made:
                call.drop()
            for call, turn in made[:: part + 1]:
                self._compare(call, turn, OpenedCall.gradients)

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
        """Two instances, each in a thread of its own, at the same time; in the end on one x."""
        second = self._second()
        if second is None or self.declaration.replays:
            return
        instances = self._first, second
        self._in_threads(
            [
                [self._round(thread, target, f"thread {thread}, round {k}") for k in range(ROUNDS)]
                for thread, target in enumerate(instances)
            ]
        )
        name = "on the same x"  # that one centres, perhaps, while the other reads it
        one = [self._round(0, instances[0], name, MODES[:1]) for _ in range(ON_ONE_X)]
        other = [self._round(0, instances[1], name, MODES[1:]) for _ in range(ON_ONE_X + 1)]
        self._in_threads([one, other])

    def _in_threads(self, lives: Sequence[Sequence[Round]]) -> None:
        """Make the calls of one life or two, each in a thread of its own."""
        self.around.announce("two threads")
        try:
            in_two_threads([*map(_life, lives), lambda: None][:2])
        finally:
            self.around.returned()
        for rounds in lives:
            for calls in rounds:
                for call, turn in calls:
                    self._settle(call, turn)

    def _large_calls(self) -> None:
        """Repeated, late and interleaved calls, results given up, and other threads."""
        call = self._call("train", 0, "first")
        if call is None:
            return
        call.gradients()
        call.again()
        inference = self._call("infer", 0, "first")
        if not self.declaration.replays:
            self._many_large_calls()
            for first in self.opened:
                first.close()
            call.late()
        if inference is not None:
            inference.gradients()
        call.repeated()
        self._firsts.update(((c.mode, 0), c) for c in (call, inference) if c is not None)
        self._large_results_given_up()
        if not self.declaration.replays:
            self._large_calls_in_threads()

    def _many_large_calls(self) -> None:
        """More calls on other data than a ring of eight holds, and late backwards of some."""
        made: list[OpenedCall] = []
        for number in range(LARGE_CALLS):
            for mode in MODES if number % 4 == 0 else MODES[:1]:
                call = self._compared(mode, 1, f"large {number}", self._arguments_of(1))
                made += self._some(call)
        for call in (*made[::-4], *made[: len(MODES)]):
            self._compare(call, 1, OpenedCall.gradients)
        for call in made:
            self._compare(call, 1, OpenedCall.close)

    def _large_results_given_up(self) -> None:
        """A caller writes over results or drops them, and their memory is used again."""
        for mode in MODES:
            for give_up in (OpenedCall.overwrite, OpenedCall.drop):
                call = self._compared(mode, 0, give_up.__name__, self._arguments_of(0))
                if call is None:
                    continue
                give_up(call)
                others = [np.full_like(self.case.x, number) for number in range(3)]
                self._compare(call, 0, OpenedCall.gradients)
                del others

    def _large_calls_in_threads(self) -> None:
        """The same calls in another thread, then those of two instances in two threads."""
        self._in_threads([[self._round(0, self._first, "in another thread")]])
        second = self._second()
        if second is not None:
            lives = [self._round(0, self._first, "thread 0"), self._round(1, second, "thread 1")]
            self._in_threads([[calls] for calls in lives])

    def _stacked_layers(self) -> None:
        """What a layer returns is what the next is given: y as x, dx as dy; the loss is y^2 / 2."""
        for mode in MODES:
            made: list[OpenedCall] = []
            for layer in range(1 if self.declaration.replays else LAYERS):
                made += self._some(self._on_top(mode, layer, made[-1] if made else None))
            dy = made[-1].returned_arrays.get("y") if made else None
            for call in made[::-1]:
                if dy is not None:
                    dy = self._with_dy(call, dy, "dy as returned").returned_arrays.get("dx")
            self._dy_in_y(mode)

    def _on_top(self, mode: Mode, layer: int, below: OpenedCall | None) -> OpenedCall | None:
        """A call whose x is the y of another one; None where there is none."""
        if below is None:
            return self._call(mode, layer, f"layer {layer}") if layer == 0 else None
        y = below.returned_arrays.get("y")
        if y is None:
            return None
        live, x = self._live(y)
        case = self._turned(layer).with_(x=x)
        arguments = Arguments(case, self.declaration, {"x": live})
        call = self._opened(mode, case, f"layer {layer}", arguments=arguments)
        if call is not None:
            call.forward()
        return call

    def _with_dy(self, call: OpenedCall, returned: Any, name: str) -> OpenedCall:
        """The same call, whose backward is given an array that a call has returned."""
        live, dy = self._live(returned)
        case = call.case.with_(dy=dy)
        arguments = Arguments(case, self.declaration, {"dy": live})
        made = self._gone_back(call, case, arguments, name)
        made.gradients()
        return made

    def _dy_in_y(self, mode: Mode) -> None:
        """The caller forms dy in the memory of y."""
        call = self._call(mode, 0, "y overwritten by dy")
        y = None if call is None else call.returned_arrays.get("y")
        if call is None or type(y) is not np.ndarray or call.arguments.shares_memory(y):
            return
        call.drop()
        if y.flags.writeable:
            y *= y.dtype.type(0.5)
            self._with_dy(call, y[...], "dy in the memory of y")

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

    def _round(self, turn: int, target: Any, name: str, modes: tuple[Mode, ...] = MODES) -> Round:
        """The calls of one round in a thread, not yet made; nothing is announced from there."""
        arguments, case = self._arguments_of(turn), self._turned(turn)
        calls = [self._made(mode, case, target, arguments, name) for mode in modes]
        for call in calls:
            call.announce, call.returned = _nothing, _nothing
        return [(call, turn) for call in calls if call.is_offered]

    @staticmethod
    def _some(call: OpenedCall | None) -> list[OpenedCall]:
        return [] if call is None else [call]


def _nothing(_: str = "") -> None:
    """Do nothing before and after a call."""


def _life(rounds: Sequence[Round]) -> Callable[[], None]:
    """What a thread does: the calls of each round, until one raises."""

    def life() -> None:
        for calls in rounds:
            for call, _ in calls:
                call.forward()
            for call, _ in calls:
                call.gradients()

    return life
