"""Running a counterexample again, alone or in its place after the cases that came before it."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.counterexample import Counterexample
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import by_output, summed_up, violation
from bnproof.engine.model.case import Case
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.result import Result, Violation
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio

UNJUDGEABLE = (ArithmeticError, AssertionError, LookupError, ValueError)
"""What judging a case raises that no portfolio has, such as one that was edited in a saved file."""


class Runs(Protocol):
    """What runs cases on the target."""

    def run(self, case: Case) -> Observation:
        """Run one case."""
        ...


def judged(judge: Judge, case: Case, observation: Observation) -> list[Record]:
    """The record of a case, and those of the steps of a layer's life."""
    steps: Sequence[tuple[Case, Observation]] = observation.facts.get("steps", ())
    records = [judge.judge(case, observation), *(judge.judge(c, o) for c, o in steps)]
    for record in records:
        record.ran = case
    return records


def cannot_take(declaration: Declaration, case: Case) -> str:
    """Why a case cannot be given to an implementation, "" if it can."""
    for missing, what in (
        (case.dtype not in declaration.dtypes, case.dtype),
        (case.x.ndim not in declaration.ranks, f"rank {case.x.ndim}"),
        (Tag.THROUGH_LAYER in case.tags and not declaration.has("layer"), "layer"),
    ):
        if missing:
            return f"{declaration.name} does not declare {what}"
    for name, has in (("gamma", declaration.has_gamma), ("beta", declaration.has_beta)):
        if getattr(case, name) is not None and not has:
            return f"{declaration.name} declares to have no {name}, which the case gives"
        if getattr(case, name) is None and has and declaration.affine_parameters != "optional":
            return f"{declaration.name} does not take None for {name}, which the case has"
    if case.parameter_dtype != declaration.parameter_dtype(case.dtype):
        return f"{declaration.name} has no parameters in {case.parameter_dtype}"
    return ""


def alone(
    session: Runs, declaration: Declaration, property_: Property, found: Counterexample
) -> tuple[Result, Records]:
    """The result of a property on a counterexample alone, and the records of its cases."""
    return _result(session, declaration, property_, found, found.cases)


def violation_in(
    output: str, property_: Property, found: Counterexample, records: Records
) -> Violation | None:
    """The simplest violation of a property in one output of a counterexample; None if it holds.

    A result shows the first few outputs alone.
    """
    wrong = [c for c in found.judged(property_, records) if not c.holds and c.output == output]
    return violation(by_output(wrong)[0][0]) if wrong else None


def in_place(
    session: Runs,
    declaration: Declaration,
    property_: Property,
    found: Counterexample,
    *,
    seed: int,
    quick: bool,
) -> tuple[Result, Records]:
    """The same after the cases that the run began with, for what they may have left behind."""
    before = portfolio(declaration, found.case.dtype, seed=seed, quick=quick)
    names = [case.name for case in before]
    if found.case.name in names:
        before = before[: names.index(found.case.name)]
    ran = {case.name for case in before}
    missing = [case for case in found.cases if case.name not in ran]
    return _result(session, declaration, property_, found, [*before, *missing])


def _result(
    session: Runs,
    declaration: Declaration,
    property_: Property,
    found: Counterexample,
    cases: Iterable[Case],
) -> tuple[Result, Records]:
    judge = Judge(declaration, found.case.dtype)
    ran = [record for case in cases for record in judged(judge, case, session.run(case))]
    records = Records(declaration, tuple(ran))
    checks: list[Comparison] = found.judged(property_, records)
    return summed_up(property_, found.case.dtype, checks), records
