"""Stateful layers: some of them live through a script, each step written down as a case of its own.

A step is judged from the state that the layer reported before it: training moves exactly that
state by one step, inference uses it and leaves it.  So no error accumulates, and a layer that
shares, forgets or half-loads its state is caught in the step where it does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import to_declared
from bnproof.engine.execution.layer_steps import LayerSteps, Make, in_rank, raises, statistics_of
from bnproof.engine.model.calls import LayerCall
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.layouts import Layout
from bnproof.engine.model.names import STATISTICS, Mode
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.script import BATCHES, MANY, SCRIPT, Action, ActionKind, size_of_step

UNMOVED: tuple[ActionKind, ...] = ("backward", "save")
"""Actions that leave the state of the layer that they are done to."""

JUDGED_STEPS = (0, 1, 126, 127, 128, 254, 255, 256, 257, MANY - 1)
JUDGED_SIZES = (0, 1, 2, 3, *JUDGED_STEPS[2:-1], 510, 511, 512, 513, 1022, 1023, 1024)
"""Of many steps on batches of changing size; every fortieth and the last are judged as well."""


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


class LayerLife(LayerSteps):
    """Runs scripts on layers of one implementation."""

    def __init__(
        self, implementation: Any, declaration: Declaration, case: Case, call: Make
    ) -> None:
        super().__init__(implementation, declaration, case, call)
        self._made: list[_Made] = []
        self._saved: list[dict[str, Any]] = []

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
        if action.rank and not self._takes(action):
            return
        actions: dict[ActionKind, Callable[[], None]] = {
            "train": lambda: self._train(layer, self._batch(action), action.layout, action.waits),
            "infer": lambda: self._infer(layer, self._batch(action), action.layout, action.waits),
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
        batch = action.examples(self.case.x)[:, : self._channels[action.layer]]
        return in_rank(batch, action.rank) if action.rank else batch

    def _takes(self, action: Action) -> bool:
        """Whether a layer that is made for it takes the rank: one may refuse all but the first."""
        if action.rank not in self._ranks:
            x = to_declared(self._batch(action), self.declaration)
            tried = [lambda layer: layer.train(x.copy()), lambda layer: layer.infer(x.copy())]
            self._ranks[action.rank] = not any(map(self._refused_by_another, tried))
        return self._ranks[action.rank]

    def _another(self, channels: int) -> None:
        """Another layer, with a state of its own."""
        layer = len(self._layers)
        self._new(min(channels, self.case.channels))
        self._load(layer, self._state_of_case(layer))

    def _train(self, layer: int, x: Array, layout: Layout = "C", waits: bool = False) -> None:
        before = self._state(layer)
        step, observation = self._step(x, before, layout, seen=self._batches(layer, before))
        y, backward = self._called("train", layer, step, observation, layout)
        self._has_trained(layer)
        after = self._state(layer)
        self._take(observation, "train", step, {"y": y, **statistics_of(after)})
        self._wrote(step, observation)
        self._counted(layer, after)
        if backward is not None and not self._left_waiting(waits):
            self._gradients(observation, "train", backward, step)
            self._unmoved(layer, after, "the backward pass")
        self._keep("train", step, backward, layer)

    def _left_waiting(self, waits: bool) -> bool:
        """Whether backward is left for later, where that is declared to work."""
        return waits and not self.declaration.replays

    def _infer(self, layer: int, x: Array, layout: Layout = "C", waits: bool = False) -> None:
        before = self._state(layer)
        if not set(STATISTICS) <= set(before):
            self._keep("infer", self.case, None, layer)
            return
        step, observation = self._step(x, before, layout)
        y, backward = self._called("infer", layer, step, observation, layout)
        after = self._state(layer)
        self._take(observation, "infer", step, {"y": y, **statistics_of(after)})
        self._wrote(step, observation)
        if backward is not None and not self._left_waiting(waits):
            self._gradients(observation, "infer", backward, step)
            self._unmoved(layer, after, "the backward pass of evaluation")
        self._keep("infer", step, backward, layer)

    def _by_sizes(self, layer: int, times: int, mode: Mode) -> None:
        """Train or evaluate many times, on batches of changing size; some are judged."""
        doing, x = self._doing, self.case.x[:, : self._channels[layer]]
        for number in range(times):
            size = size_of_step(number, len(x))
            self._doing = f"{doing}, number {number}, {size} examples"
            batch = np.roll(x, -number, axis=0)[:size]
            if number in JUDGED_SIZES or (number + 1) % 40 == 0 or number == times - 1:
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
        refused = self.call("backward after load", lambda: raises(lambda: made.backward(dy)))
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
        channels = self._channels[layer]
        x = self.case.x[:1, :channels].reshape(1, channels, -1)[:, :, :1]
        self._refused(layer, np.array(x.reshape(1, channels, *(1,) * (self.case.x.ndim - 2))))

    def _refused(self, layer: int, x: Array) -> None:
        """A batch that has to be refused: the statistics stay."""
        before = self._state(layer)
        step, observation = self._step(x, before)
        train, given = self._layers[layer].train, to_declared(x, self.declaration)
        if not raises(lambda: train(given)):
            observation.events.append(Event(EventKind.NO_ERROR, "train", "train"))
        after = self._state(layer)
        for name in STATISTICS:
            if name in before and before[name].tobytes() != after[name].tobytes():
                changed = Event(EventKind.CHANGED_INPUT, "train", name, aspect=Aspect.BEFORE_ERROR)
                observation.events.append(changed)
        self._wrote(step, observation)
