"""What a check is asked for, and what it found out about one variant of a target."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bnproof.engine.model.result import Report, Result
from bnproof.engine.model.verdict import Profile
from bnproof.known_failures.pinned_examples import PinnedExample
from bnproof.sandbox.session import TIMEOUT
from bnproof.targets.outside import Outside

if TYPE_CHECKING:
    from bnproof.engine.judging.counterexample import Failing


@dataclass(frozen=True)
class Request:
    """What a check is asked for; see `run_check`.

    Where this is a part of a check, ``among`` are the dtypes of the whole, and ``compiles`` says
    whether timing found that the target compiles for each shape.
    """

    profile: Profile = "standard"
    seed: int = 0
    dtypes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    memory: int | None = None
    known_failures: Path | None = None
    outside: Outside = field(default_factory=Outside)
    outsides: Mapping[str, Outside] = field(default_factory=dict)
    exclude: tuple[str, ...] = ()
    stop_at_first: bool = False
    jobs: int = 1
    among: tuple[str, ...] = ()
    compiles: bool | None = None

    def outside_of(self, target: str) -> Outside:
        """What is declared from outside of a target: of it by its name, else of all."""
        return self.outsides.get(target, self.outside)

    def told(self) -> dict[str, Any]:
        """What a report tells of it."""
        return {"profile": self.profile, "seed": self.seed}


@dataclass(frozen=True, eq=False)
class CheckedVariant:
    """A report on one variant, and what it takes to write its failures down as known.

    Attributes:
        report: as `run_check` gives it.
        number: of the variant.
        results: those of the report without what the pinned examples say.
        failing: each output in which a property is violated and not known to be.
        pinned: the entries of the file of known failures that are about it.
        outside: what is declared from outside, and what was found by probing and adopted.
        not_offered: gradients that no case returned, by dtype.
    """

    report: Report
    number: int = 0
    results: tuple[Result, ...] = ()
    failing: "tuple[Failing, ...]" = ()
    pinned: tuple[PinnedExample, ...] = ()
    outside: Outside = field(default_factory=Outside)
    not_offered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
