"""Mini-batches for a layer whose Z is exact, and the truth and bounds of what it makes of them.

W, A and b are multiples of a quantum with few bits, so that Z = W A + b is exact in whatever order
it is summed, and the exact oracle and the bounds of batch normalization hold for the whole layer.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.truth.bounds import Bounds, Quantities, bounds, ladder
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.oracle import batch_truth

DOUBLE = FORMATS["float64"]
CLASS = ladder(DOUBLE, DOUBLE)["streaming"]
QUANTUM = 2.0**-4
U = DOUBLE.u
MOVES = 4
"""How often the layers before a layer move; see `moved_layers`."""

SEEDS = range(3)
"""The seeds of the batches that each property is tried on."""


@dataclass(frozen=True, eq=False)
class Batch:
    """What a layer is given, examples as columns.

    Attributes:
        A: (n_in, m).  W: (n, n_in).  gamma, beta: (n, 1).  dZ_tilde: (n, m).
        eps: added to the variance.
        b: (n, 1), or None.
    """

    A: Array
    W: Array
    gamma: Array
    beta: Array
    dZ_tilde: Array
    eps: float = 0.5
    b: Array | None = None

    @cached_property
    def Z(self) -> Array:
        """W A + b, exact but for a b that is off the grid."""
        Z = self.W @ self.A
        return np.asarray(Z if self.b is None else Z + self.b)

    @cached_property
    def truth(self) -> Truth:
        """The exact outputs, (m, n) as the oracle has them."""
        return batch_truth(
            self.Z.T, self.gamma[:, 0], self.beta[:, 0], self.eps, dy=self.dZ_tilde.T
        )

    @cached_property
    def bounds(self) -> Bounds:
        """The bounds of the streaming class, and of all stronger ones."""
        return bounds(CLASS, self.quantities)

    @cached_property
    def quantities(self) -> Quantities:
        """What the bounds are made of."""
        return quantities(self.Z, self.truth, self.gamma, self.beta, self.eps, self.dZ_tilde)

    def exact(self, name: str) -> Array:
        """An exact output in float64, (n, m) or (n, 1)."""
        return as_columns(self.truth.values[name][0])

    def bound(self, name: str) -> Array:
        """Its bound."""
        return as_columns(self.bounds.values[name])

    def weight_gradient(self) -> tuple[Array, Array]:
        """The exact dW = dZ A^T, and its bound: that of dZ, and of a sum of m products."""
        dZ, bound, size = self.exact("dx"), self.bound("dx"), np.abs(self.A.T)
        few = accumulated(self.A.shape[1] + 2, U)
        return dZ @ self.A.T, (bound + few * (np.abs(dZ) + bound)) @ size

    def bias_gradient_bound(self) -> Array:
        """How far the computed sum of dZ may be from 0: their bounds, and a sum of m terms."""
        dZ, bound = np.abs(self.exact("dx")), self.bound("dx")
        few = accumulated(self.A.shape[1], U)
        return np.asarray((bound + few * (dZ + bound)).sum(axis=1, keepdims=True))

    def but(self, **changes: object) -> "Batch":
        """The same with some arrays replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]  # checked by the dataclass


def quantities(
    Z: Array,
    truth: Truth,
    gamma: Array,
    beta: Array,
    eps: float,
    dZ_tilde: Array | None = None,
    *,
    inference: bool = False,
) -> Quantities:
    """What the bounds of a layer's normalization are made of."""
    return Quantities(
        x=Z.T,
        gamma=np.abs(gamma[:, 0]),
        beta=np.abs(beta[:, 0]),
        eps=eps,
        truth=truth,
        inference=inference,
        dy=None if dZ_tilde is None else dZ_tilde.T,
    )


def as_columns(values: Array) -> Array:
    """(m, n) as (n, m), and (n,) as (n, 1)."""
    return values.T if values.ndim == 2 else values[:, np.newaxis]


def made(seed: int, n_in: int = 3, n: int = 4, m: int = 16) -> Batch:
    """A batch of random multiples of a quantum, with gamma of both signs.

    >>> batch = made(0)
    >>> batch.Z.shape, bool((batch.Z % 2.0**-9 == 0).all())
    ((4, 16), True)
    """
    rng = np.random.default_rng(seed)

    def whole(limit: int, *shape: int) -> Array:
        return rng.integers(-limit, limit, shape, endpoint=True) * QUANTUM

    gamma = rng.choice([-1.0, 1.0], (n, 1)) * rng.integers(4, 40, (n, 1)) * QUANTUM
    return Batch(
        A=whole(64, n_in, m) + 1.0,
        W=whole(32, n, n_in) + QUANTUM / 2,  # no row of zeros, whose variance would be 0
        gamma=gamma,
        beta=whole(32, n, 1),
        dZ_tilde=whole(64, n, m),
    )


def moved_layers(seed: int) -> list[Batch]:
    """Batches as a layer gets them while the layers before it, and its own W, move far.

    >>> len(moved_layers(0))
    4
    """
    first = made(seed)
    rng = np.random.default_rng(seed)
    batches = [first]
    for step in range(1, MOVES):
        shift = float(rng.integers(-64, 64)) * step
        batches.append(first.but(A=first.A * 2.0**step + shift, W=made(seed + step).W))
    return batches
