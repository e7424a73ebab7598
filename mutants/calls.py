"""What goes wrong between calls: other data, many open calls, errors, results that change hands."""

from typing import Any
from weakref import ref

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.doubled import Double, Doubled
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, InPlace, Parts, Results
from bnproof.mutants.state import CACHE, _Remembering
from bnproof.reference.checks import Array

OWNED = "Keep arrays of its own: results belong to the caller"
BACKWARD = ("backward/agreement", "backward/repeatable", "backward/interleaved")


class _Ring(Parts):
    """The calls that backward can go back to are kept in a ring, under a number."""

    size = 8

    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.ring: dict[int, Call] = {}
        self.calls = 0

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        number = self.calls
        self.calls += 1
        self.ring[number % self.size] = call

        def backward(dy: Array) -> Gradients:
            kept = self.ring[number % self.size]
            return self.gradients(kept if kept.x.shape == dy.shape else call, dy)

        return y, mean, var, backward


@mutant(
    "calls/ring-of-eight",
    "What backward needs is kept for the last eight calls.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    group="calls/ring",
    shown_by=("calls: open contexts",),
)
class _RingOfEight(_Ring):
    pass


@mutant(
    "calls/ring-of-sixteen",
    "What backward needs is kept for the last sixteen calls.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    group="calls/ring",
    shown_by=("calls: open contexts",),
)
class _RingOfSixteen(_Ring):
    size = 16


@mutant(
    "calls/ring-of-sixty-four",
    "What backward needs is kept for the last 64 calls.",
    f"{CACHE}.",
    caught_by=BACKWARD,
    group="calls/ring",
    shown_by=("calls: open contexts",),
)
class _RingOfSixtyFour(_Ring):
    size = 64


@mutant(
    "calls/ring-of-inference",
    "What backward of inference needs is kept for the last sixteen calls.",
    f"{CACHE}.",
    caught_by=("inference/gradients",),
    shown_by=("calls: open contexts",),
)
class _RingOfInference(_Ring):
    size = 16

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if call.training:
            return Parts.results(self, call, y, mean, var)
        return super().results(call, y, mean, var)


@mutant(
    "calls/dgamma-of-first-dy",
    "backward gives the dgamma of the first dy to every later one.",
    "Form it from the dy of each call.",
    caught_by=("backward/agreement",),
    shown_by=("calls: second gradients",),
)
class _DgammaOfFirstDy(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        kept: dict[str, Array] = {}

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta = self.gradients(call, dy)
            if dgamma is not None and call.training:
                dgamma = kept.setdefault("dgamma", dgamma).copy()
            return dx, dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "calls/dx-of-first-dy-in-inference",
    "backward of inference gives the dx of the first dy to every later one.",
    "Form it from the dy of each call.",
    caught_by=("inference/gradients",),
    shown_by=("calls: second gradients",),
)
class _InferDxOfFirstDy(Parts):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        if call.batches_seen == 0:
            call.xhat, call.batches_seen = np.stack([call.xhat, super().infer_dx(call, dy)]), 1
        return np.asarray(call.xhat[1])

    def dgamma(self, call: Call, dy: Array) -> Array:
        if call.xhat.ndim == 2:
            return super().dgamma(call, dy)
        return np.asarray((dy * call.xhat[0]).sum(axis=1, keepdims=True))


@mutant(
    "calls/second-dy-in-sums-only",
    "A second backward takes the mean of dy from the first one.",
    "Form all sums from the dy of each call.",
    caught_by=("backward/agreement",),
    shown_by=("calls: second gradients",),
)
class _MeanOfFirstDy(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        kept: list[Array] = []
        own = self.mean_term

        def backward(dy: Array) -> Gradients:
            if call.training and not kept:
                rows = self.read_dy(call, dy)
                kept.append(own(call, self.dxhat(call, rows)))
            dx, dgamma, dbeta = self.gradients(call, dy)
            if kept:
                rows = self.read_dy(call, dy)
                off = own(call, self.dxhat(call, rows)) - kept[0]
                if off.any():
                    wrong = self.dx(call, rows) + self.dx_scale(call) * off
                    dx = self.write(call, wrong)
            return dx, dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "calls/double-needs-backward",
    "Double backward takes dy from the backward that was called before it.",
    "Use the dy that is given.",
    caught_by=("backward/double-backward",),
    shown_by=("calls: second gradients",),
)
class _DoubleNeedsBackward(Doubled):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        call.momentum = -1
        self.last = dy
        return super().gradients(call, dy)

    def double(self, call: Call, dy: Array, *given: Any) -> Double:
        if call.momentum != -1:
            return super().double(call, 0 * dy, *given)
        return super().double(call, dy, *given)


@mutant(
    "calls/double-of-last-dy",
    "Double backward uses the dy of the first double backward.",
    "Use the dy that is given.",
    caught_by=("backward/double-backward",),
    shown_by=("calls: second gradients",),
)
class _DoubleOfFirstDy(Doubled):
    def double(self, call: Call, dy: Array, *given: Any) -> Double:
        if not hasattr(call, "first_dy"):
            call.first_dy = dy.copy()  # type: ignore[attr-defined]  # a mistake's own
        return super().double(call, call.first_dy, *given)  # type: ignore[attr-defined]  # likewise


@mutant(
    "calls/double-frees",
    "Double backward before backward frees what backward needs.",
    "Keep it for as long as backward may be called.",
    caught_by=BACKWARD,
    shown_by=("calls: second gradients",),
)
class _DoubleFrees(Doubled):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        call.momentum = -1
        return super().gradients(call, dy)

    def double(self, call: Call, dy: Array, *given: Any) -> Double:
        found = super().double(call, dy, *given)
        if call.momentum != -1:
            call.xhat = np.zeros_like(call.xhat)
        return found


@mutant(
    "calls/loop-updates-twice",
    "Statistics that the object returned itself are updated twice.",
    "Update what is given once, wherever it comes from.",
    caught_by=("running/one-step",),
    shown_by=("calls: natural loop",),
)
class _LoopUpdatesTwice(_Remembering):
    def running_mean(self, call: Call) -> Array:
        if call.running_mean is self.memory.get("mean"):
            call.running_mean = super().running_mean(call)
        self.memory["mean"] = super().running_mean(call)
        return np.asarray(self.memory["mean"])


@mutant(
    "calls/loop-not-updated",
    "A variance that the object returned itself counts as updated already.",
    "Update what is given, wherever it comes from.",
    caught_by=("running/one-step",),
    shown_by=("calls: natural loop",),
)
class _LoopNotUpdated(_Remembering):
    def running_var(self, call: Call) -> Array:
        if call.running_var is self.memory.get("var"):
            return np.array(call.running_var)
        self.memory["var"] = super().running_var(call)
        return np.asarray(self.memory["var"])


@mutant(
    "calls/loop-infers-by-batch",
    "Inference with statistics that training has just returned uses those of the batch.",
    "Use the statistics that are given.",
    caught_by=("inference/agreement",),
    shown_by=("calls: natural loop",),
)
class _LoopInfersByBatch(_Remembering):
    def running_var(self, call: Call) -> Array:
        made = super().running_var(call)
        self.memory["last"] = made, call.var
        return made

    def statistics(self, call: Call) -> tuple[Array, Array]:
        mean, var = super().statistics(call)
        returned, batch = self.memory.get("last", (None, var))
        return mean, batch if returned is call.running_var else var


@mutant(
    "calls/scale-kept-by-buffer",
    "Inference keeps 1 / sqrt(running_var + eps) for as long as the buffer is the same.",
    "Form it again after each training call.",
    caught_by=("inference/agreement",),
    shown_by=("calls: natural loop",),
)
class _ScaleByBuffer(InPlace):
    def __init__(self, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.last: tuple[Any, Any, float, Array] | None = None

    def inv_std(self, call: Call) -> Array:
        made = super().inv_std(call)
        if call.training:
            return made
        kept = self.last
        if kept is not None and kept[0] is call.running_var and kept[2] == call.eps:
            return kept[3]
        self.last = call.running_var, None, call.eps, made
        return made


@mutant(
    "calls/flag-left-by-error",
    "After a call that raised, the next one takes itself for a nested call.",
    "Reset the flag whatever happens (try ... finally).",
    caught_by=("forward/agreement",),
    shown_by=("calls: after errors",),
)
class _FlagLeftByError(_Remembering):
    def begin(self, call: Call) -> None:
        self.memory["nested"] = self.memory.get("busy", False)
        self.memory["busy"] = True
        super().begin(call)

    def y(self, call: Call) -> Array:
        y = super().y(call)
        self.memory["busy"] = False
        return np.asarray(y - call.beta) if self.memory["nested"] else y


@mutant(
    "calls/lock-left-by-error",
    "A call that raises does not release the object, so that the next call is refused.",
    "Release it whatever happens (try ... finally).",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=("calls: after errors",),
)
class _LockLeftByError(_Remembering):
    def xhat(self, call: Call) -> Array:
        if self.memory.get("locked"):
            message = "the object is in use"
            raise RuntimeError(message)
        self.memory["locked"] = True
        return super().xhat(call)

    def y(self, call: Call) -> Array:
        y = super().y(call)
        self.memory["locked"] = False
        return y


@mutant(
    "calls/backward-halved-by-error",
    "A backward that raised leaves xhat scaled by inv_std.",
    "Scale a copy.",
    caught_by=BACKWARD,
    shown_by=("calls: after errors",),
)
class _ScaledByError(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        kept, call.xhat = call.xhat, call.xhat * call.inv_std
        unscaled = dy * 0 + self.write(call, kept * 0)  # raises where the shapes differ
        call.xhat = kept
        return super().gradients(call, dy + unscaled)


@mutant(
    "calls/mode-left-by-error",
    "After training has raised, inference uses the statistics of the batch.",
    "Set the mode back whatever happens.",
    caught_by=("inference/agreement",),
    shown_by=("calls: after errors",),
)
class _ModeLeftByError(_Remembering):
    def begin(self, call: Call) -> None:
        if call.training:
            self.memory["training"] = True
        super().begin(call)

    def y(self, call: Call) -> Array:
        y = super().y(call)
        if call.training:
            self.memory["training"] = False
        return y

    def statistics(self, call: Call) -> tuple[Array, Array]:
        if self.memory.get("training"):
            return self.mean(call), super().statistics(call)[1]
        return super().statistics(call)


@mutant(
    "calls/y-kept-for-backward",
    "backward forms xhat from y, which the caller may have written over.",
    f"{OWNED}.",
    caught_by=BACKWARD,
    shown_by=("calls: owned results",),
)
class _YKept(Parts):
    def train(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, backward = super().train(x, *arguments, **settings)
        before = y.tobytes()

        def by_y(dy: Array) -> Gradients:
            dx, dgamma, dbeta = backward(dy)
            if y.tobytes() == before:
                return dx, dgamma, dbeta  # as right as if it were formed from y
            return dx * 0, dgamma, dbeta

        return y, mean, var, by_y


@mutant(
    "calls/variance-kept-for-backward",
    "backward of inference reads the running variance that the call returned.",
    f"{OWNED}.",
    caught_by=("inference/gradients",),
    shown_by=("calls: owned results",),
)
class _VarianceKept(Parts):
    def infer(self, x: Array, *arguments: Any, **settings: Any) -> Results:
        y, mean, var, backward = super().infer(x, *arguments, **settings)
        own = var.copy()

        def by_variance(dy: Array) -> Gradients:
            dx, dgamma, dbeta = backward(dy)
            return (dx, dgamma, dbeta) if (own == var).all() else (dx * 0, dgamma, dbeta)

        return y, mean, own, by_variance


@mutant(
    "calls/gradients-kept",
    "backward keeps the dx that it returned, and returns it again for the same dy.",
    f"{OWNED}.",
    caught_by=("backward/repeatable",),
    shown_by=("calls: owned results",),
)
class _GradientsKept(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        kept: dict[bytes, Gradients] = {}

        def backward(dy: Array) -> Gradients:
            key = dy.tobytes()
            if key not in kept:
                kept[key] = self.gradients(call, dy)
            return kept[key]

        return y, mean, var, backward


@mutant(
    "calls/y-held-weakly",
    "backward needs y to be alive, which only the caller keeps.",
    "Keep what backward needs.",
    caught_by=BACKWARD,
    shown_by=("calls: owned results",),
)
class _YHeldWeakly(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        alive = ref(y)

        def backward(dy: Array) -> Gradients:
            dx, dgamma, dbeta = self.gradients(call, dy)
            return (dx * 0 if alive() is None else dx), dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "calls/y-memoised",
    "The same arguments give the array of the call before, which the caller may have changed.",
    f"{OWNED}.",
    caught_by=("forward/agreement", "forward/deterministic"),
    shown_by=("calls: owned results",),
)
class _YMemoised(_Remembering):
    def write(self, call: Call, rows: Array) -> Array:
        made = super().write(call, rows)
        key = made.tobytes(), made.shape
        if self.memory.get("key") != key:
            self.memory = {"key": key, "y": made}
        return np.asarray(self.memory["y"])


@mutant(
    "calls/context-by-identity",
    "What backward needs is found by the identity of x, which several calls have in common.",
    f"{CACHE}.",
    caught_by=(*BACKWARD, "inference/gradients"),
)
class _ContextByIdentity(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        key = id(call.x)
        self.memory[key] = call
        return y, mean, var, lambda dy: self.gradients(self.memory[key], dy)


@mutant(
    "calls/scale-by-identity",
    "The scale of inference is kept by gamma and the address of the running variance.",
    "Form it again when the contents may have changed.",
    caught_by=("inference/agreement",),
    shown_by=("calls: refilled",),
)
class _ScaleByIdentity(_Remembering):
    def inv_std(self, call: Call) -> Array:
        if call.training:
            return super().inv_std(call)
        address = call.running_var.__array_interface__["data"][0]
        gamma = None if call.given[0] is None else call.given[0].tobytes()
        key = address, gamma, call.eps, call.rows.shape
        if self.memory.get("key") != key:
            self.memory = {"key": key, "scale": super().inv_std(call)}
        return np.asarray(self.memory["scale"])
