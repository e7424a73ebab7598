"""A transcript of the calls that a case makes, with the arrays they were given and gave back.

It is made in the worker, by a stand-in that passes every call on to the implementation.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from threading import Lock
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.executor import Executor, second_instance
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.layouts import ALIGNED
from bnproof.engine.model.names import (
    ADDED,
    CALL_ARGUMENTS,
    DOUBLE,
    FORWARD_RESULTS,
    GRADIENTS,
    MODES,
    STATISTICS,
)
from bnproof.engine.model.observation import Observation

FIRST, SECOND = -1, -2
"""The owners of calls of the implementation, and of those of another instance of it."""

ARGUMENTS = {
    "train": CALL_ARGUMENTS,
    "infer": CALL_ARGUMENTS,
    "backward": ("dy",),
    "double": ("dy", "ddx", "ddgamma", "ddbeta"),
    "layer": ("channels",),
    "load": ("state",),
    "state": (),
}


@dataclass(frozen=True, eq=False)
class Given:
    """An array as it was given: which object it was, its values, and where it lay in memory.

    Attributes:
        object: a number for each object.
        name: of the argument.
        values: what it held.
        strides: in bytes.
        shift: elements between a multiple of 64 bytes and its beginning, if it is contiguous.
        writeable: whether it could be written to.
        made_by: the number of the call that returned it, and the name of the result, if one did.
    """

    object: int
    name: str
    values: Array
    strides: tuple[int, ...]
    shift: int = 0
    writeable: bool = True
    made_by: tuple[int, str] | None = None


@dataclass(eq=False)
class Call:
    """One call.

    Attributes:
        number: from 0.
        label: of the step of the plan that it belongs to.
        method: train, infer, backward, double (of a backward), layer, state or load.
        owner: number of the call that returned the layer or the backward; `FIRST` for the
            implementation, `SECOND` for another instance of it.
        arguments: in their order: arrays, None, numbers, or a state.
        settings: keyword arguments, arrays among them as they are among the arguments.
        results: copies of the arrays that came back, by name; of backward and layers, none.
        raised: the exception in one line, "" if it returned.
        left: what the call left in the arrays that it was given, by their object.
    """

    number: int
    label: str
    method: str
    owner: int
    arguments: tuple[Any, ...]
    settings: dict[str, Any]
    results: dict[str, Array] = field(default_factory=dict)
    raised: str = ""
    left: dict[int, bytes] = field(default_factory=dict)


@dataclass(eq=False)
class Transcript:
    """All calls of some cases, one case after the other.

    Attributes:
        calls: in their order.
        ran: each case and what was observed, with the number of its first call.
    """

    calls: list[Call] = field(default_factory=list)
    ran: list[tuple[Case, Observation, int]] = field(default_factory=list)


def transcribe(
    implementation: Any,
    declaration: Declaration,
    cases: Sequence[Case],
    announce: Callable[[str], None],
    returned: Callable[[], None],
) -> Transcript:
    """Run cases, and write down every call that is made."""
    clerk = _Clerk()

    def tell(label: str) -> None:
        clerk.label = label
        announce(label)

    executor = Executor(_stand_in(implementation, clerk, declaration), declaration)
    for case in cases:
        first = len(clerk.transcript.calls)
        observation = executor.run(case, tell, returned)
        clerk.transcript.ran.append((case, observation, first))
    return clerk.transcript


class _Clerk:
    """Writes calls down."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self.label = ""
        self._kept: list[Any] = []  # so that no two objects have the same id
        self._objects: dict[int, int] = {}
        self._results: dict[int, tuple[int, str]] = {}
        self._lock = Lock()  # calls may come from two threads

    def call(self, method: str, owner: int, function: Any, given: Any, settings: Any) -> Any:
        """Make a call and write it down; what it returns is passed on, its functions recorded."""
        names = ARGUMENTS[method]
        with self._lock:
            number = len(self.transcript.calls)
            arguments = tuple(self._given(n, a) for n, a in zip(names, given, strict=False))
            held = {n: self._given(n, a) for n, a in settings.items()}
            call = Call(number, self.label, method, owner, arguments, held)
            self.transcript.calls.append(call)
        try:
            returned = function(*given, **settings)
        except BaseException as raised:
            call.raised = f"{type(raised).__name__}: {raised}"[:200]
            raise
        finally:
            arrays = [a for a in (*given, *settings.values()) if isinstance(a, np.ndarray)]
            call.left = {self._objects[id(a)]: a.tobytes() for a in arrays}
        return self._returned(call, returned)

    def _returned(self, call: Call, returned: Any) -> Any:
        if call.method == "layer":
            return _Layer(returned, call.number, self)
        if call.method == "state" and isinstance(returned, dict):
            call.results = {n: c for n, a in returned.items() if (c := _copy(a)) is not None}
            return returned
        if not isinstance(returned, (tuple, list)):
            return returned
        is_layer = self._is_layer(call)
        names = {"backward": (*GRADIENTS, *ADDED), "double": DOUBLE}.get(
            call.method, FORWARD_RESULTS[:1] if is_layer else FORWARD_RESULTS
        )
        for name, value in zip(names, returned, strict=False):
            if (copy := _copy(value)) is not None:
                call.results[name] = copy
            self._note_statistic(call, name, value)
        if call.method in MODES and callable(returned[-1]):
            backward = returned[-1]

            def recorded(*given: Any) -> Any:
                return self.call("backward", call.number, backward, given, {})

            double = getattr(backward, "double", None)
            if callable(double):

                def recorded_double(*given: Any) -> Any:
                    return self.call("double", call.number, double, given, {})

                recorded.double = recorded_double  # type: ignore[attr-defined]  # as the contract has it
            return type(returned)([*returned[:-1], recorded])
        return returned

    def _note_statistic(self, call: Call, name: str, value: Any) -> None:
        """Note a statistic that came back: later calls may be given the same object."""
        if name in STATISTICS and type(value) is np.ndarray and id(value) not in self._objects:
            self._results[id(value)] = call.number, name
            self._kept.append(value)

    def _is_layer(self, call: Call) -> bool:
        return call.owner >= 0

    def _given(self, name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._given(key, held) for key, held in value.items()}
        if not isinstance(value, np.ndarray):
            return value
        if id(value) not in self._objects:
            self._objects[id(value)] = len(self._objects)
            self._kept.append(value)
        address = value.__array_interface__["data"][0]
        return Given(
            self._objects[id(value)],
            name,
            np.array(value, order="C"),
            value.strides,
            shift=address % ALIGNED // value.itemsize if value.flags.c_contiguous else 0,
            writeable=value.flags.writeable,
            made_by=self._results.get(id(value)),
        )


def _copy(value: Any) -> Array | None:
    """A plain copy of a result of numbers; None for anything else."""
    try:
        plain = np.array(np.asarray(value), order="C")
    except Exception:  # noqa: BLE001  # whatever a target returns
        return None
    known = plain.dtype.name in FORMATS or plain.dtype.kind in "fiub"
    return plain if known and value is not None else None


class _StandIn:
    """The implementation's methods, each recorded."""


def _stand_in(
    implementation: Any, clerk: _Clerk, declaration: Declaration, owner: int = FIRST
) -> Any:
    made: Any = _StandIn()
    for method in declaration.methods:
        setattr(made, method, _recorded(getattr(implementation, method), method, clerk, owner))

    def another_instance() -> Any:
        second = second_instance(implementation, declaration)
        return None if second is None else _stand_in(second, clerk, declaration, SECOND)

    made.another_instance = another_instance
    made.renews = getattr(implementation, "renews", False)
    return made


def _recorded(function: Any, method: str, clerk: _Clerk, owner: int) -> Callable[..., Any]:
    @wraps(function)
    def record(*given: Any, **settings: Any) -> Any:
        return clerk.call(method, owner, function, given, settings)

    return record


class _Layer:
    """A layer's methods, each recorded."""

    def __init__(self, layer: Any, number: int, clerk: _Clerk) -> None:
        self._layer, self._number, self._clerk = layer, number, clerk

    def train(self, *given: Any, **settings: Any) -> Any:
        """One training call."""
        return self._call("train", given, settings)

    def infer(self, *given: Any, **settings: Any) -> Any:
        """One call in evaluation."""
        return self._call("infer", given, settings)

    def state(self, *given: Any, **settings: Any) -> Any:
        """The state."""
        return self._call("state", given, settings)

    def load(self, *given: Any, **settings: Any) -> Any:
        """A state."""
        return self._call("load", given, settings)

    def _call(self, method: str, given: Any, settings: Any) -> Any:
        function = getattr(self._layer, method)
        return self._clerk.call(method, self._number, function, given, settings)
