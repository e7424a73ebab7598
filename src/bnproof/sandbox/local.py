"""A session in this process: for tests, and for people who call the check from their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from bnproof.engine.contract.declaration import Declaration, attributes_of, declaration_of
from bnproof.engine.execution.default_layer import Lifetime, lifetime
from bnproof.engine.execution.executor import Executor, try_out
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.observation import Observation


class LocalSession:
    """Runs cases on an implementation in this process, with no protection against it.

    Raises ContractError if the implementation is not of the contract or cannot be used.
    """

    def __init__(self, implementation: Any) -> None:
        self._implementation = implementation
        self.declaration = declaration_of(implementation)
        self.first: tuple[Case, Observation] | None = try_out(implementation, self.declaration)
        self._executor = Executor(implementation, self.declaration)

    def run(self, case: Case) -> Observation:
        """Run one case."""
        return self._executor.run(case, lambda _: None)

    def probe(self, case: Case, declaration: Declaration) -> Observation:
        """Run one case as if something else were declared."""
        return Executor(self._implementation, declaration).run(case, lambda _: None)

    def lifetime(self, batches: Sequence[Array], channels: int) -> Lifetime:
        """What a layer made without settings does with some batches."""
        return lifetime(self._implementation, batches, channels, lambda _: None)

    def attributes(self) -> tuple[str, ...]:
        """Names of the attributes that the implementation itself has."""
        return attributes_of(self._implementation)

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other."""
        for case in cases:
            yield case, self.run(case)
