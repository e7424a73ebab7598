"""What goes wrong between calls on large data only, or in another thread."""

import threading
from typing import Any, ClassVar

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.mutants.state import CACHE, _Remembering
from bnproof.reference.checks import Array

LARGE = ("calls: large",)
THREADS = ("calls: two threads", "calls: large")
BACKWARD = ("backward/agreement", "backward/interleaved", "backward/repeatable")
OWN = "Return memory that the caller owns"


@mutant(
    "large-calls/y-kept",
    "Above 2^18 elements xhat is formed again from y, which the caller may have written over.",
    "Keep what backward needs apart from y.",
    caught_by=BACKWARD,
    shown_by=LARGE,
)
class _YKept(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        before = float(y.ravel()[-1]) if y.size else 0.0

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta = self.gradients(call, dy)
            same = y.size <= 2**18 or float(y.ravel()[-1]) == before
            return dx if same else dx * 0, dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "large-calls/pool-of-eight",
    "Above 200,000 elements y comes from a pool of eight arrays.",
    f"{OWN}.",
    caught_by=("forward/results-kept",),
    shown_by=LARGE,
)
class _PoolOfEight(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if y.size > 200_000:
            number = self.memory["calls"] = (self.memory.get("calls", 0) + 1) % 8
            held = self.memory.setdefault((number, y.shape, y.dtype), y)
            held[...] = y
            y = held
        return super().results(call, y, mean, var)


@mutant(
    "large-calls/dx-in-scratch",
    "Above 150,000 elements dx is the object's scratch array.",
    f"{OWN}.",
    caught_by=("forward/results-kept",),
    shown_by=LARGE,
)
class _DxInScratch(_Remembering):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        if dx.size > 150_000:
            held = self.memory.setdefault((dx.shape, dx.dtype), dx)
            held[...] = dx
            dx = held
        return dx, dgamma, dbeta


@mutant(
    "large-calls/sums-in-any-order",
    "Above 300,000 elements dgamma is summed in another order each time.",
    "Sum in one order, or declare deterministic = False.",
    caught_by=("forward/deterministic", "backward/repeatable"),
    shown_by=LARGE,
)
class _AnyOrder(_Remembering):
    def dgamma(self, call: Call, dy: Array) -> Array:
        if dy.size <= 300_000:
            return super().dgamma(call, dy)
        self.memory["calls"] = self.memory.get("calls", 0) + 1
        cut = 1 + 97 * self.memory["calls"] % (call.m - 1)
        terms = dy * call.xhat
        first, second = terms[:, :cut], terms[:, cut:]
        return np.asarray(first.sum(axis=1) + second.sum(axis=1))[:, np.newaxis]


@mutant(
    "large-calls/one-context",
    "Above 2^18 elements only the last call can be gone back through.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    shown_by=LARGE,
)
class _OneContext(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if call.x.size <= 2**18 or not call.training:
            return super().results(call, y, mean, var)
        self.memory["last"] = call
        return y, mean, var, lambda dy: self.gradients(self.memory["last"], dy)


@mutant(
    "large-calls/third-context-dropped",
    "Above 2^18 elements the third call and later ones keep no xhat.",
    "Keep what backward needs of each call.",
    caught_by=BACKWARD,
    shown_by=LARGE,
)
class _ThirdContext(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if call.x.size > 2**18 and call.training:
            self.memory["calls"] = self.memory.get("calls", 0) + 1
            if self.memory["calls"] > 2:
                call.xhat = np.zeros_like(call.xhat)
        return super().results(call, y, mean, var)


@mutant(
    "large-calls/workspace-of-first-thread",
    "In another thread dgamma of more than 10,000 elements is read from an empty workspace.",
    "Make the workspace where it is used.",
    caught_by=BACKWARD,
    shown_by=THREADS,
)
class _FirstThread(Parts):
    def dgamma(self, call: Call, dy: Array) -> Array:
        found = super().dgamma(call, dy)
        main = threading.current_thread() is threading.main_thread()
        return found if main or dy.size <= 10_000 else found * 0


@mutant(
    "large-calls/other-thread-above-half-a-million",
    "In another thread calls on more than 2^19 elements use float16.",
    "Compute alike in each thread.",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=LARGE,
)
class _OtherThreadLarge(Parts):
    def xhat(self, call: Call) -> Array:
        found = super().xhat(call)
        if threading.current_thread() is threading.main_thread() or found.size <= 2**19:
            return found
        return np.asarray(found.astype(np.float16).astype(found.dtype))


@mutant(
    "large-calls/workspace-of-all-instances",
    "Above 4,096 elements all instances square in one workspace.",
    "Give each instance, or each call, its own.",
    caught_by=("forward/agreement", "backward/agreement", "running/one-step"),
    shown_by=THREADS,
)
class _WorkspaceOfAll(Parts):
    workspaces: ClassVar[dict[Any, Array]] = {}

    def var(self, call: Call) -> Array:
        if call.rows.size <= 4096:
            return super().var(call)
        key = call.rows.shape, call.rows.dtype
        squares = self.workspaces.setdefault(key, np.empty_like(call.rows))
        centred = call.rows - call.mean
        np.multiply(centred, centred, out=squares)
        return self.pool(call, squares)
