"""What a known mistake explains of what was observed on one case."""

import warnings
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from bnproof.causes.agreement import ObservedOutput
from bnproof.causes.in_place import UpdatedInPlace
from bnproof.causes.unbiased import NormalisedByUnbiased
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.contract.functional import functional
from bnproof.engine.execution.arguments import Arguments
from bnproof.engine.execution.exceptions import Stop, unless_interrupted
from bnproof.engine.execution.executor import second_instance
from bnproof.engine.execution.plans import CasePlan
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import FIRST as FIRST_CALL
from bnproof.engine.model.calls import Call, is_double, is_judged
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import GRADIENTS, STATISTICS, Output
from bnproof.engine.model.observation import WHOLE, Observation

EVENTS = (
    EventKind.CHANGED_INPUT,
    EventKind.CHANGED_RESULT,
    EventKind.CHANGED_STATE,
    EventKind.NONDETERMINISTIC,
    EventKind.NO_ERROR,
)
WHOLE_CALLS: tuple[Call, ...] = ("train", "infer", "double", "double-infer")
"""The calls that the short plan makes as well."""

BUFFERS: tuple[Call, ...] = ("train buffers",)
"""What is judged and no call returns."""

SHORT_CALLS = (*WHOLE_CALLS, *BUFFERS)
"""What the short plan has results of."""

Outputs = Mapping[Call, Mapping[Output, ObservedOutput]]
"""The outputs that results of mistakes are compared with, by call."""


@dataclass(frozen=True)
class Explanation:
    """What a mistake says of one case.

    Attributes:
        explained: what is wrong and the mistake reproduces.
        contradicted: whether the mistake would have shown otherwise than what was observed.
    """

    explained: frozenset[Explained]
    contradicted: bool


_CONTRADICTED = Explanation(frozenset(), contradicted=True)
_NOTHING = Explanation(frozenset(), contradicted=False)


class Symptoms:
    """What is wrong in one record, prepared for runs of many mistakes.

    Attributes:
        to_explain: what is wrong, all of which the true cause alone reproduces.
    """

    def __init__(self, record: Record) -> None:
        happened = record.observation.of(*EVENTS)
        wrong = [call for call, judged in record.all_judged() if judged.worst > 1]
        # a mistake elsewhere spoils double backward in a way that depends on how it is computed
        double = not happened and all(is_double(call) for call in wrong)
        # calls that the short plan makes are wrong, and nothing happened beside numbers
        few = not happened and any(call in WHOLE_CALLS for call in wrong)
        short = few and record.case.calls == "full"
        self._outputs: Outputs = {
            call: {output: ObservedOutput(judged) for output, judged in outputs.items()}
            for call, outputs in record.judged.items()
            if (double or not is_double(call)) and (not short or call in SHORT_CALLS)
        }
        self._declaration, self._case = record.declaration, _planned(record, short=short)
        self._events = frozenset(Explained(event.kind, event.label) for event in happened)
        self._arguments: Arguments | None = None
        wrong_here = {
            Explained(call, output)
            for call, outputs in self._outputs.items()
            for output, observed in outputs.items()
            if observed.is_wrong
        }
        self._spoiled = _gradients_of_wrong_y(wrong_here)
        self.to_explain = frozenset(wrong_here | self._events)

    def explanation(self, mutant: Any, *, if_it_tells: bool = False) -> Explanation:
        """Return what a mutant reproduces, in the conventions of the implementation accused.

        The run ends at the first contradiction.  With ``if_it_tells`` the run also ends once all
        wrong outputs are compared and none is explained; contradictions by later calls are not
        found then.

        Gradients may be those of the wrong forward pass or of the right one, so they do not count
        against a mistake that explains a wrong y of the same call.
        """
        awaited = self.to_explain if if_it_tells else None
        comparison = _Comparison(self._outputs, self._spoiled, awaited)
        observed = self._run(mutant, comparison)
        if comparison.tells_nothing:
            return _NOTHING
        if comparison.is_contradicted or observed.of(EventKind.RAISED, EventKind.MALFORMED):
            return _CONTRADICTED
        for call in BUFFERS:
            if call in observed.results:
                comparison.add(call, STATISTICS, observed.results[call])
        if comparison.is_contradicted:
            return _CONTRADICTED
        events = {Explained(event.kind, event.label) for event in observed.of(*EVENTS)}
        excused = _gradients_of_wrong_y(comparison.explained)
        if events - self._events or comparison.spoiled - excused:
            return _CONTRADICTED
        return Explanation(frozenset(comparison.explained | events), contradicted=False)

    def _run(self, mutant: Any, comparison: "_Comparison") -> Observation:
        """Run a mutant on the arguments that the last one left as they were, or on new ones."""
        given = self._arguments or Arguments(self._case, self._declaration)
        observed = _observed(mutant, self._declaration, self._case, given, comparison)
        self._arguments = None if given.changed() else given
        return observed


def _gradients_of_wrong_y(wrong: Iterable[Explained]) -> set[Explained]:
    """The gradients of those first calls whose y, or that of a repeated call, is wrong."""
    firsts = {FIRST_CALL[each.of] for each in wrong if each.what == "y" and is_judged(each.of)}
    return {Explained(call, name) for call in firsts for name in GRADIENTS}


class _Comparison:
    """The results of a mutant, compared with those observed as soon as there are some.

    Attributes:
        explained: wrong outputs that the mutant reproduces.
        spoiled: gradients that contradict, unless the mutant explains a wrong y of their call.
        is_contradicted: whether another output contradicts.

    ``awaited`` is what may be explained, where a mutant that explains nothing need not go on.
    """

    def __init__(
        self,
        outputs: Outputs,
        may_be_spoiled: AbstractSet[Explained],
        awaited: AbstractSet[Explained] | None = None,
    ) -> None:
        self.explained: set[Explained] = set()
        self.spoiled: set[Explained] = set()
        self.is_contradicted = False
        self._outputs, self._may_be_spoiled = outputs, may_be_spoiled
        self._awaited = None if awaited is None else set(awaited)

    @property
    def tells_nothing(self) -> bool:
        """Whether nothing was explained, and nothing is awaited any more that may be."""
        return self._awaited is not None and not self._awaited and not self.explained

    @property
    def is_over(self) -> bool:
        """Whether no later result changes what the mutant explains."""
        return self.is_contradicted or self.tells_nothing

    def add(self, call: Call, names: Iterable[Output], results: Mapping[Output, Array]) -> None:
        """Compare some results of a call."""
        observed = self._outputs.get(call, {})
        for name in names:
            if name not in observed or name not in results:
                continue
            result = results[name]
            if self._awaited is not None:
                self._awaited.discard(Explained(call, name))
            finding = observed[name].finding(columns(result) if name in WHOLE else result)
            if finding == "explained":
                self.explained.add(Explained(call, name))
            elif finding == "contradicted":
                self._contradict(Explained(call, name))

    def _contradict(self, what: Explained) -> None:
        if what in self._may_be_spoiled:
            self.spoiled.add(what)
        else:
            self.is_contradicted = True


def _planned(record: Record, *, short: bool) -> Case:
    """The case with no more calls than show what is wrong."""
    case = record.case
    if short:
        case = case.with_(calls="short")
    if case.calls == "short" and not _trained(record):
        case = case.with_(calls="infer")  # a step of a layer evaluates, and may not train
    return case


def _trained(record: Record) -> bool:
    """Whether training was called; inference alone may be given one value per channel."""
    return any(call.startswith("train") for call in record.observation.results)


class _ComparedPlan(CasePlan):
    """A plan that ends where its results contradict those observed."""

    comparison: _Comparison | None = None

    def _take(
        self, label: Call, names: tuple[Output, ...], *arguments: Any, **settings: Any
    ) -> None:
        super()._take(label, names, *arguments, **settings)
        if self.comparison is not None:
            self.comparison.add(label, names, self.observation.results[label])
            if self.comparison.is_over:
                raise Stop


def observed_of(mutant: Any, declaration: Declaration, case: Case) -> Observation | None:
    """What a mutant does on a case; None if it cannot run it."""
    observed = _observed(mutant, declaration, case, Arguments(case, declaration), None)
    return None if observed.of(EventKind.RAISED, EventKind.MALFORMED) else observed


def _observed(
    mutant: Any,
    declaration: Declaration,
    case: Case,
    arguments: Arguments,
    comparison: _Comparison | None,
) -> Observation:
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        implementation = made(mutant, declaration, case.x.ndim)
        layers = hasattr(implementation, "layer")
        plan = _ComparedPlan(
            case,
            # most mutants have no layer, and make their mistake in train and infer
            functional(implementation, declaration) if layers else implementation,
            implementation,
            cache(lambda: second_instance(implementation, declaration)),
            declaration,
            lambda _: None,
            lambda: None,
            arguments,
        )
        plan.comparison = comparison
        with suppress(Stop):
            plan.plan()
    return unless_interrupted(plan.observation)


def made(mutant: Any, declaration: Declaration, rank: int) -> Any:
    """A mutant in the conventions of the implementation that is accused."""
    unbiased = declaration.unbiased(rank)
    mistaken = mutant.make(
        running_variance="unbiased" if unbiased else "biased",
        momentum_weighs=declaration.momentum_weighs,
        channel_axis=declaration.channel_axis,
    )
    if declaration.in_place and not getattr(mistaken, "in_place", False):
        mistaken = UpdatedInPlace(mistaken)
    return NormalisedByUnbiased(mistaken) if declaration.normalises_unbiased else mistaken
