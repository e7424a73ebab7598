"""A session on an object of this process: for tests that call the check."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from bnproof.engine.contract.declaration import ContractError, Declaration
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.execution.exceptions import unless_interrupted
from bnproof.engine.execution.first_calls import FirstCallError
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation
from bnproof.implementations import variants
from bnproof.recognition.errors import NotRecognised
from bnproof.sandbox.variants import Variants
from bnproof.targets.outside import Outside
from bnproof.targets.overrides import prepare
from bnproof.targets.text import TargetError, unusable


class ObjectSession(Variants):
    """Runs cases on one variant of an object in this process, with no protection against it.

    Entering the context raises TargetError if the object is not an implementation.  The attributes
    are those of `bnproof.sandbox.session.Session`; no worker is ever started again, and no case is
    skipped.  Warnings of the implementation are ignored, as they are in a worker: where a test
    turns warnings into errors, a warning about an infinity that a case needs would be a failure.

    >>> from bnproof.reference import BatchNorm
    >>> with ObjectSession(BatchNorm) as session:
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
        super().__init__(label(implementation), variant, outside)
        self._object = implementation
        self._in_process: list[InProcess] = []

    def __enter__(self) -> Self:
        try:
            made = list(variants(self._object))
            prepared = prepare(made, self._object, self.outside)
        except (ContractError, NotRecognised) as error:
            raise unusable(self.target, error) from error
        self._loaded([each.told for each in prepared])
        self._in_process = [
            InProcess(each.implementation, declaration)
            for each, declaration in zip(prepared, self.declarations, strict=True)
        ]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        for each, declaration in zip(self._in_process, self.declarations, strict=True):
            each.declare(declaration)  # forgets what was kept of earlier cases

    def beside(self) -> "ObjectSession":
        """Another session on the same variant."""
        other = ObjectSession(self._object, self.variant, self.outside)
        other.adopt_all_of(self)
        return other

    def adopt(self, found: Mapping[str, Any]) -> None:
        """Go on as if the variant declared what was found by probing it."""
        self._adopted(found)
        self._selected.declare(self.declaration)

    def select(self, variant: int) -> None:
        """Go on with another variant."""
        self.variant = variant

    def try_out(self) -> None:
        """Make the first calls: TargetError if the implementation cannot be used."""
        try:
            with _quiet():
                self.first = self._selected.try_out().first
        except FirstCallError as error:
            if error.event.actual == "KeyboardInterrupt":
                raise KeyboardInterrupt from error  # as in `run`
            raise TargetError(str(error), loaded=True) from error

    def run(self, case: Case) -> Observation:
        """Run one case."""
        with _quiet():
            return unless_interrupted(self._selected.run(case))

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        with _quiet():
            return unless_interrupted(self._selected.probe(case, declaration))

    def default_behaviour(self, batches: Sequence[Array], channels: int) -> DefaultBehaviour:
        """What a layer made without settings does with some batches."""
        with _quiet():
            return self._selected.default_behaviour(batches, channels)

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other."""
        for case in cases:
            yield case, self.run(case)

    @property
    def _selected(self) -> InProcess:
        return self._in_process[self.variant]


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
