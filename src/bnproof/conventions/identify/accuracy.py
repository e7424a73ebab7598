"""The accuracy class: the strongest that explains every output on data where classes differ."""

from dataclasses import replace

from bnproof.conventions.identify.finding import (
    AMBIGUOUS,
    FAILED,
    FOUND,
    NOT_PROBED,
    UNEXPLAINED,
    Finding,
)
from bnproof.conventions.identify.normalisation import working_ranks
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.accuracy import accuracy as measured
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EventKind
from bnproof.engine.portfolio import algebra, numerics
from bnproof.engine.portfolio.builder import Builder
from bnproof.engine.wording.events import ending


def accuracy(probes: Probes, found: Declaration) -> Finding:
    """The accuracy class by dtype, judged with the conventions that were found.

    ``found`` holds these; where some are wrong or unknown, no class explains the results.
    """
    works = [rank for rank in found.ranks if rank in working_ranks(probes)]
    if not works:
        return Finding("accuracy", NOT_PROBED, because="no declared rank works")
    values: dict[str, str] = {}
    for dtype in found.dtypes:
        classes = probes.classes(dtype)
        records = _records(probes, replace(found, ranks=tuple(works)), dtype, list(classes)[-1])
        if isinstance(records, Finding):
            return records
        of_dtype = measured(records, classes)
        if not of_dtype.found:
            because = f"no class explains {of_dtype.worst_output} in {of_dtype.worst_case}"
            return Finding("accuracy", UNEXPLAINED, None, because)
        values[dtype] = of_dtype.found
    if not values:
        return Finding("accuracy", AMBIGUOUS, because="nothing was judged")
    distinct = set(values.values())
    value = next(iter(distinct)) if len(distinct) == 1 else values
    return Finding("accuracy", FOUND, value, "all outputs, on offsets and sums that stagnate")


def _records(
    probes: Probes, found: Declaration, dtype: str, weakest: AccuracyClass
) -> list[Record] | Finding:
    judge = Judge(replace(found, accuracy=weakest), dtype)
    records = []
    for case in _cases(found, dtype):
        observation = probes.session.probe(case, found)
        if observation.failure:
            because = f"{observation.failure.kind}: {ending(observation.failure)}"
            return Finding("accuracy", FAILED, because=because)
        raised = observation.of(EventKind.RAISED)
        if raised:
            because = f"{case.describe()}: {raised[0].exception}"
            return Finding("accuracy", FAILED, because=because)
        records.append(judge.judge(case, observation))
    return records


def _cases(found: Declaration, dtype: str) -> list[Case]:
    """Cases of the portfolio on ordinary memory, in one rank each, with no calls around them."""
    build = Builder(found, dtype, rotate=True)
    cases = [*numerics.cases(build), *algebra.cases(build)]
    return [case.with_(calls="short") for case in cases]
