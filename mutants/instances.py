"""What instances and threads share and should not, and what shows with large arrays alone."""

import threading
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.mutants.state import CACHE, _Remembering
from bnproof.reference.checks import Array

OWN = "Keep it with the call"
MANY = 100_000
"""Elements from which on an array counts as large here."""
LARGE = ("calls: large",)


Owned = tuple["ref[Parts]", Array]
"""Something with the instance that left it, for as long as that is there."""


def of_other(owned: Owned | None, own: Parts, right: Array) -> Array:
    """What another instance has left, which is there still; otherwise what is right."""
    if owned is None:
        return right
    owner, left = owned
    other = owner()
    return right if other is None or other is own or left.shape != right.shape else left


@mutant(
    "instances/beta-of-other-instance",
    "y is shifted by the beta of the instance that was called before.",
    f"{OWN}.",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=("calls: two instances",),
)
class _BetaOfOther(Parts):
    last: ClassVar[dict[Any, Owned]] = {}

    def y(self, call: Call) -> Array:
        beta = of_other(self.last.get(call.rows.shape), self, call.beta)
        self.last[call.rows.shape] = ref(self), call.beta
        return np.asarray(super().y(call) - call.beta + beta)


@mutant(
    "instances/scale-of-other-instance",
    "The scale of inference is kept for all instances, by the shape of x.",
    "Keep it with the instance, and form it again when running_var may have changed.",
    caught_by=("inference/agreement",),
    shown_by=("calls: two instances",),
)
class _ScaleOfOther(Parts):
    last: ClassVar[dict[Any, Owned]] = {}

    def inv_std(self, call: Call) -> Array:
        made = super().inv_std(call)
        if call.training:
            return made
        scale = of_other(self.last.get(call.rows.shape), self, made)
        self.last[call.rows.shape] = ref(self), made
        return scale


@mutant(
    "instances/gamma-of-other-instance",
    "backward uses the gamma of the instance that was called last.",
    f"{OWN}.",
    caught_by=("backward/agreement", "backward/interleaved"),
    shown_by=("calls: two instances",),
)
class _GammaOfOther(Parts):
    last: ClassVar[dict[Any, Owned]] = {}

    def y(self, call: Call) -> Array:
        self.last[call.rows.shape] = ref(self), call.gamma
        return super().y(call)

    def dxhat(self, call: Call, dy: Array) -> Array:
        return np.asarray(of_other(self.last.get(call.rows.shape), self, call.gamma) * dy)


@mutant(
    "instances/mean-on-class",
    "The mean of the batch goes from step to step by way of the class.",
    f"{OWN}: other threads may use other instances.",
    caught_by=("forward/agreement", "backward/agreement", "running/one-step"),
    shown_by=("calls: two threads",),
)
class _MeanOnClass(Parts):
    current: ClassVar[dict[str, Array]] = {}

    def mean(self, call: Call) -> Array:
        self.current["mean"] = super().mean(call)
        return self.current["mean"]

    def xhat(self, call: Call) -> Array:
        kept = self.current.get("mean", call.mean) if call.training else call.mean
        mean = kept if kept.shape == call.mean.shape else call.mean
        return np.asarray((call.rows - mean) * call.inv_std)


@mutant(
    "instances/call-on-class",
    "The call under way is kept with the class.",
    f"{OWN}: other threads may use other instances.",
    caught_by=("forward/agreement", "backward/agreement", "inference/agreement"),
    shown_by=("calls: two threads",),
)
class _CallOnClass(Parts):
    current: ClassVar[dict[str, Call]] = {}

    def begin(self, call: Call) -> None:
        super().begin(call)
        self.current["call"] = call

    def y(self, call: Call) -> Array:
        other = self.current["call"]
        return super().y(other if other.x.shape == call.x.shape else call)


@mutant(
    "instances/workspace-on-class",
    "dx is formed in a workspace that all instances share.",
    "Use a workspace for each call, or lock it until its result is copied.",
    caught_by=("backward/agreement",),
    shown_by=("calls: two threads",),
)
class _WorkspaceOnClass(Parts):
    spaces: ClassVar[dict[Any, Array]] = {}

    def dx(self, call: Call, dy: Array) -> Array:
        key = dy.shape, dy.dtype.str
        space = self.spaces.setdefault(key, np.empty_like(dy))
        dxhat = self.dxhat(call, dy)
        np.copyto(space, dxhat)
        space -= self.mean_term(call, dxhat)
        space -= self.var_term(call, dxhat)
        space *= self.dx_scale(call)
        return space.copy()


@mutant(
    "instances/first-thread-only",
    "What the class sets up exists in the thread that imported it, and in no other.",
    "Set it up in each thread.",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=("calls: two threads",),
)
class _FirstThreadOnly(Parts):
    local = threading.local()
    local.scale = 1.0

    def xhat(self, call: Call) -> Array:
        return np.asarray(super().xhat(call) * self.local.scale)


@mutant(
    "instances/one-at-a-time",
    "A call is refused while another instance is in one.",
    "Wait for the lock, or do without.",
    caught_by=("forward/agreement", "inference/agreement", "backward/agreement"),
    shown_by=("calls: two threads",),
)
class _OneAtATime(Parts):
    lock = threading.Lock()

    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        if not self.lock.acquire(blocking=False):
            message = "another call is under way"
            raise RuntimeError(message)
        try:
            return super().train(x, *arguments, **settings)
        finally:
            self.lock.release()


# --- large arrays ---------------------------------------------------------------------------------


@mutant(
    "instances/noise-if-large",
    "Sums over more than 100,000 elements are added in another order each time.",
    "Sum in a fixed order, or declare deterministic = False.",
    caught_by=("forward/deterministic", "backward/repeatable"),
    shown_by=LARGE,
)
class _NoiseIfLarge(_Remembering):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        if y.size < MANY:
            return y
        rng = self.memory.setdefault("rng", np.random.default_rng(0))
        return np.asarray(y * (1 + 2.0**-22 * rng.integers(-1, 2)))


@mutant(
    "instances/noisy-gradients-if-large",
    "Gradients of more than 100,000 elements differ in their last bits each time.",
    "Sum in a fixed order, or declare deterministic = False.",
    caught_by=("backward/repeatable",),
    shown_by=LARGE,
)
class _NoisyGradients(_Remembering):
    def dgamma(self, call: Call, dy: Array) -> Array:
        made = super().dgamma(call, dy)
        turn = self.memory["turn"] = self.memory.get("turn", 0) + 1
        return np.asarray(made * (1 + 2.0**-22 * (turn % 3))) if dy.size >= MANY else made


@mutant(
    "instances/pool-of-large-results",
    "y of more than 100,000 elements is returned in a buffer of a pool, and overwritten.",
    "Return memory of its own.",
    caught_by=("forward/results-kept",),
    shown_by=LARGE,
)
class _PoolOfLarge(_Remembering):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        if made.size < MANY:
            return made
        turn = self.memory["turn"] = self.memory.get("turn", 0) + 1
        buffer = self.memory.setdefault((turn % 3, made.shape, made.dtype), made)
        buffer[...] = made
        return np.asarray(buffer)


@mutant(
    "instances/context-of-last-large-call",
    "xhat of more than 100,000 elements is kept in one workspace for all calls.",
    f"{CACHE}.",
    caught_by=("backward/interleaved",),
    shown_by=LARGE,
)
class _LargeWorkspace(_Remembering):
    def xhat(self, call: Call) -> Array:
        made = super().xhat(call)
        if made.size < MANY:
            return made
        space = self.memory.setdefault(made.shape, made)
        space[...] = made
        return np.asarray(space)


@mutant(
    "instances/large-backward-once",
    "backward of more than 100,000 elements overwrites xhat to save memory.",
    "Leave it for as long as backward may be called.",
    caught_by=("backward/interleaved", "backward/repeatable"),
    shown_by=LARGE,
)
class _LargeBackwardOnce(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        found = super().gradients(call, dy)
        if dy.size >= MANY:
            call.xhat = call.xhat * 0
        return found
