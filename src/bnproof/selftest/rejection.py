"""How an implementation is rejected: on as few cases as that takes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.judging.verdicts import evaluate
from bnproof.engine.model.case import Case
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import portfolio

ROUNDS = (8, 24, 72)
"""So many cases, those that reject most, are run before anything is judged; then three times more.
"""


def first_failures(
    implementation: Any,
    dtype: str,
    properties: Sequence[Property],
    *,
    quick: bool = True,
    among: Sequence[str] = (),
    begin: tuple[str, ...] = (),
) -> list[str]:
    """Ids of the properties that fail, as soon as one does; none where the portfolio accepts.

    ``quick`` is the portfolio of the quick profile, shared between the dtypes ``among``; cases
    whose names start with one of ``begin`` run first.  The implementation runs in this process.

    >>> from bnproof.mutants.catalogue import mutant_of
    >>> from bnproof.properties.catalogue import chosen
    >>> first_failures(mutant_of("eps/none").make(), "float32", chosen(("forward/agreement",)))
    ['forward/agreement']
    """
    grown = growing_records(implementation, dtype, quick=quick, among=among, begin=begin)
    for records in grown:
        results = [evaluate(p, records, dtype) for p in properties]
        if failed := [result.property for result in results if result.violations]:
            return failed
    return []


def growing_records(
    implementation: Any,
    dtype: str,
    *,
    quick: bool = True,
    among: Sequence[str] = (),
    begin: tuple[str, ...] = (),
) -> Iterator[Records]:
    """The records of the portfolio, each time with more of it, until all cases have run."""
    with np.errstate(all="ignore"):
        session = InProcess(implementation).try_out()
        declaration = session.declaration
        judge = Judge(declaration, dtype)
        records: list[Record] = []
        if session.first is not None and session.first[0].dtype == dtype:
            records += judged(judge, *session.first)
        cases = _cases(declaration, dtype, quick=quick, among=among)
        for some in rounds(cases, begin):
            for case, observation in session.run_many(some):
                records += judged(judge, case, observation)
            yield Records(declaration, tuple(records))


def rounds(cases: Sequence[Case], begin: tuple[str, ...] = ()) -> list[list[Case]]:
    """Each case in one round; lives of layers, of which there are few, in the first.

    Cases whose names start with one of ``begin`` make a round of their own before all others.
    """
    first = [case for case in cases if case.name.startswith(begin)]
    rest = [case for case in cases if not case.name.startswith(begin)]
    lives = [case for case in rest if Tag.LAYER in case.tags]
    others = [case for case in rest if Tag.LAYER not in case.tags]
    ends = zip((0, *ROUNDS), (*ROUNDS, len(others)), strict=True)
    parts = [others[start:end] for start, end in ends]
    return [*([first] if first else []), lives + parts[0], *parts[1:]]


PORTFOLIOS: dict[tuple[str, str, bool, tuple[str, ...]], list[Case]] = {}
KEPT = 8
"""Portfolios that are kept: many implementations in a row declare the same."""


def _cases(
    declaration: Declaration, dtype: str, *, quick: bool, among: Sequence[str]
) -> list[Case]:
    """The portfolio, made once for all implementations that declare the same."""
    key = repr(replace(declaration, name="", version="")), dtype, quick, tuple(among)
    if key not in PORTFOLIOS:
        if len(PORTFOLIOS) == KEPT:
            PORTFOLIOS.pop(next(iter(PORTFOLIOS)))
        PORTFOLIOS[key] = portfolio(declaration, dtype, quick=quick, among=among)
    return PORTFOLIOS[key]
