"""The same mistake at relative sizes from 1e-2 down to 1e-7, to read sharpness off.

They are shown in float64, where all of them are far above rounding.
"""

from functools import partial
from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

SIZES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)


class _Graded(Parts):
    """Parts with one step off by a relative size."""

    def __init__(self, *, size: float = 1e-2, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.size = size

    def off(self, value: Array) -> Array:
        """The value, too large by the relative size."""
        return np.asarray(value * (1 + self.size))


class _Mean(_Graded):
    def mean(self, call: Call) -> Array:
        mean = super().mean(call)
        return np.asarray(mean + self.size * call.rows.std(axis=1, keepdims=True))


class _Var(_Graded):
    def var(self, call: Call) -> Array:
        return self.off(super().var(call))


class _Eps(_Graded):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps * (1 + self.size)))


class _InvStd(_Graded):
    def inv_std(self, call: Call) -> Array:
        return self.off(super().inv_std(call))


class _Gamma(_Graded):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = self.off(call.gamma)


class _Beta(_Graded):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.beta = self.off(call.beta)


class _Y(_Graded):
    def y(self, call: Call) -> Array:
        return self.off(super().y(call))


class _OneElement(_Graded):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        y[-1, -1:] = self.off(y[-1, -1:])
        return y


class _Dgamma(_Graded):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.off(super().dgamma(call, dy))


class _Dbeta(_Graded):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.off(super().dbeta(call, dy))


class _Dx(_Graded):
    def dx(self, call: Call, dy: Array) -> Array:
        return self.off(super().dx(call, dy))


class _MeanTerm(_Graded):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return self.off(super().mean_term(call, dxhat))


class _VarTerm(_Graded):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return self.off(super().var_term(call, dxhat))


class _Momentum(_Graded):
    def weights(self, call: Call) -> tuple[float, float]:
        keep, weight = super().weights(call)
        more = weight * self.size
        return keep - more, weight + more


class _Bessel(_Graded):
    def new_var(self, call: Call) -> Array:
        return self.off(super().new_var(call))


class _RunningMean(_Graded):
    def new_mean(self, call: Call) -> Array:
        return self.off(super().new_mean(call))


class _InferenceY(_Graded):
    def infer_y(self, call: Call) -> Array:
        return self.off(super().infer_y(call))


class _InferenceDx(_Graded):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return self.off(super().infer_dx(call, dy))


FORWARD = ("forward/agreement", "forward/unit-variance")
BACKWARD = ("backward/agreement", "backward/finite-differences")
RUNNING = ("running/one-step", "running/many-steps")
STEPS: tuple[tuple[str, str, type[_Graded], tuple[str, ...]], ...] = (
    ("mean", "mean, in standard deviations", _Mean, ("forward/agreement", "forward/zero-mean")),
    ("variance", "variance", _Var, FORWARD),
    ("eps", "eps", _Eps, (*FORWARD, "inference/agreement")),
    ("inv-std", "inverse standard deviation", _InvStd, FORWARD),
    ("gamma", "gamma that is used", _Gamma, FORWARD),
    ("beta", "beta that is used", _Beta, ("forward/agreement", "forward/zero-mean")),
    ("y", "y", _Y, FORWARD),
    ("one-y", "last y of the last channel", _OneElement, ("forward/agreement",)),
    ("dgamma", "dgamma", _Dgamma, ("backward/agreement", "backward/along-xhat")),
    ("dbeta", "dbeta", _Dbeta, ("backward/agreement", "backward/dbeta-is-sum")),
    ("dx", "dx", _Dx, BACKWARD),
    ("mean-term", "mean's part of dx", _MeanTerm, (*BACKWARD, "backward/sum-zero")),
    ("variance-term", "variance's part of dx", _VarTerm, BACKWARD),
    ("momentum", "weight of the new value", _Momentum, RUNNING),
    ("new-variance", "variance that is averaged", _Bessel, RUNNING),
    ("new-mean", "mean that is averaged", _RunningMean, RUNNING),
    ("inference-y", "y of inference", _InferenceY, ("inference/agreement",)),
    ("inference-dx", "dx of inference", _InferenceDx, ("inference/gradients",)),
)

MUTANTS = tuple(
    Mutant(
        f"graded/{name}-{size:.0e}".replace("e-0", "e-"),
        f"The {what} is off by {size:g}.",
        f"Compute the {what} in the precision of the data, and look for a wrong constant.",
        (),
        caught_by,
        partial(make, size=size),
        dtypes=("float64",),
        group=f"graded/{name}",
    )
    for name, what, make, caught_by in STEPS
    for size in SIZES
)
