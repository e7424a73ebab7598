"""What the properties of whole modules say of a target, without a worker and other cases."""

from collections.abc import Sequence
from typing import Any

from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.module_facts import facts_of, notes
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import conclude
from bnproof.engine.model.result import Result
from bnproof.engine.portfolio import whole_modules
from bnproof.engine.portfolio.builder import Builder
from bnproof.implementations import variants
from bnproof.properties.catalogue import chosen
from bnproof.targets.declarations import outside_of
from bnproof.targets.overrides import prepare

MODULES = chosen(("module/*",))


class JudgedModule:
    """The results of the properties of whole modules on a target, in some of its dtypes.

    Attributes:
        results: of each property and dtype.
        notes: what differs and is not demanded.
    """

    def __init__(
        self, target: Any, *, dtypes: Sequence[str] = ("float32",), declare: Sequence[str] = ()
    ) -> None:
        (first, *_) = prepare(list(variants(target)), target, outside_of(declare))
        self.results: list[Result] = []
        self.notes: list[str] = []
        declaration = first.declaration
        runner = InProcess(first.implementation, declaration)
        for dtype in [d for d in dtypes if d in declaration.dtypes] or declaration.dtypes[:1]:
            judge = Judge(declaration, dtype)
            cases = whole_modules.cases(Builder(declaration, dtype))
            records = Records(declaration, tuple(judge.judge(c, runner.run(c)) for c in cases))
            assert not [e for record in records for e in record.observation.events]
            facts = [fact for record in records for fact in facts_of(record)]
            assert not [f.what for f in facts if " of " in f.what]  # as labels of calls have it
            self.results += [conclude(p, records, dtype)[0] for p in MODULES]
            self.notes += notes(records.all).values()

    def of(self, verdict: str) -> set[str]:
        """The properties that have a verdict in some dtype."""
        return {result.property for result in self.results if result.verdict == verdict}

    @property
    def failures(self) -> list[str]:
        """What fails, in a line each."""
        return [
            f"{result.dtype} {result.property}: {violation.detail}"
            for result in self.results
            for violation in result.violations
        ]
