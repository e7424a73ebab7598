"""One implementation of the contract, run in this process: the only place that runs cases."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

from bnproof.engine.contract.declaration import Declaration, attributes_of, declaration_of
from bnproof.engine.execution.default_layer import DefaultBehaviour, default_behaviour
from bnproof.engine.execution.executor import Executor
from bnproof.engine.execution.first_calls import try_out
from bnproof.engine.execution.stopwatch import timed
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation


def _ignore(_: str = "") -> None:
    """Do nothing before and after a call."""


class InProcess:
    """Runs cases on an implementation in this process, with no protection against it.

    One executor runs all cases, so that state and caches of the implementation show.
    ``declaration`` is what the implementation declares, unless it is given; ``announce`` is called
    with the name of each call before the call, ``returned`` after it; ``first`` is the case of the
    first calls and what came back, None before `try_out`.

    Raises ContractError if the implementation has no method of the contract, or a wrong attribute.

    >>> from bnproof.reference import BatchNorm
    >>> InProcess(BatchNorm()).try_out().declaration.name
    'reference'
    """

    def __init__(
        self,
        implementation: Any,
        declaration: Declaration | None = None,
        announce: Callable[[str], None] = _ignore,
        returned: Callable[[], None] = _ignore,
    ) -> None:
        self.implementation = implementation
        self.declaration = declaration or declaration_of(implementation)
        self.first: tuple[Case, Observation] | None = None
        self._announce, self._returned = announce, returned
        self._executor: Executor | None = None

    def declare(self, declaration: Declaration) -> None:
        """Go on under another declaration."""
        self.declaration, self._executor = declaration, None

    def try_out(self) -> Self:
        """Make the first calls; raises ContractError if the implementation cannot be used."""
        self.first = try_out(self.implementation, self.declaration, self._announce, self._returned)
        return self

    def run(self, case: Case) -> Observation:
        """Run one case."""
        if self._executor is None:
            self._executor = Executor(self.implementation, self.declaration)
        return self._executor.run(case, self._announce, self._returned)

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other."""
        for case in cases:
            yield case, self.run(case)

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case under another declaration, on an executor of its own."""
        executor = Executor(self.implementation, declaration)
        return timed(executor, case, self._announce, self._returned)

    def default_behaviour(self, batches: Sequence[Array], channels: int) -> DefaultBehaviour:
        """Return what a layer made without settings does with some batches."""
        return default_behaviour(self.implementation, batches, channels, self._announce)

    def attributes(self) -> tuple[str, ...]:
        """Return the names of the attributes that the implementation itself has."""
        return attributes_of(self.implementation)
