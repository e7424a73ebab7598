"""The same mistake at relative sizes from 1e-2 down to 1e-7, to read sharpness off.

They are shown in float64, where all of them are far above rounding.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from bnproof.mutants.call import Call
from bnproof.mutants.decorators import register
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.parts import Parts
from bnproof.reference.checks import Array

SIZES = (1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)

FORWARD = ("forward/agreement", "forward/unit-variance")
BACKWARD = ("backward/agreement", "backward/finite-differences")
RUNNING = ("running/one-step", "running/many-steps")


class _Graded(Parts):
    """Parts with one step off by a relative size."""

    def __init__(self, *, size: float = 1e-2, **conventions: Any) -> None:
        super().__init__(**conventions)
        self.size = size

    def off(self, value: Array) -> Array:
        """The value, too large by the relative size."""
        return np.asarray(value * (1 + self.size))


def _at_sizes(
    name: str, what: str, *, caught_by: tuple[str, ...]
) -> Callable[[type[_Graded]], type[_Graded]]:
    """Return a decorator that registers mutants of one class, one of each size.

    ``what`` names the number that is off, in the sentence that a report shows.
    """

    def described(made: type[_Graded], size: float) -> Mutant:
        return Mutant(
            f"graded/{name}-{size:.0e}".replace("e-0", "e-"),
            f"The {what} is off by {size:g}.",
            f"Compute the {what} in the precision of the data, and look for a wrong constant.",
            (),
            caught_by,
            partial(made, size=size),
            dtypes=("float64",),
            group=f"graded/{name}",
        )

    return lambda made: register(made, *(described(made, size) for size in SIZES))


@_at_sizes(
    "mean", "mean, in standard deviations", caught_by=("forward/agreement", "forward/zero-mean")
)
class _Mean(_Graded):
    def mean(self, call: Call) -> Array:
        mean = super().mean(call)
        return np.asarray(mean + self.size * call.rows.std(axis=1, keepdims=True))


@_at_sizes("variance", "variance", caught_by=FORWARD)
class _Var(_Graded):
    def var(self, call: Call) -> Array:
        return self.off(super().var(call))


@_at_sizes("eps", "eps", caught_by=(*FORWARD, "inference/agreement"))
class _Eps(_Graded):
    def inv_std(self, call: Call) -> Array:
        return np.asarray(1 / np.sqrt(call.var + call.eps * (1 + self.size)))


@_at_sizes("inv-std", "inverse standard deviation", caught_by=FORWARD)
class _InvStd(_Graded):
    def inv_std(self, call: Call) -> Array:
        return self.off(super().inv_std(call))


@_at_sizes("gamma", "gamma that is used", caught_by=FORWARD)
class _Gamma(_Graded):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.gamma = self.off(call.gamma)


@_at_sizes("beta", "beta that is used", caught_by=("forward/agreement", "forward/zero-mean"))
class _Beta(_Graded):
    def begin(self, call: Call) -> None:
        super().begin(call)
        call.beta = self.off(call.beta)


@_at_sizes("y", "y", caught_by=FORWARD)
class _Y(_Graded):
    def y(self, call: Call) -> Array:
        return self.off(super().y(call))


@_at_sizes("one-y", "last y of the last channel", caught_by=("forward/agreement",))
class _OneElement(_Graded):
    def y(self, call: Call) -> Array:
        y = super().y(call)
        y[-1, -1:] = self.off(y[-1, -1:])
        return y


@_at_sizes("dgamma", "dgamma", caught_by=("backward/agreement", "backward/along-xhat"))
class _Dgamma(_Graded):
    def dgamma(self, call: Call, dy: Array) -> Array:
        return self.off(super().dgamma(call, dy))


@_at_sizes("dbeta", "dbeta", caught_by=("backward/agreement", "backward/dbeta-is-sum"))
class _Dbeta(_Graded):
    def dbeta(self, call: Call, dy: Array) -> Array:
        return self.off(super().dbeta(call, dy))


@_at_sizes("dx", "dx", caught_by=BACKWARD)
class _Dx(_Graded):
    def dx(self, call: Call, dy: Array) -> Array:
        return self.off(super().dx(call, dy))


@_at_sizes("mean-term", "mean's part of dx", caught_by=(*BACKWARD, "backward/sum-zero"))
class _MeanTerm(_Graded):
    def mean_term(self, call: Call, dxhat: Array) -> Array:
        return self.off(super().mean_term(call, dxhat))


@_at_sizes("variance-term", "variance's part of dx", caught_by=BACKWARD)
class _VarTerm(_Graded):
    def var_term(self, call: Call, dxhat: Array) -> Array:
        return self.off(super().var_term(call, dxhat))


@_at_sizes("momentum", "weight of the new value", caught_by=RUNNING)
class _Momentum(_Graded):
    def weights(self, call: Call) -> tuple[float, float]:
        keep, weight = super().weights(call)
        more = weight * self.size
        return keep - more, weight + more


@_at_sizes("new-variance", "variance that is averaged", caught_by=RUNNING)
class _Bessel(_Graded):
    def new_var(self, call: Call) -> Array:
        return self.off(super().new_var(call))


@_at_sizes("new-mean", "mean that is averaged", caught_by=RUNNING)
class _RunningMean(_Graded):
    def new_mean(self, call: Call) -> Array:
        return self.off(super().new_mean(call))


@_at_sizes("inference-y", "y of inference", caught_by=("inference/agreement",))
class _InferenceY(_Graded):
    def infer_y(self, call: Call) -> Array:
        return self.off(super().infer_y(call))


@_at_sizes("inference-dx", "dx of inference", caught_by=("inference/gradients",))
class _InferenceDx(_Graded):
    def infer_dx(self, call: Call, dy: Array) -> Array:
        return self.off(super().infer_dx(call, dy))
