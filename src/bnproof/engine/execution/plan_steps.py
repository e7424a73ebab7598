"""The steps that plans are made of: a training call, its gradients, other calls in between."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.case_calls import Announce, CaseCalls, Returned, kind_of, parts_of
from bnproof.engine.execution.companions import some_samples, turned
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.model.calls import Call, DoubleCall
from bnproof.engine.model.case import DOUBLE_ARGUMENTS, Case
from bnproof.engine.model.event import Aspect
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import (
    ADDED,
    DOUBLE,
    FORWARD_RESULTS,
    GRADIENTS,
    STATISTICS,
    Method,
    Output,
)
from bnproof.engine.portfolio.fitting import fitting


class PlanSteps(CaseCalls):
    """Makes the calls of one step of a plan.

    ``original`` is the implementation as it was given, ``second`` returns another instance of it,
    None where there can be none.
    ``arguments`` are those of the case, made where they are not given; ``given`` are the statistics
    that the last call was given, ``statistics`` those that it returned.
    """

    def __init__(
        self,
        case: Case,
        implementation: Any,
        original: Any,
        second: Callable[[], Any],
        declaration: Declaration,
        announce: Announce,
        returned: Returned,
        arguments: Arguments | None = None,
    ) -> None:
        super().__init__(implementation, declaration, case, announce, returned, arguments)
        self.original, self.second = original, second
        self.given: tuple[Array, ...] = ()
        self.statistics: tuple[Any, Any] = None, None

    @property
    def _trains(self) -> bool:
        return offers(self.implementation, "train")

    @property
    def _infers(self) -> bool:
        return offers(self.implementation, "infer")

    def _train(self, label: Call, passed: tuple[Array, Array] | None = None) -> Any:
        """A training call; ``passed`` are statistics that earlier calls have left."""
        if not self._trains:
            return None
        statistics = passed or self.arguments.statistics()
        results = self._call_train(label, self.arguments, self.case, statistics)
        self._take_forward(label, results, statistics, passed=passed is not None)
        if self.declaration.in_place:
            self.observation.results["train buffers"] = copied(statistics)
            for name, buffer in zip(STATISTICS, statistics, strict=True):
                if passed is None:
                    self._watch("the buffer", name, buffer)
        return results[3]

    def _infer(self, label: Call, passed: tuple[Array, Array] | None = None) -> Any:
        """A call of inference; ``passed`` are statistics that earlier calls have left."""
        if not self._infers:
            return None
        statistics = passed or self.arguments.statistics()
        results = self._call_infer(label, self.arguments, self.case, statistics)
        self._take_forward(label, results, statistics, passed=passed is not None)
        if self.declaration.in_place:
            self.observation.results["infer buffers"] = copied(statistics)
        return results[3]

    def _take_forward(
        self,
        label: Call,
        results: tuple[Any, ...],
        statistics: tuple[Array, Array],
        *,
        passed: bool,
    ) -> None:
        """Take what a call returned; ``passed`` buffers may be updated by later calls."""
        self.given, self.statistics = statistics, (results[1], results[2])
        self._take(label, FORWARD_RESULTS[:1], results[:1])
        watch = not (passed and self.declaration.in_place)
        self._take(label, FORWARD_RESULTS[1:], results[1:3], watch=watch)

    def _gradients(self, label: Call, backward: Any, *, late: bool = False) -> None:
        if backward is None:
            return
        results = self._call(label, backward, self.arguments["dy"], backward=True)
        names = (*GRADIENTS, *ADDED) if self.declaration.residual else GRADIENTS
        parts = parts_of(results, len(names))
        if parts is None:
            wanted = f"({', '.join(names)})"
            self._malformed(label, "backward", Aspect.RESULTS, wanted, kind_of(results))
            return
        self._take(label, names, parts, watch=not late)

    def _double(self, label: DoubleCall, backward: Any, *, late: bool = False) -> None:
        """Double backward, where it is offered and the case has what it is given.

        What it raises does not end the case: backward and inference work without it.
        """
        double = getattr(backward, "double", None)
        if self.case.ddx is None or not callable(double):
            return
        given = [self.arguments[name] for name in ("dy", *DOUBLE_ARGUMENTS)]
        with contextlib.suppress(Stop):
            results = self._call(label, double, *given, backward=True)
            parts = parts_of(results, 3)
            if parts is None:
                due = "(ddy, dx, dgamma)"
                self._malformed(label, "double", Aspect.RESULTS, due, kind_of(results))
                return
            self._take(label, DOUBLE, parts, watch=not late)
        if late and self.declaration.deterministic:
            self._same_bits("double", label, DOUBLE)

    def _repeat(self, backward: Any) -> None:
        """The same backward twice, with another dy in between."""
        if backward is None:
            return
        other = self.arguments["dy"].copy()
        other *= other.dtype.type(0.5)
        self._call("train", backward, other, backward=True)
        self._look_at_results()
        self._gradients("train again", backward, late=True)
        if self.declaration.deterministic:
            self._same_bits("train", "train again", GRADIENTS)

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
        other = turned(self.case, 1)
        arguments = Arguments(other, self.declaration)
        cases = [(other, arguments), (other, arguments)]
        if not self.declaration.fixes("shape") and len(other.x) > 2:
            smaller = some_samples(other, slice(-1))
            if fitting(self.declaration, smaller):
                cases.append((smaller, Arguments(smaller, self.declaration)))
        targets = [self.implementation]
        # where every call is one of a new object, these are calls of other instances already
        second = None if getattr(self.original, "renews", False) else self.second()
        if second is not None:
            targets.append(second)
        for target in targets:
            for made, given in cases:
                if offers(target, "train"):
                    results = self._call_train("other", given, made, given.statistics(), target)
                    if results[3] is not None:
                        self._call("other", results[3], given["dy"], backward=True)
            if offers(target, "infer"):
                self._call_infer("other", arguments, other, arguments.statistics(), target)
        self._look_at_results()

    def _alone(self) -> None:
        """Inference on the first example alone."""
        if not offers(self.implementation, "infer") or self.declaration.fixes("shape"):
            return
        alone = some_samples(self.case, slice(1))
        arguments = Arguments(alone, self.declaration)
        results = self._call_infer("infer one", arguments, alone, arguments.statistics())
        self._take("infer one", ("y",), results[:1], watch=False, like=alone)


def copied(statistics: tuple[Array, Array]) -> dict[Output, Array]:
    """Copies of both running statistics, by name."""
    return {name: np.array(a) for name, a in zip(STATISTICS, statistics, strict=True)}


def offers(implementation: Any, method: Method) -> bool:
    """Whether it has a method; an optional one may be absent or None."""
    return callable(getattr(implementation, method, None))
