"""The search for cases beyond the portfolio: Hypothesis, guided by error/bound, seeded."""

import math
from collections.abc import Callable
from contextlib import suppress

from hypothesis import Phase, given, target
from hypothesis.errors import Flaky

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.accepted import is_unexpected
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.search.seeded import seeded
from bnproof.engine.search.strategies import cases

Run = Callable[[Case], Record]
Violates = Callable[[Record], bool]
FLOOR = 1e-12


class Violated(Exception):  # noqa: N818  # it steers Hypothesis, nobody sees it
    """A case violates something: Hypothesis is to shrink it."""


def is_violated(record: Record) -> bool:
    """Whether a record alone shows a violation, whatever the property."""
    return is_unexpected(record, ())


def search(
    run: Run,
    declaration: Declaration,
    dtype: str,
    *,
    examples: int,
    seed_value: int,
    violates: Violates = is_violated,
) -> list[Record]:
    """Records of searched cases; where one violates something, the smallest that still does.

    ``run`` executes and judges a case; ``violates`` tells what ends the search.  The same seed
    gives the same records.
    """
    kept: list[Record] = []
    violating: list[Record] = []

    @seeded(seed_value, examples, Phase.generate, Phase.target, Phase.shrink)
    @given(cases(declaration=declaration, dtype=dtype))
    def look(case: Case) -> None:
        number = len(kept) + len(violating) + 1
        tags = case.tags | {Tag.SEARCHED}
        record = run(case.with_(name=f"searched case {number}", tags=tags))
        if violates(record):
            violating.append(record)
            raise Violated
        kept.append(record)
        target(math.log(max(record.worst, FLOOR)), label="log(error/bound)")

    with suppress(Violated, Flaky):  # what does not fail again was violated all the same
        look()
    if violating:
        kept.append(min(violating, key=lambda r: (r.case.x.size, len(r.case.layouts))))
    return kept
