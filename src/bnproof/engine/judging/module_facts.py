"""What was observed of a whole module, as comparisons, and what is only noted."""

from collections.abc import Iterable, Iterator

import numpy as np

from bnproof.engine.judging.comparison import Comparison, compare, ended, found, of_judged
from bnproof.engine.judging.facts import ended_beside_calls
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.case import columns
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.observation import WHOLE, Observation
from bnproof.engine.model.tag import Tag
from bnproof.engine.wording.events import sentence


def tried(records: Records, demand: Demand) -> Iterator[Comparison]:
    """What was seen when a demand was tried, as far as it is demanded of this module."""
    for record in records.tagged(Tag.MODULE):
        if record.case.demand is not demand:
            continue
        if record.observation.failure and ended_beside_calls(record):
            yield ended(record, record.observation.failure)
        for fact in facts_of(record):
            if fact.demanded:
                yield from _compared(record, fact)


def notes(records: Iterable[Record]) -> dict[Demand, str]:
    """What differs from torch's modules and is not demanded of this one, a line for each demand."""
    lines: dict[Demand, str] = {}
    for record in records:
        demand = record.case.demand
        if demand is None:
            continue
        loose = (fact for fact in facts_of(record) if not fact.demanded)
        seen = [check for fact in loose for check in _compared(record, fact) if not check.holds]
        if seen:
            more = f" (and {len(seen) - 1} more)" if len(seen) > 1 else ""
            lines[demand] = f"not demanded, module/{demand}: {_text(seen[0])}{more}"
    return lines


def _text(check: Comparison) -> str:
    return (
        sentence(check.finding) if isinstance(check.finding, Event) else f"{check.output} differs"
    )


def facts_of(record: Record) -> tuple[Fact, ...]:
    """What was observed of the module, () where nothing was tried."""
    facts: tuple[Fact, ...] = record.observation.facts.get("module", ())
    return facts


def _compared(record: Record, fact: Fact) -> Iterator[Comparison]:
    """A fact as a comparison; none where no bound is known."""
    got, expected = fact.got, fact.expected
    if isinstance(got, str) or isinstance(expected, str):
        yield _of_texts(record, fact.what, _described(expected), _described(got))
    elif expected is not None and got.shape != expected.shape:
        yield _of_texts(record, fact.what, f"shape {expected.shape}", f"shape {got.shape}")
    elif fact.output is None:
        due = got if expected is None else expected
        event = _differs(fact.what, "the same values", "others")
        checked = compare(record, "y", got, due, np.zeros(got.shape), finding=event)
        yield checked.named(fact.what)
    elif (judged := _judged(record, fact, got if expected is None else expected)) is not None:
        if expected is None:
            yield of_judged(record, fact.call, judged).named(fact.what)
        else:
            seen, due = (_as_judged(fact, a) for a in (got, expected))
            bound = judged.bound + judged.bound
            yield compare(record, fact.output, seen, due, bound).named(fact.what)


def _of_texts(record: Record, what: str, expected: str, got: str) -> Comparison:
    return found(record, _differs(what, expected, got), holds=got == expected)


def _differs(what: str, expected: str, got: str) -> Event:
    return Event(EventKind.MODULE_DIFFERS, "module", what, expected=expected, actual=got)


def _described(value: Array | str | None) -> str:
    return value if isinstance(value, str) else "an array"


def _as_judged(fact: Fact, a: Array) -> Array:
    return columns(a) if fact.output in WHOLE else a


def _judged(record: Record, fact: Fact, array: Array) -> Judged | None:
    """The output that has the bound of a fact, None where the module does not offer it."""
    assert fact.output is not None  # noqa: S101  # asked before
    if fact.case is None:
        return record.judged.get(fact.call, {}).get(fact.output)
    judge = Judge(record.declaration, fact.case.dtype)
    seen = Observation(results={fact.call: {fact.output: array}})
    return judge.judge(fact.case, seen).judged.get(fact.call, {}).get(fact.output)
