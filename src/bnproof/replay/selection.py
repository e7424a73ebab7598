"""Which calls a script makes: those that a wrong result takes, or all that were made before it."""

from collections.abc import Sequence
from dataclasses import replace

from bnproof.engine.execution.transcript import Call, Transcript
from bnproof.engine.model.names import MODES
from bnproof.replay.expectations import Expectation, SameBits


def needed(transcript: Transcript, expected: Sequence[Expectation]) -> list[Call]:
    """The calls that the expected results are made of, each layer in the state it reported."""
    chosen: dict[int, Call] = {}
    for call in _calls(expected):
        for part in _chain(transcript, call):
            chosen[part.number] = part
    return [chosen[number] for number in sorted(chosen)]


def all_before(transcript: Transcript, expected: Sequence[Expectation]) -> list[Call]:
    """All calls up to the last one that is looked at; all, if something has to stay as it is."""
    lasting = any(type(e).__name__ == "Unchanged" for e in expected)
    last = max((call.number for call in _calls(expected)), default=0)
    return transcript.calls if lasting else transcript.calls[: last + 1]


def _calls(expected: Sequence[Expectation]) -> list[Call]:
    others = [e.other for e in expected if isinstance(e, SameBits)]
    return [*(e.call for e in expected), *others]


def _chain(transcript: Transcript, call: Call) -> list[Call]:
    """A call, with what made the layer or the backward that it is called on."""
    if call.owner < 0:
        return [call]
    owner = transcript.calls[call.owner]
    if owner.method != "layer":
        return [*_chain(transcript, owner), call]
    before = [c for c in transcript.calls[: call.number] if c.owner == owner.number]
    if call.method == "state":  # what it tells is what the training before it left
        trained = [c for c in before if c.method in MODES][-1:]
        return [*(p for c in trained for p in _chain(transcript, c)), call] if trained else []
    states = [c for c in before if c.method == "state" and c.results]
    loads = [c for c in before if c.method == "load"]
    last = max((c.number for c in before if c.method in ("train", "load")), default=-1)
    if states and states[-1].number > last:
        state = states[-1]
        given = {**(loads[-1].arguments[0] if loads else {}), **state.results}
        return [owner, replace(state, method="load", arguments=(given,), results={}), call]
    return [owner, *loads[-1:], call]
