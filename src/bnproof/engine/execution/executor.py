"""Running a case on an implementation: the calls are made, and what came back is written down.

Nothing is judged here.  Results go through np.asarray and are copied at once; whatever the
implementation does to its inputs, to earlier results or to its own state becomes an event.
"""

import contextlib
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import ContractError, Declaration, declaration_of
from bnproof.engine.contract.functional import functional
from bnproof.engine.execution.arguments import Arguments, to_canonical
from bnproof.engine.execution.layer_life import LayerLife
from bnproof.engine.model.case import DOUBLE_ARGUMENTS, Case
from bnproof.engine.model.formats import FORMATS, Array, name_of
from bnproof.engine.model.names import DOUBLE, FORWARD_RESULTS, GRADIENTS
from bnproof.engine.model.observation import GRADIENT_OF, WHOLE, Event, Observation

Announce = Callable[[str], None]
PLANS = ("full", "short", "error", "steps", "refill", "infer", "train", "empty", "layer")
"""The plans of calls that a case can ask for."""

RUNNING_STATISTICS = "statistics"
"""What an event concerns that is about the running statistics after an error."""

Returned = Callable[[], None]
REMEMBERED = 12  # earlier results that are looked at again after each case
REMEMBERED_SIZE = 4096  # larger results are not kept


class Stop(Exception):  # noqa: N818  # not an error: the case is over
    """The implementation raised, so that the rest of the case cannot be run."""


class Executor:
    """Runs cases on one implementation, one instance for all, so that state and caches show."""

    def __init__(self, implementation: Any, declaration: Declaration) -> None:
        self.implementation = functional(implementation, declaration)
        self.original = implementation
        self.declaration = declaration
        self._earlier: list[tuple[str, Array, bytes]] = []

    @cached_property
    def second(self) -> Any:
        """Another instance, None where there can be none."""
        return _second_instance(self.original, self.declaration)

    def run(self, case: Case, announce: Announce, returned: Returned = lambda: None) -> Observation:
        """Make the calls of a case; whatever is raised becomes an event.

        ``announce`` is told of every call before it is made, ``returned`` after it.
        """
        observation = Observation()
        run = _Run(self, case, announce, returned, observation)
        with contextlib.suppress(Stop), np.errstate(all="ignore"):
            run.plan()
        self._look_at_earlier_results(observation)
        self._earlier = (self._earlier + run.live)[-REMEMBERED:]
        return observation

    def _look_at_earlier_results(self, observation: Observation) -> None:
        kept = []
        for label, live, before in self._earlier:
            if live.tobytes() == before:
                kept.append((label, live, before))
                continue
            detail = f"{label} changed during a later case"
            observation.events.append(Event("changed-result", "later", label, detail))
        self._earlier = kept


class _Run:
    """One run of one case."""

    def __init__(
        self,
        executor: Executor,
        case: Case,
        announce: Announce,
        returned: Returned,
        observation: Observation,
    ) -> None:
        self.executor, self.case, self.observation = executor, case, observation
        self.declaration, self.announce, self.returned = executor.declaration, announce, returned
        self.implementation = executor.implementation
        self.arguments = Arguments(case, self.declaration)
        self.live: list[tuple[str, Array, bytes]] = []
        self._watched: list[tuple[str, Array, bytes]] = []

    def plan(self) -> None:
        """The calls of the case's plan."""
        plans = (
            self._full,
            self._short,
            self._error,
            self._steps,
            self._refill,
            self._inference_only,
            self._training_only,
            self._empty,
            self._layer,
        )
        dict(zip(PLANS, plans, strict=True))[self.case.calls]()
        self._close()

    # --- plans ----------------------------------------------------------------------------

    def _full(self) -> None:
        """Train, backward twice, other calls, backward again, train again; likewise inference."""
        backward = self._train("train")
        self._gradients("train", backward)
        self._repeat("train", backward)
        self._double("double", backward)
        inference = self._infer("infer")
        if not self.declaration.replays:
            self._other_calls()
            self._gradients("train late", backward, late=True)
            self._double("double late", backward, late=True)
            self._gradients("infer", inference)
            self._other_calls()
            self._gradients("infer late", inference, late=True)
        else:
            self._gradients("infer", inference)
        self._double("double-infer", inference)
        self._alone()
        self._train_again()

    def _short(self) -> None:
        """Train and backward, infer and its backward."""
        backward = self._train("train")
        self._gradients("train", backward)
        self._double("double", backward)
        self._inference_only()

    def _inference_only(self) -> None:
        backward = self._infer("infer")
        self._gradients("infer", backward)
        self._double("double-infer", backward)

    def _training_only(self) -> None:
        self._train("train")

    def _error(self) -> None:
        """Training has to raise, before the statistics change; inference has to work."""
        if self._trains:
            self._refused_training()
        self._infer("infer")

    def _empty(self) -> None:
        """An empty batch in training, if it is not declared an error, and in inference."""
        if self.declaration.empty == "empty":
            self._gradients("train", self._train("train"))
        elif self._trains:
            self._refused_training()
        with contextlib.suppress(Stop):
            self._infer("infer")
        self.observation.events = [
            e for e in self.observation.events if not (e.kind == "raised" and e.call == "infer")
        ]

    def _refused_training(self) -> None:
        """Training has to raise, before the statistics change."""
        statistics = self.arguments.statistics()
        before = [a.tobytes() for a in statistics]
        try:
            self._call_train("train", self.arguments, self.case, statistics)
            self._event("no-error", "train", "train", "returned where an error is declared")
        except Stop:
            self.observation.events = [e for e in self.observation.events if e.kind != "raised"]
            self.observation.offers.add("raised")
        if [a.tobytes() for a in statistics] != before:
            self._event("changed-input", "train", RUNNING_STATISTICS, "changed before the error")

    def _steps(self) -> None:
        """The running statistics carried through many batches."""
        if not self._trains:
            return
        statistics = self.arguments.statistics()
        seen = self.case.batches_seen
        for number, x in enumerate((self.case.x, *self.case.steps)):
            step = self.case.with_(x=x, batches_seen=seen + number)
            arguments = Arguments(step, self.declaration)
            label = "train" if number == 0 else "step"
            _, mean, var, _ = self._call_train(label, arguments, step, statistics)
            if mean is None or var is None:
                return
            copies = np.array(np.asarray(mean)), np.array(np.asarray(var))
            if copies[0].shape != statistics[0].shape or copies[1].shape != statistics[1].shape:
                self._event("malformed", label, "running_mean", "wrong shape")
                return
            statistics = copies
        self.observation.results["steps"] = {
            "running_mean": statistics[0],
            "running_var": statistics[1],
        }
        self._infer("infer")

    def _refill(self) -> None:
        """The same memory holds other data first: nothing may be remembered by address."""
        if not self._trains:
            return
        other = _other_data(self.case)
        self.arguments.refill(other)
        results = self._call_train("other", self.arguments, other, self.arguments.statistics())
        if results[3] is not None:
            self._call("other backward", results[3], self.arguments["dy"])
        if _offers(self.implementation, "infer"):
            self._call_infer("other", self.arguments, other, self.arguments.statistics())
        self.arguments.refill(self.case)
        self._short()

    def _layer(self) -> None:
        """The life of two layers; its steps are cases of their own."""
        life = LayerLife(self.executor.original, self.declaration, self.case, self._layer_call)
        self.observation.facts = {"steps": life.steps}
        life.run()

    def _layer_call(self, label: str, function: Any, *arguments: Any, **settings: Any) -> Any:
        """A call of a layer; a result of the wrong form ends the case as an exception does."""
        result = self._call(label, function, *arguments, **settings)
        due = {"layer train": 2, "layer infer": 2, "layer backward": 3}.get(label)
        if due is not None and _parts(result, due) is None:
            parts = "(y, backward)" if due == 2 else "(dx, dgamma, dbeta)"
            self._malformed(label, "results", f"{_kind(result)}, due {parts}")
            raise Stop
        return result

    # --- steps of plans -------------------------------------------------------------------

    @property
    def _trains(self) -> bool:
        return _offers(self.implementation, "train")

    def _train(self, label: str) -> Any:
        if not self._trains:
            return None
        statistics = self.arguments.statistics()
        results = self._call_train(label, self.arguments, self.case, statistics)
        self._take(label, FORWARD_RESULTS, results[:3])
        if self.declaration.in_place:
            self.observation.results["train buffers"] = {
                "running_mean": np.array(statistics[0]),
                "running_var": np.array(statistics[1]),
            }
            self._watch("the buffer of running_mean", statistics[0])
            self._watch("the buffer of running_var", statistics[1])
        if results[3] is not None:
            self.observation.offers.add("train backward")
        return results[3]

    def _infer(self, label: str) -> Any:
        if not _offers(self.implementation, "infer"):
            return None
        statistics = self.arguments.statistics()
        results = self._call_infer(label, self.arguments, self.case, statistics)
        self._take(label, FORWARD_RESULTS, results[:3])
        if self.declaration.in_place:
            self.observation.results["infer buffers"] = {
                "running_mean": np.array(statistics[0]),
                "running_var": np.array(statistics[1]),
            }
        if results[3] is not None:
            self.observation.offers.add("infer backward")
        return results[3]

    def _gradients(self, label: str, backward: Any, *, late: bool = False) -> None:
        if backward is None:
            return
        results = self._call(f"{label} backward", backward, self.arguments["dy"])
        parts = _parts(results, 3)
        if parts is None:
            self._malformed(label, "backward", f"{_kind(results)}, due (dx, dgamma, dbeta)")
            return
        self._take(label, GRADIENTS, parts, watch=not late)

    def _double(self, label: str, backward: Any, *, late: bool = False) -> None:
        """Double backward, where it is offered and the case has what it is given.

        What it raises does not end the case: backward and inference work without it.
        """
        double = getattr(backward, "double", None)
        if self.case.ddx is None or not callable(double):
            return
        given = [self.arguments[name] for name in ("dy", *DOUBLE_ARGUMENTS)]
        with contextlib.suppress(Stop):
            results = self._call(f"{label} backward", double, *given)
            parts = _parts(results, 3)
            if parts is None:
                detail = f"double backward: {_kind(results)}, due (ddy, dx, dgamma)"
                self._event("malformed", label, "double", detail)
                return
            self._take(label, DOUBLE, parts, watch=not late)
            if any(part is not None for part in parts):
                self.observation.offers.add("double backward")
        if late and self.declaration.deterministic:
            self._same_bits("double", label, DOUBLE)

    def _repeat(self, label: str, backward: Any) -> None:
        """The same backward twice, with another dy in between."""
        if backward is None:
            return
        other = self.arguments["dy"].copy()
        other *= other.dtype.type(0.5)
        self._call(f"{label} backward", backward, other)
        self._look_at_results()
        self._gradients(f"{label} again", backward, late=True)
        if self.declaration.deterministic:
            self._same_bits(label, f"{label} again", GRADIENTS)

    def _train_again(self) -> None:
        """The same training call twice."""
        if not self._trains:
            return
        results = self._call_train(
            "train repeated", self.arguments, self.case, self.arguments.statistics()
        )
        self._take("train repeated", FORWARD_RESULTS, results[:3], watch=False)
        if self.declaration.deterministic:
            self._same_bits("train", "train repeated", FORWARD_RESULTS)

    def _other_calls(self) -> None:
        """Three training calls on other data, one in another shape, inference, another instance."""
        other = _other_data(self.case)
        arguments = Arguments(other, self.declaration)
        cases = [(other, arguments), (other, arguments)]
        if "shape" not in self.declaration.fixed and len(other.x) > 2:
            smaller = other.with_(x=other.x[:-1], dy=other.dy[:-1], layouts={})
            cases.append((smaller, Arguments(smaller, self.declaration)))
        targets = [self.implementation]
        if self.executor.second is not None:
            targets.append(self.executor.second)
        for target in targets:
            for made, given in cases:
                if _offers(target, "train"):
                    results = self._call_train("other", given, made, given.statistics(), target)
                    if results[3] is not None:
                        self._call("other backward", results[3], given["dy"])
            if _offers(target, "infer"):
                self._call_infer("other", arguments, other, arguments.statistics(), target)
        self._look_at_results()

    def _alone(self) -> None:
        """Inference on the first example alone."""
        if not _offers(self.implementation, "infer") or "shape" in self.declaration.fixed:
            return
        alone = self.case.with_(x=self.case.x[:1], dy=self.case.dy[:1], layouts={})
        arguments = Arguments(alone, self.declaration)
        results = self._call_infer("infer one", arguments, alone, arguments.statistics())
        self._take("infer one", ("y",), results[:1], watch=False, like=alone)

    # --- calls ----------------------------------------------------------------------------

    def _call_train(
        self,
        label: str,
        given: Arguments,
        case: Case,
        statistics: tuple[Array, Array],
        target: Any = None,
    ) -> tuple[Any, Any, Any, Any]:
        extra = {"batches_seen": case.batches_seen} if case.momentum is None else {}
        train = (target or self.implementation).train
        arguments = (given["x"], given["gamma"], given["beta"], *statistics)
        results = self._call(
            label, train, *arguments, momentum=case.momentum, eps=case.eps, **extra
        )
        return self._four(label, results)

    def _call_infer(
        self,
        label: str,
        given: Arguments,
        case: Case,
        statistics: tuple[Array, Array],
        target: Any = None,
    ) -> tuple[Any, Any, Any, Any]:
        infer = (target or self.implementation).infer
        arguments = (given["x"], given["gamma"], given["beta"], *statistics)
        return self._four(label, self._call(label, infer, *arguments, eps=case.eps))

    def _four(self, label: str, results: Any) -> tuple[Any, Any, Any, Any]:
        parts = _parts(results, 4)
        if parts is None:
            due = "(y, running_mean, running_var, backward)"
            self._malformed(label, "results", f"{_kind(results)}, due {due}")
            raise Stop
        return parts[0], parts[1], parts[2], parts[3]

    def _call(self, label: str, function: Any, *arguments: Any, **settings: Any) -> Any:
        self.announce(label)
        try:
            return function(*arguments, **settings)
        except BaseException as raised:  # noqa: BLE001  # SystemExit too is a verdict on the target
            self._event("raised", label, label, _one_line(raised))
            raise Stop from None
        finally:
            self.returned()

    # --- results --------------------------------------------------------------------------

    def _take(
        self,
        label: str,
        names: tuple[str, ...],
        results: tuple[Any, ...] | list[Any],
        *,
        watch: bool = True,
        like: Case | None = None,
    ) -> None:
        taken = self.observation.results.setdefault(label, {})
        for name, result in zip(names, results, strict=True):
            if result is None:
                continue
            self.observation.offers.add(f"{label} {name}")
            if self._is_absent(name, like or self.case):
                continue
            copy = self._copy(label, name, result, like or self.case)
            if copy is not None:
                taken[name] = copy
            if watch and isinstance(result, np.ndarray):
                self._watch(f"{name} of {label}", result)

    def _is_absent(self, name: str, case: Case) -> bool:
        """Whether a result is the gradient of a parameter that was not given."""
        return name in GRADIENT_OF and getattr(case, GRADIENT_OF[name]) is None

    def _copy(self, label: str, name: str, result: Any, case: Case) -> Array | None:
        """A plain copy in the canonical layout, or None where the form forbids it."""
        try:
            plain = np.array(np.asarray(result))
        except Exception as raised:  # noqa: BLE001  # whatever the target returned
            self._malformed(label, name, f"cannot be read as an array: {_one_line(raised)}")
            return None
        whole = name in WHOLE
        due_shape = _shape(case, self.declaration) if whole else case.running_mean.shape
        due_dtype = case.dtype if whole else case.parameter_dtype
        if name_of(plain.dtype) != due_dtype:
            self._malformed(label, name, f"dtype {plain.dtype}, due {due_dtype}")
        if plain.shape != due_shape:
            self._malformed(label, name, f"shape {plain.shape}, due {due_shape}")
            return None
        if name_of(plain.dtype) not in FORMATS and plain.dtype.kind not in "fiub":
            return None
        return to_canonical(plain, self.declaration) if whole else plain

    def _watch(self, label: str, live: Array) -> None:
        if not self.arguments.shares_memory(live):
            self._watched.append((label, live, live.tobytes()))

    def _same_bits(self, first: str, second: str, names: tuple[str, ...]) -> None:
        a, b = (self.observation.results.get(label, {}) for label in (first, second))
        for name in names:
            if name in a and name in b and a[name].tobytes() != b[name].tobytes():
                detail = f"{name}: the same call gave other bits"
                self._event("nondeterministic", first, name, detail)

    def _close(self) -> None:
        """What changed that should not have, once all calls were made."""
        for name in self.arguments.changed():
            self._event("changed-input", "case", name, f"{name} was modified")
        self._look_at_results()
        for label, live, before in self._watched:
            if live.size <= REMEMBERED_SIZE and not self.declaration.in_place:
                self.live.append((f"{label} ({self.case.name})", live, before))

    def _look_at_results(self) -> None:
        """Which earlier results have changed; each is told once."""
        kept = []
        for label, live, before in self._watched:
            if live.tobytes() == before:
                kept.append((label, live, before))
            else:
                detail = f"{label} changed after a later call"
                self._event("changed-result", "case", label, detail)
        self._watched = kept

    def _malformed(self, label: str, name: str, detail: str) -> None:
        self._event("malformed", label, name, f"{name} of {label}: {detail}")

    def _event(self, kind: str, call: str, what: str, detail: str) -> None:
        self.observation.events.append(Event(kind, call, what, detail))


def _shape(case: Case, declaration: Declaration) -> tuple[int, ...]:
    """The shape of x as the implementation sees it."""
    n, c, *spatial = case.x.shape
    return (n, c, *spatial) if declaration.channel_axis == 1 else (n, *spatial, c)


def _offers(implementation: Any, method: str) -> bool:
    """Whether it has a method; an optional one may be absent or None."""
    return callable(getattr(implementation, method, None))


CALLED = {
    "train": "train(x, gamma, beta, running_mean, running_var, *, momentum, eps)",
    "infer": "infer(x, gamma, beta, running_mean, running_var, *, eps)",
    "train backward": "backward(dy)",
    "infer backward": "backward(dy)",
}


def try_out(
    implementation: Any,
    declaration: Declaration,
    announce: Announce = lambda _: None,
    returned: Returned = lambda: None,
) -> tuple[Case, Observation]:
    """The first calls, on ordinary data, and what came back, to be judged like any other case.

    Raises ContractError if the target cannot be used.
    """
    from bnproof.engine.portfolio import ordinary_case  # noqa: PLC0415  # portfolio needs cases

    case = ordinary_case(declaration)
    observation = Executor(implementation, declaration).run(case, announce, returned)
    for event in observation.of("raised", "malformed"):
        if event.call.startswith("double"):
            continue  # an optional part: a verdict like any other
        if event.kind == "raised":
            raise ContractError(f"{event.call}: {event.detail}{_called(implementation, event)}")
        if "due (" in event.detail and event.what in ("results", "backward"):
            raise ContractError(f"{event.call}: {event.detail}")
    return case, observation


def _called(implementation: Any, event: Event) -> str:
    """How it was called, which an adapter may tell in words of its own."""
    usage = getattr(implementation, "usage", CALLED.get(event.call, ""))
    called = f"; it is called as {usage}" if usage else ""
    absent = event.call == "infer" and callable(getattr(implementation, "train", None))
    hint = "; if the target has no evaluation, add --without evaluation" if absent else ""
    return called + hint


def _second_instance(implementation: Any, declaration: Declaration) -> Any:
    """Another instance of the same class, where one can be made without arguments."""
    if declaration.fixed or isinstance(implementation, type):
        return None
    try:
        made = type(implementation)()
        if declaration_of(made) != declaration:  # made with other arguments than the first
            return None
        return functional(made, declaration)
    except Exception:  # noqa: BLE001  # whatever a constructor does: then there is no second one
        return None


def _other_data(case: Case) -> Case:
    """Other data, parameters and statistics of the same shapes, dtypes and layouts."""
    half = case.x.dtype.type(0.5)
    keep = {k: v for k, v in case.layouts.items() if "zero" not in v and "same" not in v}
    return case.with_(
        x=np.array(case.x[::-1]) * half,
        dy=np.array(case.dy[::-1]) * half,
        gamma=_halved(case.gamma),
        beta=_halved(case.beta),
        running_mean=case.running_mean * case.running_mean.dtype.type(0.5),
        running_var=case.running_var * case.running_var.dtype.type(0.5),
        layouts=keep,
    )


def _halved(a: Array | None) -> Array | None:
    return None if a is None else a * a.dtype.type(0.5)


def _parts(results: Any, count: int) -> list[Any] | None:
    if not isinstance(results, (tuple, list)) or len(results) != count:
        return None
    return list(results)


def _kind(results: Any) -> str:
    if isinstance(results, (tuple, list)):
        return f"{len(results)} results"
    return f"got {type(results).__name__}"


def _one_line(raised: BaseException) -> str:
    text = " ".join(str(raised).split())
    return f"{type(raised).__name__}: {text}"[:300] if text else type(raised).__name__
