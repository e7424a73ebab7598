"""Whether a mutant is rejected by what is expected to see it, on as few cases as that takes."""

from typing import Any

import numpy as np

from bnproof.mutants.mutant import Mutant
from bnproof.properties.catalogue import chosen
from bnproof.properties.judging import Judge
from bnproof.properties.local import LocalSession
from bnproof.properties.portfolio import portfolio
from bnproof.properties.property import Records
from bnproof.properties.record import Record
from bnproof.properties.verdicts import evaluate

LOOKS = 3  # how many times the records are looked at, each time with thrice as many


def first_caught(mutant: Mutant, dtype: str, *, quick: bool = True) -> list[str]:
    """Ids out of caught_by that fail, as soon as one does; none where the mutant survives."""
    with np.errstate(all="ignore"):
        session = LocalSession(mutant.shown())
        declaration = session.declaration
        judge = Judge(declaration, dtype)
        cases = portfolio(declaration, dtype, quick=quick)
        cases.sort(key=lambda case: "layer" not in case.tags)  # few, and some show only there
        expected = chosen(mutant.caught_by)
        records: list[Record] = []
        looks = {len(cases) // 3**look for look in range(LOOKS)} | {2}
        for ran, (case, observation) in enumerate(session.run_many(cases), start=1):
            steps: Any = observation.facts.get("steps", ())
            records.append(judge.judge(case, observation))
            records += [judge.judge(c, o) for c, o in steps]
            if ran in looks:
                every = Records(declaration, tuple(records))
                results = [evaluate(p, every, dtype) for p in expected]
                if failed := [r.property for r in results if r.verdict == "fail"]:
                    return failed
    return []
