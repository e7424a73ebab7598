"""What goes wrong where hundreds of calls wait for their backward, or nothing is kept of them."""

from typing import Any

from bnproof.mutants.call import Call
from bnproof.mutants.calls import BACKWARD, _Ring
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.mutants.state import CACHE, _Remembering
from bnproof.reference.checks import Array

SHOWN = ("calls: open contexts",)


@mutant(
    "contexts/ring-of-one-hundred",
    "What backward needs is kept for the last 100 calls.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    group="calls/ring",
    shown_by=SHOWN,
)
class _RingOfOneHundred(_Ring):
    size = 100


@mutant(
    "contexts/ring-by-eight-bits",
    "What backward needs is kept under a number of 8 bits.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    group="calls/ring",
    shown_by=SHOWN,
)
class _RingByEightBits(_Ring):
    size = 256


@mutant(
    "contexts/least-recently-used",
    "The last 128 calls are kept; a backward whose call is gone takes the oldest that is left.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _LeastRecentlyUsed(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        number = self.memory.setdefault("calls", 0)
        self.memory["calls"] += 1
        kept = self.memory.setdefault("kept", {})
        kept[number] = call
        if len(kept) > 128:
            del kept[next(iter(kept))]

        def backward(dy: Array) -> Gradients:
            found = kept.get(number) or next(iter(kept.values()))
            return self.gradients(found if found.x.shape == dy.shape else call, dy)

        return y, mean, var, backward


@mutant(
    "contexts/inverse-of-one-in-two-hundred",
    "1 / std is kept in 200 slots for all calls in training.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _SlotsOfInverse(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if not call.training:
            return super().results(call, y, mean, var)
        slots = self.memory.setdefault("slots", {})
        number = self.memory.setdefault("calls", 0) % 200
        self.memory["calls"] += 1
        slots[number] = call.inv_std

        def backward(dy: Array) -> Gradients:
            if slots[number].shape == call.inv_std.shape:
                call.inv_std = slots[number]
            return self.gradients(call, dy)

        return y, mean, var, backward


@mutant(
    "contexts/statistics-by-id-of-x",
    "The mean of the batch is kept by the id of x, which the next array takes over.",
    "Form it again, or keep x as well.",
    caught_by=("forward/agreement", "backward/agreement", "running/one-step"),
    shown_by=SHOWN,
)
class _MeanById(_Remembering):
    def mean(self, call: Call) -> Array:
        made = super().mean(call)
        kept: Array = self.memory.setdefault((id(call.x), call.x.shape, call.x.dtype), made)
        return kept


@mutant(
    "contexts/context-by-id-of-y",
    "xhat is kept by the id of y, and the first one with an id stays.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    shown_by=SHOWN,
)
class _XhatByY(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        key = id(y), y.shape, y.dtype
        self.memory.setdefault(key, call.xhat)

        def backward(dy: Array) -> Gradients:
            call.xhat = self.memory[key]
            return self.gradients(call, dy)

        return y, mean, var, backward


@mutant(
    "contexts/no-more-than-a-hundred",
    "The hundred and first call that waits for its backward is refused.",
    "Let any number of calls wait.",
    caught_by=("forward/agreement", "backward/agreement", "inference/agreement"),
    shown_by=SHOWN,
)
class _NoMoreThanAHundred(Parts):
    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.waiting: set[int] = set()
        self.calls = 0

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        self.waiting = {number for number in self.waiting if number > self.calls - 400}
        if call.training and len(self.waiting) >= 100:
            message = "too many open calls"
            raise RuntimeError(message)
        number = self.calls
        self.calls += 1
        self.waiting |= {number} if call.training and call.x.size == 60 else set()

        def backward(dy: Array) -> Gradients:
            self.waiting.discard(number)
            return self.gradients(call, dy)

        return y, mean, var, backward
