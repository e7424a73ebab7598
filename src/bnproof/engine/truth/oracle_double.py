"""Exact double backward, in the integers and letters of `bnproof.engine.truth.channels`.

With v = ddx, v_i = V_i 2^q, T' = sum V, P' = sum V D and S = n sum U V - k T T', the gradients of
L = <v, dx> + <ddgamma, dgamma> + <ddbeta, dbeta> are (theorem "double-backward"), per channel, with
r = inv_std, d_i = x_i - mean, ybar = dbeta / N, vbar = mean v, and a and a' the factors ``along``
of dy and of v:

    ddy_i  = gamma r (v_i - vbar - d_i a') + ddgamma r d_i + ddbeta
    dgamma = 2^(u + q - f/2) / (W sqrt(W)) [S W - j P P' 2^(2c - f)]
    dx_i   = ddgamma r (dy_i - ybar - d_i a) - gamma [d_i A + (dy_i - ybar) B + (v_i - vbar) E]

    A = j n 2^(u + q - 3f/2) / (W^2 sqrt(W)) [S W - 3 j P P' 2^(2c - f)]
    B = j n P' 2^(q + c - 3f/2) / (W sqrt(W))          E = j n P 2^(u + c - 3f/2) / (W sqrt(W))

The theorem is about k = j = 1.  With b = N / (N - 1), normalising by b var + eps is the same with
gamma / sqrt(b), ddgamma / sqrt(b) and eps / b (theorem "unbiased-normalisation"), where xhat is
sqrt(b) times and dgamma sqrt(b) times what it is here; put in, that is k = N - 1 and j = N.

In inference, where the statistics do not depend on x (theorem "double-backward-inference"):

    ddy_i  = gamma r v_i + ddgamma r d_i + ddbeta
    dgamma = r sum dy v
    dx_i   = ddgamma r dy_i

**Accuracy.**  As in `bnproof.engine.truth.oracle`, with at most three operations more on the way of
any term: each result is off by at most 2^-100 times the sum of the magnitudes of its terms, those
of d being |x| + |mean|, and dgamma by 2^-105 of it.  The bounds J and L have at least 4 u of the
same terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.truth.channels import Channel, Upstream
from bnproof.engine.truth.constants import Constants
from bnproof.engine.truth.double_words import (
    Word,
    add,
    is_ordinary,
    multiply,
    negative,
    number,
    rounded,
)
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.finite_columns import all_finite, finite, where, wide
from bnproof.engine.truth.integers import Exact, Ratio, dyadic
from bnproof.engine.truth.layer import Backward, Layer
from bnproof.engine.truth.once import once


@dataclass(frozen=True, eq=False)
class DoubleTruth:
    """Exact results of double backward, and those of backward at ddx, which bounds are made of.

    Attributes:
        own: by the names of `DOUBLE`.
        at_ddx: dx, dgamma and dbeta of backward(ddx).
    """

    own: Truth
    at_ddx: Truth

    @property
    def values(self) -> Mapping[str, Exact]:
        """The (high, low) of each result of double backward."""
        return self.own.values


def double_truth(
    x: Array,
    gamma: Array,
    eps: float,
    dy: Array,
    upstream: tuple[Array, Array, Array],
    *,
    statistics: tuple[Array, Array] | None = None,
    unbiased: bool = False,
) -> DoubleTruth:
    """Exact ddy, dx and dgamma of double backward at ``upstream`` (ddx, ddgamma, ddbeta).

    x, dy and ddx are (N, C), all else (C,); of inference where ``statistics`` are given, of
    training that normalises by the unbiased variance where that is asked for.  A channel with a
    non-finite input, or with var + eps = 0, is NaN throughout.

    >>> x, dy, one = np.array([[-1.0], [1.0]]), np.array([[1.0], [3.0]]), np.ones(1)
    >>> truth = double_truth(x, one, 3.0, dy, (dy, 0 * one, 0 * one))
    >>> [truth.values[name][0].ravel().tolist() for name in DOUBLE]
    [[-0.375, 0.375], [0.28125, -0.28125], [0.75]]
    """
    zeros = np.zeros(len(upstream[1]))
    layer = Layer(x, gamma, zeros, eps, statistics=statistics, unbiased=unbiased)
    return double_truth_of(Backward(layer, dy), upstream)


def double_truth_of(at_dy: Backward, upstream: tuple[Array, Array, Array]) -> DoubleTruth:
    """The same, of a backward pass; its constants are not formed again."""
    ddx, *parameters = upstream
    ddgamma, ddbeta = (np.asarray(a, np.float64) for a in parameters)
    fine = at_dy.known & all_finite(ddx) & np.isfinite(ddgamma) & np.isfinite(ddbeta)
    layer, shape = at_dy.layer, ddx.shape
    at_v = Backward(layer, finite(ddx, fine))
    at_v.known = fine
    double = Double(fine, at_dy, at_v, finite(ddgamma, fine), finite(ddbeta, fine))
    ddy, dx, dgamma = DOUBLE
    form = (double.ddy, double.dx) if layer.training else (double.inferred_ddy, double.inferred_dx)
    elements = dict(zip((ddy, dx), form, strict=True))
    return DoubleTruth(
        Truth({dgamma: double.dgamma}, elements, shape),
        Truth(
            {name: partial(at_v.constant, name) for name in ("dgamma", "dbeta")},
            {"dx": at_v.dx},
            shape,
        ),
    )


class Double:
    """The double backward of a layer, in the letters of the module's docstring."""

    def __init__(
        self, known: Array, at_dy: Backward, at_v: Backward, ddgamma: Array, ddbeta: Array
    ) -> None:
        self.known, self.layer, self.at_dy, self.at_v = known, at_dy.layer, at_dy, at_v
        self.ddgamma, self.ddbeta = ddgamma, ddbeta

    @once
    def pairs(self) -> list["Pair"]:
        """The exact constants of each channel."""
        products = self.at_dy.columns.products(self.at_v.columns)
        rows = zip(self.layer.channels.each, self.at_dy.each, self.at_v.each, products, strict=True)
        return [Pair(*row) for row in rows]

    @once
    def constants(self) -> Constants:
        """The slope ddgamma inv_std; in training gamma A, gamma B and gamma E."""
        names, training = ["slope", "dgamma"], self.layer.training
        if training:
            names += ["of d", "of dy", "of v"]
        parameters = (map(dyadic, a.tolist()) for a in (self.layer.gamma, self.ddgamma))
        rows = []
        for pair, (g, g_e), (a, a_e) in zip(self.pairs, *parameters, strict=True):
            ch = pair.channel
            row = [ch.over_root(a * ch.n, a_e)]
            row.append(pair.dgamma if training else pair.inferred_dgamma)
            if training:
                row += [(n * g, d, e + g_e) for n, d, e in (pair.of_d, pair.of_dy, pair.of_v)]
            rows.append(row)
        return Constants(names, rows)

    def dgamma(self) -> Exact:
        """The gradient of gamma."""
        return where(self.known, self.constants.exact("dgamma"))

    @once
    def is_ordinary(self) -> bool:
        """Whether all arrays and all constants are."""
        known = self.at_dy.is_ordinary and self.at_v.is_ordinary and is_ordinary(self.ddbeta)
        return known and self.constants.is_ordinary

    def sloped(self, values: Word, *, ordinary: bool) -> Word:
        """Values times ddgamma inv_std."""
        return multiply(values, self.constants.word("slope", ordinary=ordinary))

    def some(self, rows: slice) -> tuple[bool, Array, Array, Array]:
        """Whether all that some rows meet is ordinary, and their x, dy and v."""
        x, dy, v = (wide(a[rows]) for a in (self.layer.x, self.at_dy.dy, self.at_v.dy))
        return self.is_ordinary, x, dy, v

    def ddy(self, rows: slice) -> Exact:
        """The gradient of dy, of some rows, in training."""
        ordinary, x, _, v = self.some(rows)
        return self._ddy(self.at_v.residual(x, v, ordinary=ordinary), x, ordinary=ordinary)

    def inferred_ddy(self, rows: slice) -> Exact:
        """The gradient of dy, of some rows, in inference."""
        ordinary, x, _, v = self.some(rows)
        return self._ddy(number(v, ordinary=ordinary), x, ordinary=ordinary)

    def _ddy(self, bracket: Word, x: Array, *, ordinary: bool) -> Exact:
        layer = self.layer
        d = layer.centred(x, ordinary=ordinary)
        direct = layer.scaled(bracket, ordinary=ordinary)
        both = add(direct, self.sloped(d, ordinary=ordinary))
        return where(self.known, rounded(add(both, number(self.ddbeta, ordinary=ordinary))))

    def dx(self, rows: slice) -> Exact:
        """The gradient of x, of some rows, in training."""
        ordinary, x, dy, v = self.some(rows)
        names = ("of d", "of dy", "of v")
        of_d, of_dy, of_v = (self.constants.word(name, ordinary=ordinary) for name in names)
        own = add(
            add(
                multiply(self.layer.centred(x, ordinary=ordinary), of_d),
                multiply(self.at_dy.centred(dy, ordinary=ordinary), of_dy),
            ),
            multiply(self.at_v.centred(v, ordinary=ordinary), of_v),
        )
        residual = self.at_dy.residual(x, dy, ordinary=ordinary)
        from_dgamma = self.sloped(residual, ordinary=ordinary)
        return where(self.known, rounded(add(from_dgamma, negative(own))))

    def inferred_dx(self, rows: slice) -> Exact:
        """The gradient of x, of some rows, in inference."""
        ordinary, _, dy, _ = self.some(rows)
        scaled = self.sloped(number(dy, ordinary=ordinary), ordinary=ordinary)
        return where(self.known, rounded(scaled))


class Pair:
    """The exact constants of one channel, of dy and v together."""

    def __init__(self, channel: Channel, dy: Upstream, v: Upstream, products: int) -> None:
        self.channel, self.dy, self.v, self.products = channel, dy, v, products

    @once
    def bracket(self) -> tuple[int, int]:
        """S W, and j P P' 2^(2c - f)."""
        ch = self.channel
        s = ch.n * self.products - ch.k * self.dy.t * self.v.t
        return s * ch.w, ch.j * self.dy.p * self.v.p << (2 * self.dy.c - ch.f)

    @property
    def dgamma(self) -> Ratio:
        """The gradient of gamma in training."""
        first, second = self.bracket
        root, exponent = self.channel.root
        return first - second, root * self.channel.w, self.dy.u + self.v.u + exponent

    @property
    def inferred_dgamma(self) -> Ratio:
        """The gradient of gamma in inference."""
        return self.channel.over_root(self.products, self.dy.u + self.v.u)

    @property
    def of_d(self) -> Ratio:
        """A, without gamma."""
        first, second = self.bracket
        ch = self.channel
        root, exponent = ch.root
        exponent += self.dy.u + self.v.u - ch.f
        return ch.j * ch.n * (first - 3 * second), root * ch.w * ch.w, exponent

    @property
    def of_dy(self) -> Ratio:
        """B, without gamma."""
        return self._along(self.v)

    @property
    def of_v(self) -> Ratio:
        """E, without gamma."""
        return self._along(self.dy)

    def _along(self, other: Upstream) -> Ratio:
        ch = self.channel
        root, exponent = ch.root
        return ch.j * ch.n * other.p, root * ch.w, other.u + other.c - ch.f + exponent
