"""A session in this process: for tests, and for people who call the check from their own."""

from collections.abc import Iterator, Sequence
from typing import Any

from bnproof.properties.cases import Case
from bnproof.properties.contract import declaration_of
from bnproof.properties.execution import Executor, try_out
from bnproof.properties.observation import Observation


class LocalSession:
    """Runs cases on an implementation in this process, with no protection against it.

    Raises ContractError if the implementation is not of the contract or cannot be used.
    """

    def __init__(self, implementation: Any) -> None:
        self.declaration = declaration_of(implementation)
        self.first: tuple[Case, Observation] | None = try_out(implementation, self.declaration)
        self._executor = Executor(implementation, self.declaration)

    def run(self, case: Case) -> Observation:
        """Run one case."""
        return self._executor.run(case, lambda _: None)

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other."""
        for case in cases:
            yield case, self.run(case)
