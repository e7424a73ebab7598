"""What a known mistake explains of what was observed on one case."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.causes.unbiased import NormalisedByUnbiased
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.exceptions import unless_interrupted
from bnproof.engine.execution.executor import Executor
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import FIRST as FIRST_CALL
from bnproof.engine.model.calls import Call, is_double, is_judged
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.formats import Array, format_of
from bnproof.engine.model.names import GRADIENTS
from bnproof.engine.model.observation import WHOLE, Observation
from bnproof.engine.truth.oracle import error

SLACK = 4
"""Times the bound by which two implementations of one mistake may differ.

This is chosen, not derived: a bound is derived for right implementations, and a mistake may round
a few times more often.  No verdict depends on it; how often the right cause is named is measured
(see `bnproof.selftest.named_causes`).
"""

EVENTS = (
    EventKind.CHANGED_INPUT,
    EventKind.CHANGED_RESULT,
    EventKind.CHANGED_STATE,
    EventKind.NONDETERMINISTIC,
    EventKind.NO_ERROR,
)
WHOLE_CALLS: tuple[Call, ...] = ("train", "infer", "double", "double-infer")
"""The calls that the short plan makes as well."""


@dataclass(frozen=True)
class Explanation:
    """What a mistake says of one case.

    Attributes:
        explained: what is wrong and the mistake reproduces.
        contradicted: whether the mistake would have shown otherwise than what was observed.
    """

    explained: frozenset[Explained]
    contradicted: bool


def explanation(mutant: Any, record: Record) -> Explanation:
    """What a mutant reproduces of a record, in the conventions of the implementation accused.

    Gradients may be those of the wrong forward pass or of the right one, whoever made the mistake,
    so they do not count against one that explains a wrong y of the same call.
    """
    wrong = frozenset(Explained(call, judged.output) for call, judged in _wrong(record))
    double = _only_double(record)
    wrong |= {Explained(event.kind, event.label) for event in record.observation.of(*EVENTS)}
    observed = _run(mutant, record)
    if observed is None:
        return Explanation(frozenset(), contradicted=True)
    events = {Explained(event.kind, event.label) for event in observed.of(*EVENTS)}
    found = _Found(explained=events & wrong, contradicted=set(events - wrong))
    for call, judged, result in _pairs(record, observed, double=double):
        _compare(found, Explained(call, judged.output), judged, result)
    calls = {each.of for each in found.explained if each.what == "y"}
    firsts = {FIRST_CALL[call] for call in calls if is_judged(call)}
    found.contradicted -= {Explained(call, name) for call in firsts for name in GRADIENTS}
    return Explanation(frozenset(found.explained), bool(found.contradicted))


def to_explain(record: Record) -> frozenset[Explained]:
    """What is wrong with a record, and a mistake that explains all of it reproduces."""
    double, few = _only_double(record), _few_calls_show_it(record)
    numbers = (
        Explained(call, judged.output)
        for call, judged in _wrong(record)
        if (double or not is_double(call)) and (not few or call in WHOLE_CALLS)
    )
    events = (Explained(event.kind, event.label) for event in record.observation.of(*EVENTS))
    return frozenset((*numbers, *events))


def _only_double(record: Record) -> bool:
    """Whether nothing but double backward is wrong."""
    return all(is_double(call) for call, _ in _wrong(record)) and not record.observation.of(*EVENTS)


@dataclass
class _Found:
    explained: set[Explained]
    contradicted: set[Explained]


def _compare(found: _Found, what: Explained, judged: Judged, result: Array) -> None:
    if agrees(judged, result):
        if judged.worst > 1 and violates(judged, result):
            found.explained.add(what)
    elif judged.worst <= 1 or _is_wrong(judged, result):
        found.contradicted.add(what)


def _wrong(record: Record) -> list[tuple[Call, Judged]]:
    return [(call, judged) for call, judged in record.all_judged() if judged.worst > 1]


def _run(mutant: Any, record: Record) -> Observation | None:
    """The mutant's observation; with no more calls around the case than show what is wrong."""
    case = record.case
    if case.calls == "full" and _few_calls_show_it(record):
        case = case.with_(calls="short")
    if case.calls == "short" and not _trained(record):
        case = case.with_(calls="infer")  # a step of a layer evaluates, and may not train
    return observed_of(mutant, record.declaration, case)


def _few_calls_show_it(record: Record) -> bool:
    """Whether calls that the short plan makes are wrong, and nothing happened beside numbers."""
    first = any(judged.worst > 1 for _, judged in record.all_judged(*WHOLE_CALLS))
    return first and not record.observation.of(*EVENTS)


def _trained(record: Record) -> bool:
    """Whether training was called; inference alone may be given one value per channel."""
    return any(call.startswith("train") for call in record.observation.results)


def observed_of(mutant: Any, declaration: Declaration, case: Case) -> Observation | None:
    """What a mutant does on a case; None if it cannot run it."""
    with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
        implementation = made(mutant, declaration, case.x.ndim)
        executor = Executor(implementation, declaration)
        observed = unless_interrupted(executor.run(case, lambda _: None))
    return None if observed.of(EventKind.RAISED, EventKind.MALFORMED) else observed


def made(mutant: Any, declaration: Declaration, rank: int) -> Any:
    """A mutant in the conventions of the implementation that is accused."""
    unbiased = declaration.unbiased(rank)
    mistaken = mutant.make(
        running_variance="unbiased" if unbiased else "biased",
        momentum_weighs=declaration.momentum_weighs,
        channel_axis=declaration.channel_axis,
    )
    return NormalisedByUnbiased(mistaken) if declaration.normalises_unbiased else mistaken


def _pairs(
    record: Record, observed: Observation, *, double: bool
) -> Iterator[tuple[Call, Judged, Array]]:
    """Each judged output, with the mutant's own.

    Without ``double`` that of double backward is left out: a mistake elsewhere spoils it in a way
    that depends on how it is computed.
    """
    for call, judged in record.all_judged():
        if is_double(call) and not double:
            continue
        result = observed.results.get(call, {}).get(judged.output)
        if result is not None:
            yield call, judged, columns(result) if judged.output in WHOLE else result


def _is_wrong(judged: Judged, result: Array) -> bool:
    """Whether the mutant itself is off there, beyond what rounding allows."""
    if result.shape != judged.got.shape:
        return True
    with np.errstate(all="ignore"):
        return not bool((error(result, judged.truth) <= SLACK * judged.bound).all())


def violates(judged: Judged, result: Array) -> bool:
    """Whether the mutant's own result is beyond the bound somewhere, so that it can be the cause.

    A mistake whose condition is not met gives the right result, which may be near a wrong one.
    """
    with np.errstate(all="ignore"):
        return not bool((error(result, judged.truth) <= judged.bound).all())


def agrees(judged: Judged, result: Array) -> bool:
    """Whether two results are the same but for rounding."""
    with np.errstate(all="ignore"):
        got, other = (np.asarray(a, np.float64) for a in (judged.got, result))
        if got.shape != other.shape:
            return False
        u = format_of(judged.got.dtype).u
        largest = np.max(np.abs(got), initial=0.0, where=np.isfinite(got))
        limit = SLACK * judged.bound + 64 * u * np.abs(got) + 4 * u * largest
        same = (got == other) | (np.isnan(got) & np.isnan(other))
        return bool((same | (np.abs(got - other) <= limit) | np.isinf(judged.bound)).all())
