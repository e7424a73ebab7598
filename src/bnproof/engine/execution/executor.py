"""Running cases on an implementation: the calls are made, and what came back is written down.

Nothing is judged here.  Results go through np.asarray and are copied at once; whatever the
implementation does to its inputs, to earlier results or to its own state becomes an event.
"""

import contextlib
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import ContractError, Declaration, declaration_of
from bnproof.engine.contract.functional import FromLayer, functional
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.earlier_results import Kept, latest
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.execution.plans import CasePlan
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.tag import Tag


class Executor:
    """Runs cases on one implementation, one instance for all, so that state and caches show."""

    def __init__(self, implementation: Any, declaration: Declaration) -> None:
        self.implementation = functional(implementation, declaration)
        self.original = implementation
        self.declaration = declaration
        self._earlier: list[tuple[Kept, str]] = []

    @cached_property
    def second(self) -> Any:
        """Another instance, None where there can be none."""
        return second_instance(self.original, self.declaration)

    def run(self, case: Case, announce: Announce, returned: Returned = lambda: None) -> Observation:
        """Make the calls of a case; whatever is raised becomes an event.

        ``announce`` is told of every call before it is made, ``returned`` after it.
        """
        run = self._plan(case, announce, returned)
        observation = run.observation
        with contextlib.suppress(Stop), np.errstate(all="ignore"):
            run.plan()
        self._look_at_earlier_results(observation)
        self._earlier = latest(self._earlier + run.live)
        return observation

    def _plan(self, case: Case, announce: Announce, returned: Returned) -> CasePlan:
        """The calls of a case: of the implementation's functions, or of its layers."""
        made, second, declaration = self.implementation, lambda: self.second, self.declaration
        if Tag.THROUGH_LAYER in case.tags and declaration.has("layer"):
            made, second = self._layered(self.original), lambda: self._layered(self.second)
            declaration = replace(declaration, in_place=False)  # a layer has buffers of its own
        return CasePlan(case, made, self.original, second, declaration, announce, returned)

    def _layered(self, implementation: Any) -> Any:
        """Functional calls by layers; None for None."""
        if implementation is None or isinstance(implementation, FromLayer):
            return implementation
        return FromLayer(implementation, self.declaration, beside=True)

    def _look_at_earlier_results(self, observation: Observation) -> None:
        unchanged = []
        for kept, case in self._earlier:
            if kept.is_unchanged:
                unchanged.append((kept, case))
                continue
            observation.events.append(
                Event(
                    EventKind.CHANGED_RESULT,
                    "later",
                    kept.name,
                    f"{kept.of} ({case})",
                    aspect=Aspect.LATER_CASE,
                )
            )
        self._earlier = unchanged


def second_instance(implementation: Any, declaration: Declaration) -> Any:
    """Return another instance of the same class, None unless one can be made that is like it.

    An adapter makes one by its method ``another_instance``.  Otherwise the class is called without
    arguments, and what is made has to declare the same of itself as the implementation does of
    itself; what was found or declared from outside holds for both.
    """
    if isinstance(implementation, type):
        return None
    make = getattr(implementation, "another_instance", type(implementation))
    try:
        made = make()
    except Exception:  # noqa: BLE001  # whatever a constructor does: then there is no second one
        return None
    if made is None or not declares_the_same(made, implementation):
        return None
    return functional(made, declaration)


def declares_the_same(one: Any, other: Any) -> bool:
    """Whether two objects declare the same of themselves.

    >>> from bnproof.reference import BatchNorm
    >>> declares_the_same(BatchNorm(), BatchNorm(momentum_weighs="old"))
    False
    """
    try:
        return declaration_of(one) == declaration_of(other)
    except ContractError:
        return False
