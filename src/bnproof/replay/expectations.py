"""What a script has to find: which results of which calls are wrong, and what they should be."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.transcript import Call, Given, Transcript
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.many_steps import closed_form
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import Label
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import ADDED, DOUBLE, GRADIENTS, RESULTS, STATISTICS, Output
from bnproof.engine.model.observation import WHOLE

_GRADIENTS = (*GRADIENTS, *ADDED, *DOUBLE)
"""The results of backward and of its double."""


@dataclass(frozen=True, eq=False)
class Values:
    """A result of a call is within a bound of what is due, element by element.

    Attributes:
        call, output: which result.
        want, low: what is due is the sum of the two; arrays of the result's shape.
        bound: infinite where nothing is judged.
    """

    call: Call
    output: str
    want: Array
    low: Array
    bound: Array


@dataclass(frozen=True)
class Form:
    """A result of a call has a dtype and a shape."""

    call: Call
    output: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Unchanged:
    """An argument of a call, or an earlier result of it, stays as it is until all is called."""

    call: Call
    what: str
    is_result: bool


@dataclass(frozen=True)
class SameBits:
    """Two calls give the same bits."""

    call: Call
    other: Call
    output: str


@dataclass(frozen=True)
class Raises:
    """A call raises something."""

    call: Call


@dataclass(frozen=True)
class Returns:
    """A call raises nothing."""

    call: Call


Expectation = Values | Form | Unchanged | SameBits | Raises | Returns


def expectations(
    transcript: Transcript, records: Sequence[Record], check: Comparison | None, name: str
) -> list[Expectation]:
    """What is wrong in the calls, as far as it says why a property is violated on a case.

    Without a violated ``check``, the results of the first calls of the case ``name``, which are
    right now.
    """
    segments = _segments(transcript)
    if check is None:
        own = [record for record in records if record.case.name == name]
        return [*_first_values(own, segments, wrong=False)]
    wanted = [check.record, *(record for record in records if record is not check.record)]
    found = list(_events(check, segments))
    found += _first_values(wanted, segments, wrong=True, output=check.output)
    return found


def _segments(transcript: Transcript) -> dict[str, list[Call]]:
    """The calls of each case that ran, by its name."""
    starts = [first for *_, first in transcript.ran] + [len(transcript.calls)]
    return {
        case.name: transcript.calls[first:after]
        for (case, _, first), after in zip(transcript.ran, starts[1:], strict=True)
    }


def _ran(record: Record) -> str:
    return record.case.name if record.ran is None else record.ran.name


# --- values ---------------------------------------------------------------------------------------


def _first_values(
    records: Iterable[Record], segments: dict[str, list[Call]], *, wrong: bool, output: str = ""
) -> Iterator[Values]:
    """Of the first record that has some, the results of one call that are wrong, or are judged."""
    for record in records:
        calls = segments.get(_ran(record), [])
        judged = [j for j in _judged(record) if not wrong or j[1].worst > 1]
        same = [j for j in judged if j[1].output == output]
        for label in dict.fromkeys(label for label, _ in same or judged):
            chosen = [j for at, j in same or judged if at == label]
            made = [v for j in chosen if (v := _values(record, label, j, calls)) is not None]
            if made:
                yield from made
                return


def _judged(record: Record) -> list[tuple[Label, Judged]]:
    """All judged results, and the averages after many steps, which the closed form judges."""
    found: list[tuple[Label, Judged]] = list(record.all_judged())
    found += [(call, j) for call, outputs in record.spoiled.items() for j in outputs.values()]
    held = record.observation.results
    for name in STATISTICS:  # inference leaves them, and an empty batch does
        calls: tuple[Label, ...] = ("infer",) if record.case.count else ("infer", "train")
        for label in calls:
            if name in held.get(label, {}):
                due = getattr(record.case, name)
                found.append((label, _same(name, held[label][name], due)))
    if "steps" in held:
        truth, bound = closed_form(record)
        for statistic, got in held["steps"].items():
            high, low = truth[statistic]
            off = np.abs((np.asarray(got, np.float64) - high) - low)
            averaged = Judged(statistic, got, truth[statistic], off, bound[statistic])
            found.append(("steps", averaged))
    return found


def _same(name: Output, got: Array, due: Array) -> Judged:
    """A result that has to be, to the last bit, what was given."""
    wide = np.asarray(due, np.float64)
    none = np.zeros_like(wide)
    return Judged(name, got, (wide, none), np.abs(np.asarray(got, np.float64) - wide), none)


def _values(record: Record, label: Label, judged: Judged, calls: Sequence[Call]) -> Values | None:
    result = record.observation.results.get(label, {}).get(judged.output)
    if result is None or judged.output not in (*RESULTS, *DOUBLE):
        return None
    whole = judged.output in WHOLE
    given = _declared(result, record.declaration) if whole else result
    call = _giving(label, judged.output, given, calls)
    if call is None:
        return None

    def shaped(a: Array) -> Array:
        wide = np.broadcast_to(np.asarray(a, np.float64), judged.got.shape)
        if not whole:
            return np.array(wide)
        n, c, *spatial = result.shape
        rows = wide.reshape(n, *spatial, c)
        return np.array(np.moveaxis(rows, -1, 1) if record.declaration.channel_axis == 1 else rows)

    return Values(call, judged.output, *(shaped(a) for a in (*judged.truth, judged.bound)))


def _declared(a: Array, declaration: Declaration) -> Array:
    return a if declaration.channel_axis == 1 else np.moveaxis(a, 1, -1)


def _giving(label: str, output: str, result: Array, calls: Sequence[Call]) -> Call | None:
    """The call that gave a result: the first with these bytes, of the due label if possible."""
    due = f"{label} backward" if output in _GRADIENTS else label
    content = np.array(result, order="C").tobytes()
    giving = [
        call
        for call in calls
        if output in call.results
        and call.results[output].dtype == result.dtype
        and call.results[output].tobytes() == content
    ]
    return next((call for call in giving if call.label == due), giving[0] if giving else None)


# --- events ---------------------------------------------------------------------------------------


def _events(check: Comparison, segments: dict[str, list[Call]]) -> Iterator[Expectation]:
    """What the events of the record of a violated comparison ask for."""
    record = check.record
    calls = segments.get(_ran(record), [])
    for event in record.observation.events:
        if event == check.finding or event.argument == check.output:
            yield from _of_event(event, record, calls)
    if record.observation.failure and calls:
        yield Returns(calls[-1])


def _of_event(event: Event, record: Record, calls: Sequence[Call]) -> Iterator[Expectation]:
    labelled = [call for call in calls if call.label == event.called]
    if event.kind is EventKind.RAISED:
        yield from (Returns(call) for call in calls if call.raised)
    elif event.kind is EventKind.NO_ERROR and labelled:
        yield Raises(labelled[0])
    elif event.kind is EventKind.MALFORMED:
        yield from _form(event, record, calls)
    elif event.kind is EventKind.CHANGED_INPUT:
        given = [c for c in calls if any(_is_named(a, event.argument) for a in c.arguments)]
        yield from (Unchanged(call, event.argument, is_result=False) for call in given[:1])
    elif event.kind is EventKind.CHANGED_RESULT:
        giving = _results(event.argument, event.origin, calls)
        if giving:
            yield Unchanged(giving[0], event.argument, is_result=True)
    elif event.kind is EventKind.NONDETERMINISTIC:
        first = _results(event.argument, event.call, calls)
        second = _results(event.argument, f"{event.call} again", calls)
        second = second or _results(event.argument, f"{event.call} repeated", calls)
        second = second or _results(event.argument, f"{event.call} late", calls)
        if first and second:
            yield SameBits(first[0], second[0], event.argument)


def _is_named(argument: Any, name: str) -> bool:
    return isinstance(argument, Given) and argument.name == name


def _form(event: Event, record: Record, calls: Sequence[Call]) -> Iterator[Form]:
    giving = _results(event.argument, event.call, calls)
    if not giving:
        return
    whole = event.argument in WHOLE
    case = record.case
    n, c, *spatial = case.x.shape
    n = 1 if event.call == "infer one" else n
    axes = (n, c, *spatial) if record.declaration.channel_axis == 1 else (n, *spatial, c)
    dtype = case.dtype if whole else case.parameter_dtype
    yield Form(giving[0], event.argument, dtype, axes if whole else (c,))


def _results(name: str, label: str, calls: Sequence[Call]) -> list[Call]:
    due = f"{label} backward" if name in _GRADIENTS else label
    return [call for call in calls if call.label == due and name in call.results]
