"""Stateful layers: a scripted life of two layers, each step written down as a case of its own.

A step is judged from the state that the layer reported before it: training moves exactly that
state by one step, inference uses it and leaves it.  So no error accumulates, and a layer that
shares, forgets or half-loads its state is caught in the step where it does.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.properties.arguments import to_canonical, to_declared
from bnproof.properties.cases import Case
from bnproof.properties.contract import Declaration
from bnproof.properties.formats import Array
from bnproof.properties.functional import make_layer
from bnproof.properties.observation import Event, Observation

Call = Callable[..., Any]
STATE = ("running_mean", "running_var", "gamma", "beta")
MANY_STEPS = 260  # beyond 8 bits of a counter
JUDGED_STEPS = (0, 1, 126, 127, 128, 254, 255, 256, 257, MANY_STEPS - 1)


class LayerLife:
    """Runs the script on layers of one implementation; ``call`` makes a call and may stop it."""

    def __init__(
        self, implementation: Any, declaration: Declaration, case: Case, call: Call
    ) -> None:
        self.implementation, self.declaration = implementation, declaration
        self.case, self.call = case, call
        self.steps: list[tuple[Case, Observation]] = []
        self._copies: list[tuple[str, dict[str, Any], dict[str, bytes]]] = []
        self._seen: dict[int, int] = {}
        self._events: list[Event] = []

    def script(self) -> None:
        """Train, another layer, backward late, infer, save, train, load, many steps."""
        x = self.case.x
        first, second = self._new(), self._new()
        self._load(first, "first", self._state_of_case(first))
        untouched = self._state(second, "second")
        backward = self._train(first, "first layer, first batch", x)
        self._unmoved(second, untouched, "the other layer's training")
        saved = self._state(first, "first")
        self._train(second, "second layer, other data", self._halved(x))
        self._late("first layer, backward after the second layer's training", backward)
        self._unmoved(first, saved, "the other layer's training and the backward pass")
        self._infer(first, "first layer, evaluation", x[:1])
        self._train(first, "first layer, smaller batch", x[: max(2, len(x) // 2)])
        self._late("first layer, backward of the batch before", backward)
        self._infer(first, "first layer, evaluation again", x)
        self._load(second, "second", saved)
        self._infer(second, "second layer with the first's state", x)
        self._train(second, "second layer, trained on from there", x)
        self._load(first, "first", saved)
        self._infer(first, "first layer, its own earlier state", x)
        self._look_at_copies()
        self._many(first, x)
        self._single(first)

    def _single(self, layer: Any) -> None:
        """One value per channel, where that is an error: the statistics stay."""
        if self.declaration.single_value != "error":
            return
        before = self._state(layer, "first")
        x = self.case.x[:1].reshape(1, self.case.channels, -1)[:, :, :1]
        x = np.array(x.reshape(1, self.case.channels, *(1,) * (self.case.x.ndim - 2)))
        step, observation = self._step("one value per channel", x, before)
        try:
            layer.train(to_declared(x, self.declaration))
            detail = "returned where an error is declared"
            observation.events.append(Event("no-error", "train", "train", detail))
        except Exception:  # noqa: BLE001  # any error is the due one
            observation.offers.add("raised")
        after = self._state(layer, "first")
        for name in ("running_mean", "running_var"):
            if name in before and before[name].tobytes() != after[name].tobytes():
                detail = f"{name} changed before the error"
                observation.events.append(Event("changed-input", "train", name, detail))
        self.steps.append((step.with_(tags=frozenset({"layer"})), observation))

    def _many(self, layer: Any, x: Array) -> None:
        same = x[: max(2, min(len(x), 4))]
        for number in range(MANY_STEPS):
            small = same if number % 2 else self._halved(same)  # so that the averages never settle
            if number in JUDGED_STEPS:
                self._train(layer, f"first layer, step {number} of many", small)
                self._infer(layer, f"first layer, evaluation after step {number}", small)
            else:
                self.call("layer train", layer.train, to_declared(small, self.declaration).copy())
                self._seen[id(layer)] = self._seen.get(id(layer), 0) + 1

    # --- steps ----------------------------------------------------------------------------

    def _new(self) -> Any:
        return self.call(
            "layer",
            make_layer,
            self.implementation,
            self.case.channels,
            momentum=self.case.momentum,
            eps=self.case.eps,
            dtype=self.case.dtype,
            rank=self.case.x.ndim,
        )

    def _train(self, layer: Any, name: str, x: Array) -> Any:
        before = self._state(layer, name)
        step, observation = self._step(name, x, before, seen=self._batches(layer, before))
        given = to_declared(x, self.declaration).copy()
        results = self.call("layer train", layer.train, given)
        self._seen[id(layer)] = self._seen.get(id(layer), 0) + 1
        y, backward = results
        after = self._state(layer, name)
        self._take(observation, "train", {"y": y, **self._statistics(after)})
        self.steps.append((step, observation))
        observation.events += self._events
        self._events = []
        self._counted(layer, after)
        if backward is not None:
            self._gradients(observation, "train", backward, step)
            self._unmoved(layer, after, "the backward pass")
        return backward

    def _counted(self, layer: Any, after: dict[str, Any]) -> None:
        """A count of batches that averages depend on goes up by one with each."""
        given = after.get("batches_seen") if self.case.momentum is None else None
        if given is not None and int(np.asarray(given)) != self._seen[id(layer)]:
            detail = f"batches_seen is {int(np.asarray(given))}, due {self._seen[id(layer)]}"
            self._report("batches_seen", detail)
            self._seen[id(layer)] = int(np.asarray(given))

    def _unmoved(self, layer: Any, before: dict[str, Any], what: str) -> None:
        """Something that is not a training step of this layer leaves its state."""
        after = _bytes(self._state(layer, ""))
        moved = [key for key, value in _bytes(before).items() if after.get(key) != value]
        if moved:
            self._report(moved[0], f"{moved[0]} was changed by {what}")

    def _report(self, what: str, detail: str) -> None:
        """An event of the last step, or of the first one if there is none yet."""
        self._events.append(Event("changed-state", "state", what, detail))
        if self.steps:
            self.steps[-1][1].events += self._events
            self._events = []

    def _late(self, name: str, backward: Any) -> None:
        """The first backward again; its case is that of the first step."""
        if backward is None or not self.steps or self.declaration.replays:
            return
        step = self.steps[0][0]
        observation = Observation(offers={"train backward"})
        self._gradients(observation, "train", backward, step)
        self.steps.append((step.with_(name=f"{self.case.name}: {name}"), observation))

    def _infer(self, layer: Any, name: str, x: Array) -> None:
        before = self._state(layer, name)
        if "running_mean" not in before or "running_var" not in before:
            return
        step, observation = self._step(name, x, before)
        results = self.call("layer infer", layer.infer, to_declared(x, self.declaration).copy())
        y, backward = results
        after = self._state(layer, name)
        self._take(observation, "infer", {"y": y, **self._statistics(after)})
        if backward is not None:
            self._gradients(observation, "infer", backward, step)
        self.steps.append((step, observation))

    def _gradients(self, observation: Observation, label: str, backward: Any, step: Case) -> None:
        dy = to_declared(step.dy, self.declaration).copy()
        dx, dgamma, dbeta = self.call("layer backward", backward, dy)
        self._take(observation, label, {"dx": dx, "dgamma": dgamma, "dbeta": dbeta})

    def _step(
        self, name: str, x: Array, state: dict[str, Any], seen: int = 0
    ) -> tuple[Case, Observation]:
        statistics = self.case.running_mean, self.case.running_var
        dy = np.resize(self.case.dy, x.shape).astype(x.dtype)
        made = self.case.with_(
            name=f"{self.case.name}: {name}",
            x=np.array(x),
            dy=dy,
            gamma=state.get("gamma"),
            beta=state.get("beta"),
            running_mean=state.get("running_mean", statistics[0]),
            running_var=state.get("running_var", statistics[1]),
            batches_seen=seen,
            calls="short",
            data_key="",
        )
        return made, Observation()

    def _take(self, observation: Observation, label: str, results: dict[str, Any]) -> None:
        taken = observation.results.setdefault(label, {})
        for name, value in results.items():
            if value is None:
                continue
            plain = np.array(np.asarray(value))
            taken[name] = to_canonical(plain, self.declaration) if name in ("y", "dx") else plain
            observation.offers.add(f"{label} {name}")

    # --- state ----------------------------------------------------------------------------

    def _state(self, layer: Any, name: str) -> dict[str, Any]:
        state = dict(self.call("state", layer.state))
        self._copies.append((name, state, _bytes(state)))
        return {k: np.array(np.asarray(v)) if k in STATE else v for k, v in state.items()}

    def _look_at_copies(self) -> None:
        """state() gives copies: what it gave before must not have moved."""
        for name, state, before in self._copies:
            for key, value in _bytes(state).items():
                if value != before[key]:
                    self._report(key, f"state()[{key!r}] of {name} changed after it was given")
                    return

    def _batches(self, layer: Any, state: dict[str, Any]) -> int:
        given = state.get("batches_seen")
        return self._seen.get(id(layer), 0) if given is None else int(np.asarray(given))

    def _load(self, layer: Any, name: str, state: dict[str, Any]) -> None:
        copied = {k: np.array(v) if k in STATE else v for k, v in state.items()}
        if "batches_seen" in state:
            self._seen[id(layer)] = int(np.asarray(state["batches_seen"]))
        self.call("load", layer.load, copied)
        for key, value in copied.items():
            if key in STATE:
                value[...] = 7  # a layer that kept the given arrays shows it
        self._unmoved_by_load(layer, name, state)

    def _unmoved_by_load(self, layer: Any, name: str, state: dict[str, Any]) -> None:
        """What was loaded is what is held, whatever becomes of the given arrays."""
        held, due = _bytes(self._state(layer, name)), _bytes(state)
        for key, value in due.items():
            if held.get(key) != value:
                self._report(key, f"{key} of {name} is not what was loaded")
                return

    def _state_of_case(self, layer: Any) -> dict[str, Any]:
        state = self._state(layer, "first")
        for key in STATE:
            value = getattr(self.case, key)
            if key in state and value is not None:
                state[key] = np.array(value).astype(np.asarray(state[key]).dtype)
        return state

    @staticmethod
    def _statistics(state: dict[str, Any]) -> dict[str, Any]:
        return {k: state[k] for k in ("running_mean", "running_var") if k in state}

    @staticmethod
    def _halved(x: Array) -> Array:
        return np.asarray(x[::-1] * x.dtype.type(0.5))


def _bytes(state: dict[str, Any]) -> dict[str, bytes]:
    return {k: np.asarray(v).tobytes() for k, v in state.items() if k in STATE}
