"""Arrays that are two things at once: y and dy, gamma and beta, a result and an argument."""

from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.extras import Added
from bnproof.mutants.mutant import mutant
from bnproof.mutants.parts import Gradients, Parts, Results
from bnproof.mutants.state import _Remembering
from bnproof.reference.checks import Array

STACKED = ("calls: stacked layers",)
LOOP = ("calls: natural loop",)
PLACES = ("places",)
BACKWARD = ("backward/agreement", "backward/interleaved", "inference/gradients")
AS_GIVEN = "Use each argument as it is given, whatever else it is"


class _KnowsItsY(Parts):
    """Backward knows the y that it belongs to."""

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        def backward(dy: Array) -> Gradients:
            return self.with_y(call, y, dy, self.gradients(call, dy))

        return y, mean, var, backward

    def with_y(self, call: Call, y: Array, dy: Array, found: Gradients) -> Gradients:
        """The gradients, given y."""
        raise NotImplementedError


@mutant(
    "shared/dgamma-where-dy-is-y",
    "If dy is the very y, dgamma is formed from xhat in its place.",
    f"{AS_GIVEN}.",
    caught_by=BACKWARD,
    shown_by=STACKED,
)
class _DyIsY(_KnowsItsY):
    def with_y(self, call: Call, y: Array, dy: Array, found: Gradients) -> Gradients:
        dx, dgamma, dbeta = found
        if dy is y and dgamma is not None:
            dgamma = self.write_parameter(call, self.dgamma(call, call.xhat))
        return dx, dgamma, dbeta


@mutant(
    "shared/dx-where-dy-views-y",
    "If dy lies in the memory of y, dx lacks the terms of mean and variance.",
    f"{AS_GIVEN}.",
    caught_by=BACKWARD,
    shown_by=STACKED,
)
class _DyViewsY(_KnowsItsY):
    def with_y(self, call: Call, y: Array, dy: Array, found: Gradients) -> Gradients:
        if dy is y or not np.shares_memory(dy, y):
            return found
        return self.write(call, self.infer_dx(call, self.read_dy(call, dy))), *found[1:]


@mutant(
    "shared/dx-in-own-y",
    "dx is written over dy if that is the object's own y.",
    "Return memory of its own.",
    caught_by=("forward/results-kept", "backward/inputs-unchanged", *BACKWARD),
    shown_by=STACKED,
)
class _DxInOwnY(_KnowsItsY):
    def with_y(self, call: Call, y: Array, dy: Array, found: Gradients) -> Gradients:
        if dy is not y:
            return found
        dy[...] = found[0]
        return dy, *found[1:]


@mutant(
    "shared/y-taken-for-normalised",
    "An x that the object returned itself is taken for normalised already.",
    f"{AS_GIVEN}.",
    caught_by=("forward/agreement", "inference/agreement"),
    shown_by=STACKED,
)
class _TakenForNormalised(_Remembering):
    def xhat(self, call: Call) -> Array:
        own = call.x is self.memory.get("y")
        return np.array(call.rows) if own else super().xhat(call)

    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        self.memory["y"] = y
        return super().results(call, y, mean, var)


@mutant(
    "shared/y-in-own-y",
    "y is written over an x that the object returned itself.",
    "Return memory of its own.",
    caught_by=("forward/results-kept", "forward/inputs-unchanged", *BACKWARD),
    shown_by=STACKED,
)
class _YInOwnY(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        if call.x is self.memory.get("y"):
            call.x[...] = y
            y = call.x
        self.memory["y"] = y
        return super().results(call, y, mean, var)


@mutant(
    "shared/dbeta-of-own-dx",
    "If dy is the dx of the last backward, dbeta counts as 0, which the sum of such dx is.",
    "Sum the dy that is given.",
    caught_by=BACKWARD,
    shown_by=STACKED,
)
class _DbetaOfOwnDx(_Remembering):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, dgamma, dbeta = super().gradients(call, dy)
        if dy is self.memory.get("dx") and dbeta is not None:
            dbeta = dbeta * 0
        self.memory["dx"] = dx
        return dx, dgamma, dbeta


@mutant(
    "shared/context-by-x",
    "Contexts are kept by the id of x, which a later call on the same x replaces.",
    "Keep what backward needs with the call.",
    caught_by=(*BACKWARD, "forward/agreement"),
    shown_by=("calls: refilled again", "calls: natural loop", "calls: two instances"),
)
class _ContextByX(_Remembering):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        self.memory[id(call.x), call.training] = call

        def backward(dy: Array) -> Gradients:
            kept = self.memory[id(call.x), call.training]
            return self.gradients(kept if kept.x.shape == dy.shape else call, dy)

        return y, mean, var, backward


@mutant(
    "shared/gradients-by-dy",
    "backward keeps its gradients for as long as dy is the same object.",
    "Form them again: the caller refills dy.",
    caught_by=BACKWARD,
    shown_by=("calls: second gradients",),
)
class _GradientsByDy(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        kept: dict[str, Any] = {"dy": None}

        def backward(dy: Array) -> Gradients:
            if kept["dy"] is not dy:
                kept.update(dy=dy, found=self.gradients(call, dy))
            dx, dgamma, dbeta = (None if a is None else a.copy() for a in kept["found"])
            return np.asarray(dx), dgamma, dbeta

        return y, mean, var, backward


@mutant(
    "shared/parameters-by-id",
    "Gradients are collected by the ids of gamma and beta, which may be one array.",
    "Collect them by name.",
    caught_by=BACKWARD,
    shown_by=PLACES,
)
class _ParametersById(Parts):
    def gradients(self, call: Call, dy: Array) -> Gradients:
        dx, *found = super().gradients(call, dy)
        given = [id(a) for a in call.given]
        collected = dict(zip(given, found, strict=True))
        return dx, *(None if a is None else np.array(a) for a in map(collected.get, given))  # type: ignore[return-value]  # two of them


@mutant(
    "shared/statistics-by-id",
    "New statistics are collected by the ids of the old ones, which may be one array.",
    "Collect them by name.",
    caught_by=("running/one-step",),
    shown_by=PLACES,
)
class _StatisticsById(Parts):
    def results(self, call: Call, y: Array, mean: Array, var: Array) -> Results:
        collected = {id(call.running_mean): mean, id(call.running_var): var}
        mean, var = collected[id(call.running_mean)], collected[id(call.running_var)]
        return super().results(call, y, mean.copy(), var.copy())


@mutant(
    "shared/beta-that-is-a-variance",
    "Inference shifts by nothing where beta and the running variance are one array.",
    f"{AS_GIVEN}.",
    caught_by=("inference/agreement",),
    shown_by=PLACES,
)
class _BetaIsVar(Parts):
    def infer_y(self, call: Call) -> Array:
        y = super().infer_y(call)
        shared = call.given[1] is not None and call.given[1] is call.running_var
        return np.asarray(y - call.beta) if shared else y


@mutant(
    "shared/loop-keeps-momentum",
    "Statistics that the object returned itself are averaged with the momentum of that call.",
    "Use the momentum that is given.",
    caught_by=("running/one-step",),
    shown_by=LOOP,
)
class _LoopKeepsMomentum(_Remembering):
    def running_mean(self, call: Call) -> Array:
        last, momentum = self.memory.get("last", (None, None))
        if last is call.running_mean:
            call.momentum = momentum
        made = super().running_mean(call)
        self.memory["last"] = made, call.momentum
        return made


@mutant(
    "shared/loop-keeps-eps",
    "Inference with a variance that the object returned itself uses the eps of that call.",
    "Use the eps that is given.",
    caught_by=("inference/agreement",),
    shown_by=LOOP,
)
class _LoopKeepsEps(_Remembering):
    def running_var(self, call: Call) -> Array:
        made = super().running_var(call)
        self.memory["last"] = made, call.eps
        return made

    def inv_std(self, call: Call) -> Array:
        last, eps = self.memory.get("last", (None, call.eps))
        if not call.training and last is call.running_var:
            call.eps = eps
        return super().inv_std(call)


class _AddedReLU(Added):
    activation = "relu"


@mutant(
    "shared/added-input-that-is-x",
    "Where the added input is x itself, its gradient is added to dx as well.",
    "Return both; the caller adds them.",
    caught_by=("backward/agreement", "inference/gradients"),
    shown_by=("added input",),
)
class _AddedIsX(_AddedReLU):
    def train(self, *arguments: Any, residual: Any = None, **settings: Any) -> Results:
        y, mean, var, backward = super().train(*arguments, residual=residual, **settings)
        inner: Any = backward

        def summed(dy: Array) -> Any:
            dx, dgamma, dbeta, dresidual = inner(dy)
            shared = residual is arguments[0]
            return (dx + dresidual if shared else dx), dgamma, dbeta, dresidual

        return y, mean, var, summed
