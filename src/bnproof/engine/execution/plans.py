"""The plans of a case: which calls are made, and in which order."""

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.call_sequence import CallSequence
from bnproof.engine.execution.case_calls import kind_of, parts_of
from bnproof.engine.execution.companions import turned
from bnproof.engine.execution.exceptions import INTERRUPT, Stop
from bnproof.engine.execution.judged_calls import Around
from bnproof.engine.execution.layer_life import LayerLife
from bnproof.engine.execution.plan_steps import PlanSteps, copied, offers
from bnproof.engine.model.calls import Label, LayerCall, trial_of
from bnproof.engine.model.case import SEQUENCE_PLANS, Plan
from bnproof.engine.model.event import Aspect, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import STATISTICS_TOGETHER
from bnproof.engine.model.tag import Tag

LAYER_RESULTS: dict[LayerCall, int] = {"layer train": 2, "layer infer": 2, "layer backward": 3}
"""How many results a call of a layer has, where it has some."""


class CasePlan(PlanSteps):
    """Makes the calls of a case by its plan."""

    def plan(self) -> None:
        """The calls of the case's plan."""
        plans: dict[Plan, Callable[[], None]] = {
            "full": self._full,
            "short": self._short,
            "error": self._error,
            "steps": self._steps,
            "refill": self._refill,
            "infer": self._inference_only,
            "train": self._training_only,
            "gradients": self._gradients_only,
            "empty": self._empty,
            "layer": self._layer,
            **dict.fromkeys(SEQUENCE_PLANS, self._sequence),
            "module": self._module,
        }
        try:
            plans[self.case.calls]()
        finally:
            self._forgive_refusals()
        self._close()

    def _forgive_refusals(self) -> None:
        """Forget exceptions where memory or settings may be refused; results are judged."""
        if self.arguments.may_be_refused or Tag.REFUSABLE in self.case.tags:
            self._expected_error()

    def _full(self) -> None:
        """Train, backward twice, other calls, backward again, train again; likewise inference."""
        backward = self._train("train")
        self._gradients("train", backward)
        self._repeat(backward)
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

    def _gradients_only(self) -> None:
        """Training and its gradients, again and after other calls; no inference."""
        backward = self._train("train")
        self._gradients("train", backward)
        self._repeat(backward)
        if not self.declaration.replays:
            self._other_calls()
            self._gradients("train late", backward, late=True)
        self._train_again()

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
            e
            for e in self.observation.events
            if not (e.kind is EventKind.RAISED and e.call == "infer" and not e.backward)
        ]

    def _refused_training(self) -> None:
        """Training has to raise, before the statistics change."""
        statistics = self.arguments.statistics()
        before = [a.tobytes() for a in statistics]
        try:
            self._call_train("train", self.arguments, self.case, statistics)
            self._event(EventKind.NO_ERROR, "train", "train")
        except Stop:
            self._expected_error()
        self._unmoved(statistics, before)

    def _expected_error(self) -> None:
        """Forget the exceptions of the implementation; an interrupt is none of its own."""
        events = self.observation.events
        self.observation.events = [
            e for e in events if e.kind is not EventKind.RAISED or e.actual == INTERRUPT
        ]

    def _unmoved(self, statistics: tuple[Array, Array], before: list[bytes]) -> None:
        """The statistics are what they were before the error."""
        if [a.tobytes() for a in statistics] != before:
            self._event(
                EventKind.CHANGED_INPUT, "train", STATISTICS_TOGETHER, aspect=Aspect.BEFORE_ERROR
            )

    def _steps(self) -> None:
        """The running statistics carried through many batches."""
        if not self._trains:
            return
        statistics = self.arguments.statistics()
        seen = self.case.batches_seen
        for number, x in enumerate((self.case.x, *self.case.steps)):
            step = self.case.with_(x=x, batches_seen=seen + number)
            arguments = Arguments(step, self.declaration)
            label: Label = "train" if number == 0 else "step"
            _, mean, var, _ = self._call_train(label, arguments, step, statistics)
            if mean is None or var is None:
                return
            copies = np.array(np.asarray(mean)), np.array(np.asarray(var))
            if copies[0].shape != statistics[0].shape or copies[1].shape != statistics[1].shape:
                due, got = statistics[0].shape, copies[0].shape
                self._malformed(label, "running_mean", Aspect.SHAPE, str(due), str(got))
                return
            statistics = copies
        self.observation.results["steps"] = copied(statistics)
        self._infer("infer")

    def _refill(self) -> None:
        """The same memory holds other data first: nothing may be remembered by address."""
        if not self._trains:
            return
        other = turned(self.case, 1)
        self.arguments.refill(other)
        results = self._call_train("other", self.arguments, other, self.arguments.statistics())
        if results[3] is not None:
            self._call("other", results[3], self.arguments["dy"], backward=True)
        if offers(self.implementation, "infer"):
            self._call_infer("other", self.arguments, other, self.arguments.statistics())
        self.arguments.refill(self.case)
        self._short()

    def _sequence(self) -> None:
        """Calls on several data sets; each is judged as a case of its own."""
        around = Around(self.declaration, self.announce, self.returned)
        instances = self.implementation, self.second
        sequence = CallSequence(self.case, self.arguments, instances, around)
        self.observation.facts = {"steps": sequence.steps}
        try:
            sequence.run()
        finally:
            raised = [e for e in sequence.raised if e.actual == INTERRUPT]
            self.observation.events += raised

    def _layer(self) -> None:
        """The life of two layers; its steps are cases of their own."""
        life = LayerLife(self.original, self.declaration, self.case, self._layer_call)
        self.observation.facts = {"steps": life.steps}
        life.run()

    def _module(self) -> None:
        """Training and inference, for their bounds, and what is tried on the whole module."""
        self._gradients("train", self._train("train"))
        self._infer("infer")
        live = getattr(self.original, "module_life", None)  # scripts have none
        if live is None:
            return
        try:
            self.announce(trial_of(str(self.case.demand)))
            self.observation.facts = {"module": live(self.case)}
        finally:
            self.returned()

    def _layer_call(self, label: LayerCall, function: Any, *arguments: Any, **settings: Any) -> Any:
        """A call of a layer; a result of the wrong form ends the case as an exception does."""
        result = self._call(label, function, *arguments, **settings)
        due = LAYER_RESULTS.get(label)
        if due is not None and parts_of(result, due) is None:
            parts = "(y, backward)" if due == 2 else "(dx, dgamma, dbeta)"
            self._malformed(label, "results", Aspect.RESULTS, parts, kind_of(result))
            raise Stop
        return result
