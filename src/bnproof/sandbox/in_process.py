"""An implementation in this very process, as a session: for tests that call the check."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from bnproof.engine.contract.declaration import ContractError, Declaration
from bnproof.engine.execution.default_layer import Lifetime, lifetime
from bnproof.engine.execution.executor import Executor, FirstCallError, try_out
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
from bnproof.implementations import variants
from bnproof.recognition.errors import NotRecognised
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import Told, prepare, with_declared
from bnproof.targets.text import TargetError


class InProcess:
    """Runs cases on one variant of an implementation here, with no protection against it.

    Entering it raises TargetError if the object is no implementation.  The attributes are those of
    `bnproof.sandbox.session.Session`; no worker is ever started again, and no case is skipped.
    Warnings of the implementation are ignored, as they are in a worker: where a test turns
    warnings into errors, a warning about an infinity that was asked for would be a failure.

    >>> from bnproof.reference import BatchNorm
    >>> with InProcess(BatchNorm) as session:
    ...     session.declaration.name
    'reference'
    """

    loadable = False
    restarts = 0
    skipped = 0
    notes: tuple[str, ...] = ()

    def __init__(
        self, implementation: Any, variant: int = 0, outside: Outside | None = None
    ) -> None:
        self.target, self.variant = label(implementation), variant
        self.outside = outside or Outside()
        self.told: list[Told] = []
        self.declarations: list[Declaration] = []
        self.adopted: dict[int, dict[str, Any]] = {}
        self.first: tuple[Case, Observation] | None = None
        self._implementation = implementation
        self._executors: dict[int, Executor] = {}

    def __enter__(self) -> Self:
        try:
            made = list(variants(self._implementation))
            prepared = prepare(made, self._implementation, self.outside)
        except (ContractError, NotRecognised) as error:
            raise TargetError(f"{self.target} cannot be used: {error}", loaded=True) from error
        self._variants = [each.implementation for each in prepared]
        self.told = [each.told for each in prepared]
        self.declarations = [
            with_declared(each.declaration, self.adopted.get(variant, {}))
            for variant, each in enumerate(prepared)
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._executors.clear()

    @property
    def declaration(self) -> Declaration:
        """What the variant under examination declares."""
        return self.declarations[self.variant]

    def beside(self) -> "InProcess":
        """Another session on the same variant."""
        other = InProcess(self._implementation, self.variant, self.outside)
        other.adopted = {variant: dict(found) for variant, found in self.adopted.items()}
        return other

    def adopt(self, found: Mapping[str, Any]) -> None:
        """Go on as if the variant declared what was found by probing it."""
        self.adopted.setdefault(self.variant, {}).update(found)
        self.declarations[self.variant] = with_declared(self.declaration, found)
        self._executors.pop(self.variant, None)

    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that are declared, by the implementation itself or outside."""
        return self.told[self.variant].declared(self.outside)

    def select(self, variant: int) -> None:
        """Go on with another variant."""
        self.variant = variant

    def try_out(self) -> None:
        """Make the first calls: TargetError if the implementation cannot be used."""
        try:
            with _quiet():
                self.first = try_out(self._variants[self.variant], self.declaration)
        except FirstCallError as error:
            if error.event.actual == "KeyboardInterrupt":
                raise KeyboardInterrupt from error  # as in `run`
            raise TargetError(str(error), loaded=True) from error

    def run(self, case: Case) -> Observation:
        """Run one case."""
        return self._run(self._executor(), case)

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return self._run(Executor(self._variants[self.variant], declaration), case)

    def lifetime(self, batches: Sequence[Array], channels: int) -> Lifetime:
        """What a layer made without settings does with some batches."""
        with _quiet():
            return lifetime(self._variants[self.variant], batches, channels, lambda _: None)

    def _run(self, executor: Executor, case: Case) -> Observation:
        with _quiet():
            observation = executor.run(case, lambda _: None)
        if any(e.actual == "KeyboardInterrupt" for e in observation.of(EventKind.RAISED)):
            raise KeyboardInterrupt  # here it comes from the keyboard, and is no verdict
        return observation

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other."""
        for case in cases:
            yield case, self.run(case)

    def _executor(self) -> Executor:
        """One executor per variant, so that state and caches of the implementation show."""
        if self.variant not in self._executors:
            made = Executor(self._variants[self.variant], self.declaration)
            self._executors[self.variant] = made
        return self._executors[self.variant]


def label(implementation: Any) -> str:
    """An object as a target would be written, for reports.

    >>> from bnproof.reference import BatchNorm
    >>> label(BatchNorm())
    'bnproof.reference.layer:BatchNorm'
    """
    parts = implementation if isinstance(implementation, tuple) else (implementation,)
    kinds = [part if hasattr(part, "__qualname__") else type(part) for part in parts]
    return f"{kinds[0].__module__}:{','.join(kind.__qualname__ for kind in kinds)}"


def _quiet() -> "warnings.catch_warnings[None]":
    return warnings.catch_warnings(action="ignore")
