"""Whether a known mistake reproduces what was observed on one case."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnproof.properties.cases import columns
from bnproof.properties.contract import Declaration
from bnproof.properties.execution import Executor
from bnproof.properties.formats import format_of
from bnproof.properties.observation import WHOLE, Observation
from bnproof.properties.record import Judged, Record

SLACK = 4
"""A mistake may round a few times more often than what the bound was derived for."""

EVENTS = ("changed-input", "changed-result", "changed-state", "nondeterministic", "no-error")


FIRST = ("train", "infer", "double", "double-infer")
"""The calls that the short plan makes as well."""


def made(mutant: Any, declaration: Declaration, rank: int) -> Any:
    """A mutant in the conventions of the implementation that is accused."""
    unbiased = declaration.unbiased(rank)
    return mutant.make(
        running_variance="unbiased" if unbiased else "biased",
        momentum_weighs=declaration.momentum_weighs,
        channel_axis=declaration.channel_axis,
    )


def reproduces(mutant: Any, record: Record) -> bool:
    """Whether a mutant gives the same wrong results, and the same right ones, on the same case."""
    observed = _run(mutant, record)
    if observed is None or not _same_events(record.observation, observed):
        return False
    wrong = [call for call, judged in record.all_judged() if judged.worst > 1]
    of_double = bool(wrong) and all(call.startswith("double") for call in wrong)
    if of_double and not any(call.startswith("double") for call in observed.results):
        return False  # it has no part that could be wrong in this way
    agreed = [_agrees(judged, got) for judged, got in _pairs(record, observed, double=of_double)]
    return all(agreed) and (bool(wrong) or bool(record.observation.of(*EVENTS)))


def _run(mutant: Any, record: Record) -> Observation | None:
    """The mutant's observation; with no more calls around the case than show what is wrong."""
    case = record.case
    first = any(j.worst > 1 for _, j in record.all_judged(*FIRST))
    if first and case.calls == "full" and not record.observation.of(*EVENTS):
        case = case.with_(calls="short")
    try:
        implementation = made(mutant, record.declaration, record.case.x.ndim)
        executor = Executor(implementation, record.declaration)
        with np.errstate(all="ignore"):
            return executor.run(case, lambda _: None)
    except Exception:  # noqa: BLE001  # a mutant that cannot run such a case does not explain it
        return None


def _same_events(observed: Observation, mutant: Observation) -> bool:
    def kinds(of: Observation) -> set[tuple[str, str]]:
        return {(event.kind, event.what) for event in of.of(*EVENTS)}

    return kinds(observed) == kinds(mutant) and not mutant.of("raised", "malformed")


def _pairs(record: Record, observed: Observation, *, double: bool) -> Iterator[tuple[Judged, Any]]:
    """Each judged output, with the mutant's own.

    Without ``double`` that of double backward is left out: a mistake elsewhere spoils it in a way
    that depends on how it is computed.
    """
    for call, judged in record.all_judged():
        if call.startswith("double") and not double:
            continue
        result = observed.results.get(call, {}).get(judged.output)
        if result is not None:
            yield judged, columns(result) if judged.output in WHOLE else result


def _agrees(judged: Judged, result: Any) -> bool:
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
