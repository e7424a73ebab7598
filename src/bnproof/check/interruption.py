"""Results after an interrupt: as many properties as can be judged while somebody waits.

Agreement with the truth comes first, which tells whether any number is wrong.  Most of the others
cost a few milliseconds on all records, and a few cost most of the time: what each costs is measured
on the first records, and then the cheap ones come first.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.accepted import Accepted, of_property
from bnproof.engine.judging.counterexample import Failing
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import conclude, evaluate
from bnproof.engine.model.result import Result

SECONDS = 0.3
SAMPLE = 10  # records that costs are measured on
INTERRUPTED_BEFORE = "no case of its kind was reached before the interrupt"
NO_TIME = "not judged, as the run was interrupted"


def hurried(
    wanted: Sequence[Property],
    records: Records,
    dtype: str,
    known: Sequence[Accepted] = (),
    seconds: float = SECONDS,
) -> list[tuple[Result, list[Failing]]]:
    """The results on some records, of those properties for which the time suffices.

    With each comes what `conclude` tells of its failures.  The others are unsupported, with the
    interrupt as the reason.
    """
    end = time.monotonic() + seconds
    found: dict[Property, tuple[Result, list[Failing]]] = {}

    def judge(properties: Sequence[Property]) -> None:
        for property_ in properties:
            if time.monotonic() < end:
                expected = of_property(known, property_.id)
                result, failing = conclude(property_, records, dtype, expected)
                result = not_reached(result, property_, records.declaration, INTERRUPTED_BEFORE)
                found[property_] = result, failing

    judge([p for p in wanted if p.id.endswith("/agreement")])
    first = Records(records.declaration, records.all[:SAMPLE])
    costs: dict[Property, float] = {}
    for property_ in wanted:
        if property_ not in found and time.monotonic() < end:
            costs[property_] = _cost(property_, first, dtype)
    judge(sorted(costs, key=costs.__getitem__))
    return [
        found[p] if p in found else (_without_time(p, records.declaration, dtype), [])
        for p in wanted
    ]


def _cost(property_: Property, records: Records, dtype: str) -> float:
    began = time.perf_counter()
    evaluate(property_, records, dtype)
    return time.perf_counter() - began


def _without_time(property_: Property, declaration: Declaration, dtype: str) -> Result:
    nothing = evaluate(property_, Records(declaration, ()), dtype)
    return nothing if property_.unsupported(declaration) else replace(nothing, reason=NO_TIME)


def not_reached(
    result: Result, property_: Property, declaration: Declaration, reason: str
) -> Result:
    """A result on no case at all, after a run that ended early: that is the reason."""
    if result.verdict != "unsupported" or property_.unsupported(declaration):
        return result
    return replace(result, reason=reason)
