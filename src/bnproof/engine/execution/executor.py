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
from bnproof.engine.contract.functional import functional
from bnproof.engine.execution.case_calls import Announce, Returned
from bnproof.engine.execution.earlier_results import Kept
from bnproof.engine.execution.exceptions import Stop
from bnproof.engine.execution.plans import CasePlan
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Aspect, Event, EventKind
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.tag import Tag

REMEMBERED = 12  # earlier results that are looked at again after each case


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
        run = CasePlan(
            case,
            self.implementation,
            self.original,
            lambda: self.second,
            self.declaration,
            announce,
            returned,
        )
        observation = run.observation
        with contextlib.suppress(Stop), np.errstate(all="ignore"):
            run.plan()
        if Tag.REFUSABLE in case.tags:
            observation.events = [e for e in observation.events if not _is_refusal(e)]
        self._look_at_earlier_results(observation)
        self._earlier = (self._earlier + run.live)[-REMEMBERED:]
        return observation

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


def _is_refusal(event: Event) -> bool:
    """Whether an event is an exception of the implementation's own; an interrupt is none."""
    return event.kind is EventKind.RAISED and event.actual != "KeyboardInterrupt"


def second_instance(implementation: Any, declaration: Declaration) -> Any:
    """Return another instance of the same class, None unless it can be made without arguments."""
    if declaration.fixed or isinstance(implementation, type):
        return None
    try:
        made = type(implementation)()
    except Exception:  # noqa: BLE001  # whatever a constructor does: then there is no second one
        return None
    try:
        own = declaration_of(made)
    except ContractError:
        return None
    # what is found by timing is not of the arguments that it was made with
    if replace(own, compiles_per_shape=declaration.compiles_per_shape) != declaration:
        return None
    return functional(made, declaration)
