"""The steps of layers' lives as they are written down: results, states, and what changed."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.functional import make_layer
from bnproof.engine.execution.arguments import to_canonical, to_declared
from bnproof.engine.execution.earlier_results import Kept
from bnproof.engine.model.calls import Label, LayerCall
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import NEGATIVE, Layout, laid_out
from bnproof.engine.model.names import GRADIENTS, LIKE_X, PARAMETERS, STATISTICS, Mode, Output
from bnproof.engine.model.observation import GRADIENT_OF, Observation

STATE = (*STATISTICS, *PARAMETERS)
MATRIX = 2
"""The rank without positions."""


class Make(Protocol):
    """Makes a call of a layer, and may stop the case."""

    def __call__(self, label: LayerCall, function: Any, /, *arguments: Any, **settings: Any) -> Any:
        """Make a call under this name, with arguments and settings."""
        ...


class LayerSteps:
    """Writes down what layers of one implementation do; ``call`` makes a call and may stop it."""

    def __init__(
        self, implementation: Any, declaration: Declaration, case: Case, call: Make
    ) -> None:
        self.implementation, self.declaration = implementation, declaration
        self.case, self.call = case, call
        self.steps: list[tuple[Case, Observation]] = []
        self._copies: list[tuple[dict[str, Any], dict[str, bytes]]] = []
        self._events: list[Event] = []
        self._layers: list[Any] = []
        self._channels: list[int] = []
        self._seen: list[int] = []
        self._loads: list[int] = []
        self._trained: list[int] = []
        self._ranks: dict[int, bool] = {}
        self._watched: list[Kept] = []
        self._doing = ""

    def _make(self, channels: int) -> Any:
        return self.call(
            "layer",
            make_layer,
            self.implementation,
            channels,
            momentum=self.case.momentum,
            eps=self.case.eps,
            dtype=self.case.dtype,
            rank=self.case.x.ndim,
        )

    def _refused_by_another(self, action: Callable[[Any], object]) -> bool:
        """Whether a layer that nothing else is done to raises."""
        layer = self._make(self._channels[0])
        return bool(self.call("layer", lambda: raises(lambda: action(layer))))

    def _new(self, channels: int) -> None:
        self._layers.append(self._make(channels))
        self._channels.append(channels)
        self._seen.append(0)
        self._loads.append(0)
        self._trained.append(0)

    def _given(self, x: Array, layout: Layout) -> Array:
        """X as a layer is given it; plain where strided arrays are copied before."""
        strides = self.declaration.keeps_strides
        plain = strides is False or (strides == "positive" and layout in NEGATIVE)
        return laid_out(to_declared(x, self.declaration), "C" if plain else layout)

    def _called(
        self, mode: Mode, layer: int, step: Case, observation: Observation, layout: Layout
    ) -> Any:
        """The results of a call on the step's x, which has to stay as it is."""
        given = self._given(step.x, layout)
        before = given.tobytes()
        label: LayerCall = "layer train" if mode == "train" else "layer infer"
        results = self.call(label, getattr(self._layers[layer], mode), given)
        if given.tobytes() != before:
            observation.events.append(Event(EventKind.CHANGED_INPUT, label, "x"))
        return results

    def _name(self) -> str:
        return f"{self.case.name}: {self._doing}"

    def _step(
        self, x: Array, state: dict[str, Any], layout: Layout = "C", *, seen: int = 0
    ) -> tuple[Case, Observation]:
        made = self.case.with_(
            name=self._name(),
            x=np.array(x),
            dy=np.resize(self.case.dy, x.shape).astype(x.dtype),
            gamma=state.get("gamma"),
            beta=state.get("beta"),
            running_mean=self._statistic(state, "running_mean", x.shape[1]),
            running_var=self._statistic(state, "running_var", x.shape[1]),
            layouts={} if layout == "C" else {"x": layout},
            batches_seen=seen,
            calls="short",
            data_key="",
            script=(),
        )
        return made, Observation()

    def _statistic(self, state: dict[str, Any], name: str, channels: int) -> Array:
        """A running statistic as the layer holds it; one of a wrong shape was told before."""
        expected: Array = getattr(self.case, name)[:channels]
        found = state.get(name, expected)
        return found if np.shape(found) == expected.shape else expected

    def _wrote(self, step: Case, observation: Observation) -> None:
        self.steps.append((step, observation))
        observation.events += self._events
        self._events = []

    def _gradients(self, observation: Observation, label: Mode, backward: Any, step: Case) -> None:
        dy = to_declared(step.dy, self.declaration).copy()
        dx, dgamma, dbeta = self.call("layer backward", backward, dy)
        gradients: dict[Output, Any] = {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}
        absent = [name for name, of in GRADIENT_OF.items() if getattr(step, of) is None]
        taken = {name: value for name, value in gradients.items() if name not in absent}
        self._take(observation, label, step, taken)

    def _take(
        self, observation: Observation, label: Mode, step: Case, results: dict[Output, Any]
    ) -> None:
        taken = observation.results.setdefault(label, {})
        for name, value in results.items():
            if value is None:
                observation.absent.add((label, name))
                continue
            if name not in STATISTICS and isinstance(value, np.ndarray):
                of: Label = "layer train" if label == "train" else "layer infer"
                of = "layer" if name in GRADIENTS else of  # called "layer backward"
                self._watched.append(Kept.now(name, of, value))
            plain = np.array(np.asarray(value))
            made = to_canonical(plain, self.declaration) if name in LIKE_X else plain
            observation.offers.add((label, name))
            expected = step.x.shape if name in LIKE_X else step.running_mean.shape
            if made.shape == expected:
                taken[name] = made
                continue
            malformed = Event(
                EventKind.MALFORMED,
                label,
                name,
                aspect=Aspect.SHAPE,
                expected=str(expected),
                actual=str(made.shape),
            )
            observation.events.append(malformed)

    def _report(
        self,
        entry: str,
        aspect: Aspect,
        *,
        expected: str = "",
        actual: str = "",
        message: str = "",
    ) -> None:
        """An event of the last step, or of the first one if there is none yet."""
        changed = Event(
            EventKind.CHANGED_STATE,
            "state",
            entry,
            aspect=aspect,
            expected=expected,
            actual=actual,
            message=message,
        )
        self._events.append(changed)
        if self.steps:
            self.steps[-1][1].events += self._events
            self._events = []

    # --- state ----------------------------------------------------------------------------

    def _state(self, layer: int) -> dict[str, Any]:
        state = dict(self.call("state", self._layers[layer].state))
        self._copies.append((state, _bytes(state)))
        return {k: np.array(np.asarray(v)) if k in STATE else v for k, v in state.items()}

    def _states(self) -> list[dict[str, Any]]:
        return [self._state(layer) for layer in range(len(self._layers))]

    def _state_of_case(self, layer: int) -> dict[str, Any]:
        """The state that the case gives, its channels moved on for every layer after the first."""
        state = self._state(layer)
        for key in STATE:
            value = getattr(self.case, key)
            if key in state and value is not None:
                moved = np.roll(value, -layer)[: self._channels[layer]]
                state[key] = np.array(moved).astype(np.asarray(state[key]).dtype)
        return state

    def _load(self, layer: int, state: dict[str, Any]) -> None:
        copied = {k: np.array(v) if k in STATE else v for k, v in state.items()}
        if "batches_seen" in state:
            self._seen[layer] = int(np.asarray(state["batches_seen"]))
        self.call("load", self._layers[layer].load, copied)
        self._loads[layer] += 1
        for key, value in copied.items():
            if key in STATE:
                value[...] = 7  # a layer that kept the given arrays shows it
        held, due = _bytes(self._state(layer)), _bytes(state)
        for key, value in due.items():
            if held.get(key) != value:
                self._report(key, Aspect.LOADED)
                return

    def _batches(self, layer: int, state: dict[str, Any]) -> int:
        given = state.get("batches_seen")
        return self._seen[layer] if given is None else int(np.asarray(given))

    def _counted(self, layer: int, after: dict[str, Any]) -> None:
        """A count of batches that averages depend on goes up by one with each."""
        given = after.get("batches_seen") if self.case.momentum is None else None
        if given is not None and int(np.asarray(given)) != self._seen[layer]:
            counted = int(np.asarray(given))
            due = str(self._seen[layer])
            self._report("batches_seen", Aspect.COUNT, expected=due, actual=str(counted))
            self._seen[layer] = counted

    def _unmoved(self, layer: int, before: dict[str, Any], what: str) -> None:
        """Something that is not a training step of this layer leaves its state."""
        after = _bytes(self._state(layer))
        moved = [key for key, value in _bytes(before).items() if after.get(key) != value]
        if moved:
            self._report(moved[0], Aspect.MOVED, message=what)

    def _look_at_copies(self) -> None:
        """state() gives copies: what it gave before must not have moved."""
        for state, before in self._copies:
            for key, value in _bytes(state).items():
                if value != before[key]:
                    self._report(key, Aspect.COPY)
                    return

    def _look_at_results(self) -> None:
        """What a call returned belongs to the caller: no later call may change it."""
        for kept in self._watched:
            if not kept.is_unchanged and self.steps:
                changed = Event(EventKind.CHANGED_RESULT, "layer", kept.name, kept.of)
                self.steps[-1][1].events.append(changed)
                return


def in_rank(x: Array, rank: int) -> Array:
    """A batch in another rank: positions are samples in rank 2, and two on each axis otherwise.

    The sides of images differ from the number of channels, so that nothing fits by chance.

    >>> in_rank(np.zeros((5, 3)), 4).shape, in_rank(np.zeros((5, 3, 2, 2)), 2).shape
    ((5, 3, 2, 2), (20, 3))
    """
    if rank == x.ndim:
        return x
    rows = columns(x)
    if rank == MATRIX:
        return np.ascontiguousarray(rows)
    side = 3 if x.shape[1] == 2 else 2  # another number than the channels
    sides = (side,) * (rank - 2)
    turned = [np.roll(rows, k, axis=0) * x.dtype.type(1 - k / 16) for k in range(math.prod(sides))]
    return np.stack(turned, axis=-1).reshape(*rows.shape, *sides)


def raises(call: Callable[[], object]) -> bool:
    """Whether a call of the target raises."""
    try:
        call()
    except Exception:  # noqa: BLE001  # the target is expected to raise, whatever it is
        return True
    return False


def statistics_of(state: dict[str, Any]) -> dict[Output, Any]:
    """The running statistics of a state, as results."""
    return {name: state[name] for name in STATISTICS if name in state}


def _bytes(state: dict[str, Any]) -> dict[str, bytes]:
    return {k: np.asarray(v).tobytes() for k, v in state.items() if k in STATE}
