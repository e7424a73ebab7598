"""What was seen when a case was run: results as plain copies, and what happened that should not.

Observations cross a process boundary, so they hold plain arrays and text only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bnproof.engine.model.calls import Call, Label
from bnproof.engine.model.event import EarlyEnd, Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import ADDED, DOUBLE, LIKE_X, Output, Parameter

GRADIENT_OF: Mapping[Output, Parameter] = {"dgamma": "gamma", "dbeta": "beta", DOUBLE[2]: "gamma"}
"""The parameter that a result is the gradient of; where that is None, the result is ignored."""

WHOLE: tuple[Output, ...] = (*LIKE_X, *ADDED, *DOUBLE[:2])
"""Results with the shape and dtype of x; all others have one value per channel."""


@dataclass
class Observation:
    """Results of the calls of one case, by the name of the call, and the events.

    Attributes:
        results: by call ("train", "train late", "infer", ...) the results offered, by name.
        events: what happened that should not, or that the properties have to know.
        offers: results that came back, each with its call, for instance {("infer", "dx")}.
        absent: results that came back as None, each with its call.
        failure: how the case ended before its last call, None if it did not.
        facts: what else is known, for instance the steps of a layer's life.
        seconds: that the calls took, where they were timed (`bnproof.engine.execution.stopwatch`).
    """

    results: dict[Label, dict[Output, Array]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    offers: set[tuple[Call, Output]] = field(default_factory=set)
    absent: set[tuple[Call, Output]] = field(default_factory=set)
    failure: EarlyEnd | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def of(self, *kinds: EventKind) -> list[Event]:
        """The events of some kinds."""
        return [event for event in self.events if event.kind in kinds]
