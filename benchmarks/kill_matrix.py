"""The measured kill matrix: which cases of the portfolio reject which known mistake.

    python benchmarks/kill_matrix.py OUT.jsonl [DTYPE ...]

Every mutant runs the portfolio that quick chooses from, with all calls, in the dtypes that it shows
in; one that nearly every case rejects is not run to the end.  A line of OUT is a mutant in a dtype:
for each case that shows it, the plan that is enough ("short" or "full") and the other cases that
the comparison needs.
Lines that OUT has already are not measured again.  `benchmarks/quick_choice.py` chooses from it.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import process_time

import numpy as np

from bnproof.causes.reproduction import WHOLE_CALLS
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.counterexample import counterexample
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.model.calls import Label
from bnproof.engine.model.case import Case, Plan
from bnproof.engine.model.event import Event
from bnproof.engine.portfolio import AT_THE_END, pool, with_end
from bnproof.engine.portfolio.quick import unit_of
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED
from bnproof.mutants.catalogue import MUTANTS
from bnproof.properties.catalogue import PROPERTIES

Kill = tuple[str, str, tuple[str, ...]]
"""A case that shows a mutant, the plan that is enough, and other cases that it takes."""

ENOUGH = 24
"""After so many kills the measurement of a mutant ends: any choice of cases rejects it."""

STRIDES = (27, 9, 3, 1)
"""Every 27th case is run first, then every 9th, and so on, until there are enough."""

KEPT = 2**19
"""Elements of data sets whose truth is kept, since all mutants are judged on the same cases."""


def unit(name: str) -> str:
    """Return the case that a profile chooses as a whole; the last case belongs to every choice.

    >>> unit("scaled by 8, rank 3")
    'scaled by 8'
    """
    return AT_THE_END if name.endswith(AT_THE_END) else unit_of(name)


def measured(mutant: str, dtype: str) -> dict[str, object]:
    """The row of a mutant in a dtype: seconds, and what shows it."""
    began = process_time()
    implementation = next(m for m in MUTANTS if m.id == mutant).shown()
    session = InProcess(implementation).try_out()
    declaration = session.declaration
    if dtype not in declaration.dtypes:
        return {"mutant": mutant, "dtype": dtype, "declared": False, "kills": []}
    judge = Judge(declaration, dtype)
    cases = with_end([with_plan(case, "full") for case in pool(declaration, dtype)])
    records: list[Record] = []
    kills: set[Kill] = set()
    for some in rounds(cases):
        for case, seen in session.run_many(some):
            records += judged(judge, case, seen)
        kills = set(_all_kills(Records(declaration, tuple(records)), dtype))
        if len(kills) >= ENOUGH:
            break
    first = (
        judged(judge, *session.first) if session.first and session.first[0].dtype == dtype else []
    )
    return {
        "mutant": mutant,
        "dtype": dtype,
        "declared": True,
        "at once": any(j.worst > 1 for r in first for _, j in r.all_judged()),
        "cases": len(records),
        "seconds": process_time() - began,
        "kills": sorted(kills),
    }


def rounds(cases: Sequence[Case]) -> list[list[Case]]:
    """Each case in one round, spread over the portfolio."""
    made: list[list[Case]] = [[] for _ in STRIDES]
    for number, case in enumerate(cases):
        made[next(r for r, stride in enumerate(STRIDES) if number % stride == 0)].append(case)
    return made


def _all_kills(records: Records, dtype: str) -> Iterator[Kill]:
    for property_ in PROPERTIES:
        if not property_.unsupported(records.declaration, dtype):
            checks = [c for c in property_.compare(records) if not c.holds]
            yield from shown_by(checks, records)


def with_plan(case: Case, plan: Plan) -> Case:
    """The case with all calls or few, unless its plan is of another kind."""
    return case.with_(calls=plan) if case.calls in ("short", "full") else case


def shown_by(checks: Iterable[Comparison], records: Records) -> Iterator[Kill]:
    """The cases that comparisons are made on, with the plan that is enough and what they need."""
    seen = set()
    for check in checks:
        plan = "short" if _call(check) in WHOLE_CALLS else "full"
        name = check.record.case.name
        if (name, plan) in seen:
            continue
        seen.add((name, plan))
        found = counterexample(records, check.record)
        needed = {unit(c.name) for c in found.related} - {unit(found.case.name)}
        yield unit(found.case.name), plan, tuple(sorted(needed))


def _call(check: Comparison) -> Label | str:
    """The call that a violation is seen in."""
    if isinstance(check.finding, Event):
        return check.finding.call
    return check.of or "train"


def main() -> None:
    """Measure what is missing in the file."""
    out = Path(sys.argv[1])
    have = set()
    if out.exists():
        have = {(m["mutant"], m["dtype"]) for m in map(json.loads, out.read_text().splitlines())}
    EXPECTED.limit = KEPT
    np.seterr(all="ignore")
    for dtype in sys.argv[2:] or ("float32", "float16", "float64", "bfloat16"):
        for mutant in MUTANTS:
            if (mutant.id, dtype) in have or dtype not in mutant.dtypes:
                continue
            with out.open("a") as file:
                file.write(json.dumps(measured(mutant.id, dtype)) + "\n")


if __name__ == "__main__":
    main()
