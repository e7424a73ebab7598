"""Calls on the data sets of a case, each written down with the case that it is judged as.

Where the same call is made many times, it is judged once: again only where it gives other bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments, to_canonical, to_declared
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.companions import turned
from bnproof.engine.execution.opened_call import OpenedCall, passed_on
from bnproof.engine.model.case import Case, Changes
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import STATISTICS, Mode
from bnproof.engine.model.observation import Observation


@dataclass(frozen=True)
class Around:
    """What is around the calls: the declaration, and what is told of each."""

    declaration: Declaration
    announce: Announce
    returned: Returned


class JudgedCalls:
    """Makes calls on ``instances``: the implementation, and another one of it if any.

    Attributes:
        steps: the cases that calls are judged as, each with what was observed.
        opened: the calls that are judged.
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
        self._data = {0: case}
        self._arguments = {0: arguments}
        self._firsts: dict[tuple[Mode, int], OpenedCall] = {}
        self._judged: set[int] = set()

    @property
    def raised(self) -> list[Event]:
        """The exceptions of all calls, those that nobody should make included."""
        seen = [event for _, observation in self.steps for event in observation.events]
        seen += [event for call in self.opened for event in call.thrown_away]
        return [e for e in (*self.thrown_away, *seen) if e.kind is EventKind.RAISED]

    # --- data -----------------------------------------------------------------------------

    def _turned(self, turn: int) -> Case:
        """A data set, made once."""
        if turn not in self._data:
            self._data[turn] = turned(self.case, turn)
        return self._data[turn]

    def _arguments_of(self, turn: int) -> Arguments:
        """The arguments of a data set, made once."""
        if turn not in self._arguments:
            self._arguments[turn] = Arguments(self._turned(turn), self.declaration)
        return self._arguments[turn]

    def _live(self, given: Any) -> tuple[Array, Array]:
        """What a call returned, like x: as another call is given it, and as a case has it."""
        plain = self.declaration.keeps_strides is not True
        like = to_declared(self.case.x, self.declaration)
        live = passed_on(given, like, plain=plain)
        return live, np.array(to_canonical(live, self.declaration), order="C")

    # --- calls, each of which is judged ---------------------------------------------------

    def _call(
        self,
        mode: Mode,
        turn: int,
        name: str,
        *,
        target: Any = None,
        passed: tuple[Array, Array] | None = None,
        settings: Changes | None = None,
    ) -> OpenedCall | None:
        """Make a call on a data set, with other settings if any; None where there are no such."""
        case = self._turned(turn).with_(**(settings or {}))
        if passed is not None:
            values = dict(zip(STATISTICS, map(np.array, passed), strict=True))
            case = case.with_(**values)
        arguments = self._arguments_of(turn)
        call = self._opened(mode, case, name, target=target, arguments=arguments)
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

    def _gone_back(
        self, call: OpenedCall, case: Case, arguments: Arguments, name: str
    ) -> OpenedCall:
        """The same call once more, for a backward on other arguments."""
        other = self._made(call.mode, case, call.implementation, arguments, name)
        other.backward = call.backward
        self._judge(other)
        return other

    def _judge(self, call: OpenedCall) -> None:
        """Write a call down, once."""
        if id(call) not in self._judged:
            self._judged.add(id(call))  # no other call gets this id, as the call is kept
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

    # --- calls that are judged where they differ ------------------------------------------

    def _compared(
        self, mode: Mode, turn: int, name: str, arguments: Arguments
    ) -> OpenedCall | None:
        """Make a call that is judged if it is the first on its data, or differs from that."""
        call = self._made(mode, self._turned(turn), self._first, arguments, name)
        if not call.is_offered:
            return None
        self._compare(call, turn, OpenedCall.forward)
        return call

    def _compare(self, call: OpenedCall, turn: int, action: Callable[[OpenedCall], None]) -> None:
        """Go on with such a call."""
        try:
            action(call)
        finally:
            self._settle(call, turn)

    def _settle(self, call: OpenedCall, turn: int) -> None:
        """Have a call judged if it is the first one on its data, or differs from that."""
        first = self._firsts.setdefault((call.mode, turn), call)
        if call is first or call.differs_from(first):
            self._judge(call)
