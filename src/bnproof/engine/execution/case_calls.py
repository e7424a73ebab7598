"""The calls of one case: each is announced, made, and what came back is copied at once."""

from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments, to_canonical
from bnproof.engine.execution.earlier_results import Kept
from bnproof.engine.execution.exceptions import Stop, event_of, raised_event
from bnproof.engine.model.calls import Call, Label, called
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.formats import FORMATS, Array, name_of
from bnproof.engine.model.names import Output
from bnproof.engine.model.observation import GRADIENT_OF, WHOLE, Observation

Announce = Callable[[str], None]
Returned = Callable[[], None]


class CaseCalls:
    """Makes the calls of one case, and notes results and events in an observation.

    ``live`` are results as they were returned, each with the name of the case.
    """

    def __init__(
        self,
        implementation: Any,
        declaration: Declaration,
        case: Case,
        announce: Announce,
        returned: Returned,
        arguments: Arguments | None = None,
    ) -> None:
        self.implementation, self.declaration, self.case = implementation, declaration, case
        self.announce, self.returned = announce, returned
        self.observation = Observation()
        self.arguments = arguments or Arguments(case, declaration)
        self.live: list[tuple[Kept, str]] = []
        self._watched: list[Kept] = []

    # --- calls ----------------------------------------------------------------------------

    def _call_train(
        self,
        label: Label,
        given: Arguments,
        case: Case,
        statistics: tuple[Array, Array],
        target: Any = None,
    ) -> tuple[Any, Any, Any, Any]:
        extra: dict[str, Any] = {"batches_seen": case.batches_seen} if case.momentum is None else {}
        train = (target or self.implementation).train
        arguments = (given["x"], given["gamma"], given["beta"], *statistics)
        results = self._call(
            label,
            train,
            *arguments,
            momentum=case.momentum,
            eps=case.eps,
            **extra,
            **given.extras("train"),
        )
        return self._four(label, results)

    def _call_infer(
        self,
        label: Label,
        given: Arguments,
        case: Case,
        statistics: tuple[Array, Array],
        target: Any = None,
    ) -> tuple[Any, Any, Any, Any]:
        infer = (target or self.implementation).infer
        arguments = (given["x"], given["gamma"], given["beta"], *statistics)
        extras = given.extras("infer")
        return self._four(label, self._call(label, infer, *arguments, eps=case.eps, **extras))

    def _four(self, label: Label, results: Any) -> tuple[Any, Any, Any, Any]:
        parts = parts_of(results, 4)
        if parts is None:
            due = "(y, running_mean, running_var, backward)"
            self._malformed(label, "results", Aspect.RESULTS, due, kind_of(results))
            raise Stop
        return parts[0], parts[1], parts[2], parts[3]

    def _call(
        self,
        label: Label,
        function: Any,
        *arguments: Any,
        backward: bool = False,
        **settings: Any,
    ) -> Any:
        self.announce(called(label, backward=backward))
        try:
            return function(*arguments, **settings)
        except BaseException as error:  # noqa: BLE001  # SystemExit too is a verdict on the target
            self.observation.events.append(raised_event(label, error, backward=backward))
            raise Stop from None
        finally:
            self.returned()

    # --- results --------------------------------------------------------------------------

    def _take(
        self,
        label: Call,
        names: tuple[Output, ...],
        results: tuple[Any, ...] | list[Any],
        *,
        watch: bool = True,
        like: Case | None = None,
    ) -> None:
        taken = self.observation.results.setdefault(label, {})
        for name, result in zip(names, results, strict=True):
            without = self._is_without(name, like or self.case)
            if result is None:
                if not without:
                    self.observation.absent.add((label, name))
                continue
            self.observation.offers.add((label, name))
            if without:
                continue
            copy = self._copy(label, name, result, like or self.case)
            if copy is not None:
                taken[name] = copy
            if watch and isinstance(result, np.ndarray):
                self._watch(name, label, result)

    def _is_without(self, name: Output, case: Case) -> bool:
        """Whether a result is the gradient of a parameter that was not given."""
        return name in GRADIENT_OF and getattr(case, GRADIENT_OF[name]) is None

    def _copy(self, label: Call, name: Output, result: Any, case: Case) -> Array | None:
        """A plain copy in the canonical layout, or None where the form forbids it."""
        try:
            plain = np.array(np.asarray(result))
        except Exception as error:  # noqa: BLE001  # whatever the target returned
            unreadable = event_of(EventKind.MALFORMED, label, name, error, Aspect.ARRAY)
            self.observation.events.append(unreadable)
            return None
        whole = name in WHOLE
        due_shape = _shape(case, self.declaration) if whole else case.running_mean.shape
        due_dtype = case.dtype if whole else case.parameter_dtype
        if name_of(plain.dtype) != due_dtype:
            self._malformed(label, name, Aspect.DTYPE, due_dtype, str(plain.dtype))
        if plain.shape != due_shape:
            self._malformed(label, name, Aspect.SHAPE, str(due_shape), str(plain.shape))
            return None
        if name_of(plain.dtype) not in FORMATS and plain.dtype.kind not in "fiub":
            return None
        return to_canonical(plain, self.declaration) if whole else plain

    def _watch(self, name: str, of: str, live: Array) -> None:
        if not self.arguments.shares_memory(live):
            self._watched.append(Kept.now(name, of, live))

    def _same_bits(self, first: Call, second: Call, names: tuple[Output, ...]) -> None:
        a, b = (self.observation.results.get(label, {}) for label in (first, second))
        for name in names:
            if name in a and name in b and a[name].tobytes() != b[name].tobytes():
                self._event(EventKind.NONDETERMINISTIC, first, name)

    def _close(self) -> None:
        """What changed that should not have, once all calls were made."""
        for name in self.arguments.changed():
            self._event(EventKind.CHANGED_INPUT, "case", name)
        self._look_at_results()
        for kept in self._watched:
            if not self.declaration.in_place:
                self.live.append((kept, self.case.name))

    def _look_at_results(self) -> None:
        """Which earlier results have changed; each is told once."""
        unchanged = []
        for kept in self._watched:
            if kept.is_unchanged:
                unchanged.append(kept)
            else:
                self._event(EventKind.CHANGED_RESULT, "case", kept.name, origin=kept.of)
        self._watched = unchanged

    def _malformed(
        self, label: Label, name: str, aspect: Aspect, expected: str, actual: str
    ) -> None:
        self._event(
            EventKind.MALFORMED, label, name, aspect=aspect, expected=expected, actual=actual
        )

    def _event(self, kind: EventKind, call: Label, argument: str, **more: Any) -> None:
        self.observation.events.append(Event(kind, call, argument, **more))


def _shape(case: Case, declaration: Declaration) -> tuple[int, ...]:
    """The shape of x as the implementation sees it."""
    n, c, *spatial = case.x.shape
    return (n, c, *spatial) if declaration.channel_axis == 1 else (n, *spatial, c)


def parts_of(results: Any, count: int) -> list[Any] | None:
    """The results of a call, None if they are not so many."""
    if not isinstance(results, (tuple, list)) or len(results) != count:
        return None
    return list(results)


def kind_of(results: Any) -> str:
    """What came back, where it is not what was expected."""
    if isinstance(results, (tuple, list)):
        return f"{len(results)} results"
    return f"got {type(results).__name__}"
