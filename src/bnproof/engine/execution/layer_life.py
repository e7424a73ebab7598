"""Stateful layers: some of them live through a script, each step written down as a case of its own.

A step is judged from the state that the layer reported before it: training moves exactly that
state by one step, inference uses it and leaves it.  So no error accumulates, and a layer that
shares, forgets or half-loads its state is caught in the step where it does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.functional import make_layer
from bnproof.engine.execution.arguments import to_canonical, to_declared
from bnproof.engine.execution.earlier_results import Kept
from bnproof.engine.model.calls import Label, LayerCall
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import NEGATIVE, Layout, laid_out
from bnproof.engine.model.names import GRADIENTS, LIKE_X, PARAMETERS, STATISTICS, Mode, Output
from bnproof.engine.model.observation import GRADIENT_OF, Observation
from bnproof.engine.model.script import BATCHES, MANY, SCRIPT, Action, ActionKind, size_of_step

STATE = (*STATISTICS, *PARAMETERS)
UNMOVED: tuple[ActionKind, ...] = ("backward", "save")
"""Actions that leave the state of the layer that they are done to."""

JUDGED_STEPS = (0, 1, 126, 127, 128, 254, 255, 256, 257, MANY - 1)
JUDGED_SIZES = (0, 1, 2, 3, *JUDGED_STEPS[2:-1], 510, 511, 512, 513)
"""Of many steps on batches of changing size; the last is judged as well."""


class Make(Protocol):
    """Makes a call of a layer, and may stop the case."""

    def __call__(self, label: LayerCall, function: Any, /, *arguments: Any, **settings: Any) -> Any:
        """Make a call under this name, with arguments and settings."""
        ...


@dataclass
class _Made:
    """A call that was made: its backward can be called again.

    ``loads`` is how many states its layer had taken by then, ``trained`` how often it had trained.
    """

    mode: Mode
    step: Case
    backward: Any
    layer: int
    loads: int
    trained: int


class LayerLife:
    """Runs scripts on layers of one implementation; ``call`` makes a call and may stop it."""

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
        self._watched: list[Kept] = []
        self._made: list[_Made] = []
        self._saved: list[dict[str, Any]] = []
        self._doing = ""

    def run(self) -> None:
        """The script of the case, or the fixed one, from the state that the case gives."""
        for _ in range(2):
            self._new(self.case.channels)
        self._load(0, self._state_of_case(0))
        held = self._states()
        for number, action in enumerate(self.case.script or SCRIPT, start=1):
            self._doing = f"step {number}, {action.describe()}"
            self._do(action)
            for layer, before in enumerate(held):
                if layer != action.layer or action.kind in UNMOVED:
                    self._unmoved(layer, before, action.describe())
            held = self._states()
        self._look_at_copies()
        self._look_at_results()

    def _do(self, action: Action) -> None:
        layer, number = action.layer, action.number
        actions: dict[ActionKind, Callable[[], None]] = {
            "train": lambda: self._train(layer, self._batch(action), action.layout),
            "infer": lambda: self._infer(layer, self._batch(action), action.layout),
            "backward": lambda: self._late(number),
            "save": lambda: self._saved.append(self._state(layer)),
            "load": lambda: self._load(layer, self._saved[number]),
            "repeat": lambda: self._many(layer, number),
            "single value": lambda: self._single(layer),
            "make": lambda: self._another(number),
            "train by sizes": lambda: self._by_sizes(layer, number, "train"),
            "evaluate by sizes": lambda: self._by_sizes(layer, number, "infer"),
        }
        actions[action.kind]()

    # --- actions --------------------------------------------------------------------------

    def _batch(self, action: Action) -> Array:
        return action.examples(self.case.x)[:, : self._channels[action.layer]]

    def _new(self, channels: int) -> None:
        layer = self.call(
            "layer",
            make_layer,
            self.implementation,
            channels,
            momentum=self.case.momentum,
            eps=self.case.eps,
            dtype=self.case.dtype,
            rank=self.case.x.ndim,
        )
        self._layers.append(layer)
        self._channels.append(channels)
        self._seen.append(0)
        self._loads.append(0)
        self._trained.append(0)

    def _another(self, channels: int) -> None:
        """Another layer, with a state of its own."""
        layer = len(self._layers)
        self._new(min(channels, self.case.channels))
        self._load(layer, self._state_of_case(layer))

    def _given(self, x: Array, layout: Layout) -> Array:
        """X as a layer is given it; plain where strided arrays are copied before."""
        strides = self.declaration.keeps_strides
        plain = strides is False or (strides == "positive" and layout in NEGATIVE)
        return laid_out(to_declared(x, self.declaration), "C" if plain else layout)

    def _train(self, layer: int, x: Array, layout: Layout = "C") -> None:
        before = self._state(layer)
        step, observation = self._step(x, before, layout, seen=self._batches(layer, before))
        y, backward = self._called("train", layer, step, observation, layout)
        self._has_trained(layer)
        after = self._state(layer)
        self._take(observation, "train", step, {"y": y, **_statistics(after)})
        self._wrote(step, observation)
        self._counted(layer, after)
        if backward is not None:
            self._gradients(observation, "train", backward, step)
            self._unmoved(layer, after, "the backward pass")
        self._keep("train", step, backward, layer)

    def _infer(self, layer: int, x: Array, layout: Layout = "C") -> None:
        before = self._state(layer)
        if not set(STATISTICS) <= set(before):
            self._keep("infer", self.case, None, layer)
            return
        step, observation = self._step(x, before, layout)
        y, backward = self._called("infer", layer, step, observation, layout)
        after = self._state(layer)
        self._take(observation, "infer", step, {"y": y, **_statistics(after)})
        self._wrote(step, observation)
        if backward is not None:
            self._gradients(observation, "infer", backward, step)
            self._unmoved(layer, after, "the backward pass of evaluation")
        self._keep("infer", step, backward, layer)

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

    def _by_sizes(self, layer: int, times: int, mode: Mode) -> None:
        """Train or evaluate many times, on batches of changing size; some are judged."""
        doing, x = self._doing, self.case.x[:, : self._channels[layer]]
        for number in range(times):
            size = size_of_step(number, len(x))
            self._doing = f"{doing}, number {number}, {size} examples"
            batch = np.roll(x, -number, axis=0)[:size]
            if number in JUDGED_SIZES or number == times - 1:
                (self._train if mode == "train" else self._infer)(layer, batch)
            else:
                given = to_declared(batch, self.declaration).copy()
                label: LayerCall = "layer train" if mode == "train" else "layer infer"
                before = self._state(layer)
                self.call(label, getattr(self._layers[layer], mode), given)
                if mode == "train":
                    self._has_trained(layer)
                else:
                    self._unmoved(layer, before, "an evaluation")

    def _has_trained(self, layer: int) -> None:
        """A training step was made."""
        self._seen[layer] += 1
        self._trained[layer] += 1

    def _keep(self, mode: Mode, step: Case, backward: Any, layer: int) -> None:
        counts = self._loads[layer], self._trained[layer]
        self._made.append(_Made(mode, step, backward, layer, *counts))

    def _late(self, number: int) -> None:
        """Backward of an earlier call, again; its case is that of the call.

        After its own layer has taken another state it may refuse, as PyTorch does, but not err.
        That of an evaluation reads the running statistics, which PyTorch leaves in the buffers that
        training moves: after its layer has trained, what it gives is not judged.
        """
        made = self._made[number]
        if made.backward is None or self.declaration.replays:
            return
        if made.mode == "infer" and made.trained != self._trained[made.layer]:
            self._refuses(made)
            return
        if made.loads != self._loads[made.layer] and self._refuses(made):
            return
        observation = Observation()
        self._gradients(observation, made.mode, made.backward, made.step)
        self._wrote(made.step.with_(name=self._name()), observation)

    def _refuses(self, made: _Made) -> bool:
        dy = to_declared(made.step.dy, self.declaration).copy()
        refused = self.call("backward after load", lambda: _raises(lambda: made.backward(dy)))
        return bool(refused)

    def _many(self, layer: int, times: int) -> None:
        """Train many times, on batches that differ, so that the averages never settle."""
        same = self.case.x[: max(2, min(len(self.case.x), 4))]
        doing = self._doing
        for number in range(times):
            small = BATCHES["another batch"](same) if number % 2 == 0 else same
            self._doing = f"{doing}, number {number}"
            if number in JUDGED_STEPS:
                self._train(layer, small)
                self._infer(layer, small)
            else:
                given = to_declared(small, self.declaration).copy()
                self.call("layer train", self._layers[layer].train, given)
                self._has_trained(layer)

    def _single(self, layer: int) -> None:
        """One value per channel, where that is an error: the statistics stay."""
        if self.declaration.single_value != "error":
            return
        before = self._state(layer)
        channels = self._channels[layer]
        x = self.case.x[:1, :channels].reshape(1, channels, -1)[:, :, :1]
        x = np.array(x.reshape(1, channels, *(1,) * (self.case.x.ndim - 2)))
        step, observation = self._step(x, before)
        train, given = self._layers[layer].train, to_declared(x, self.declaration)
        if not _raises(lambda: train(given)):
            observation.events.append(Event(EventKind.NO_ERROR, "train", "train"))
        after = self._state(layer)
        for name in STATISTICS:
            if name in before and before[name].tobytes() != after[name].tobytes():
                changed = Event(EventKind.CHANGED_INPUT, "train", name, aspect=Aspect.BEFORE_ERROR)
                observation.events.append(changed)
        self._wrote(step, observation)

    # --- what is written down -------------------------------------------------------------

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
                continue
            if name not in STATISTICS and isinstance(value, np.ndarray):
                of: Label = "layer train" if label == "train" else "layer infer"
                of = "layer" if name in GRADIENTS else of  # called "layer backward"
                self._watched.append(Kept(name, of, value, value.tobytes()))
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


def _raises(call: Callable[[], object]) -> bool:
    """Whether a call of the target raises."""
    try:
        call()
    except Exception:  # noqa: BLE001  # the target is expected to raise, whatever it is
        return True
    return False


def _statistics(state: dict[str, Any]) -> dict[Output, Any]:
    return {name: state[name] for name in STATISTICS if name in state}


def _bytes(state: dict[str, Any]) -> dict[str, bytes]:
    return {k: np.asarray(v).tobytes() for k, v in state.items() if k in STATE}
