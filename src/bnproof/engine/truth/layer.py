"""One batch normalization and its backward: constants that are rounded once, and elements of them.

In the letters of `bnproof.engine.truth.oracle`, which has the formulas and their accuracy.
"""

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.channels import Channels, Upstream, inferred, trained
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
from bnproof.engine.truth.exact_sums import Columns
from bnproof.engine.truth.finite_columns import all_finite, are_ordinary, finite, where, wide
from bnproof.engine.truth.integers import Exact, dyadic
from bnproof.engine.truth.once import once


class Layer:
    """One batch normalization of all channels: the constants that it shares, and its elements.

    eps is that of each channel, if they differ.

    A layer ``like`` this one, of the same x in the other mode, has the integers of x already.
    Rows of x count as many ``times`` as is given, or once.
    """

    def __init__(
        self,
        x: Array,
        gamma: Array,
        beta: Array,
        eps: float | Array,
        *,
        statistics: tuple[Array, Array] | None,
        unbiased: bool,
        like: "Layer | None" = None,
        times: Array | None = None,
    ) -> None:
        gamma, beta = (np.asarray(a, np.float64) for a in (gamma, beta))
        given = [np.asarray(s, np.float64) for s in statistics or ()]
        fine = all_finite(x) & np.isfinite(eps) & (len(x) > 0)
        for a in (gamma, beta, *given):
            fine &= np.isfinite(a)
        self.x, self.gamma, self.beta = (finite(a, fine) for a in (x, gamma, beta))
        same = like is not None and like.x is self.x
        columns = like.channels.x if like is not None and same else Columns(self.x, times)
        self.channels: Channels
        if given:
            mean, var = (finite(s, fine) for s in given)
            self.channels = inferred(columns, mean, var, eps)
        else:
            self.channels = trained(columns, eps, unbiased=unbiased)
        self.defined = fine & self.channels.positive
        self.training, self.times = not given, times

    @once
    def constants(self) -> Constants:
        """The mean, var and inv_std, and s = gamma inv_std."""
        pairs = zip(self.channels.each, map(dyadic, self.gamma.tolist()), strict=True)
        return Constants(
            ("mean", "var", "inv_std", "scale"),
            ((ch.mean, ch.var, ch.inv_std, ch.over_root(g * ch.n, g_e)) for ch, (g, g_e) in pairs),
        )

    @once
    def is_ordinary(self) -> bool:
        """Whether x and all constants are."""
        return self.constants.is_ordinary and is_ordinary(self.beta) and are_ordinary(self.x)

    def constant(self, name: str) -> Exact:
        """A constant of each channel, NaN where undefined."""
        return where(self.defined, self.constants.exact(name))

    def centred(self, x: Array, *, ordinary: bool) -> Word:
        """X - mean of some rows."""
        mean = self.constants.word("mean", ordinary=ordinary)
        return add(negative(mean), number(x, ordinary=ordinary))

    def scaled(self, values: Word, *, ordinary: bool) -> Word:
        """Values times s."""
        return multiply(values, self.constants.word("scale", ordinary=ordinary))

    def y(self, rows: slice) -> Exact:
        """Y of some rows."""
        x, ordinary = wide(self.x[rows]), self.is_ordinary
        scaled = self.scaled(self.centred(x, ordinary=ordinary), ordinary=ordinary)
        return where(self.defined, rounded(add(scaled, number(self.beta, ordinary=ordinary))))


class Backward:
    """The backward of a layer at dy; one ``like`` it has the integers of the same dy already."""

    def __init__(self, layer: Layer, dy: Array, like: "Backward | None" = None) -> None:
        known = all_finite(dy)
        self.layer, self.dy = layer, finite(dy, known)
        self.known = layer.defined & known
        same = like is not None and like.dy is self.dy
        self.columns: Columns = (
            like.columns if like is not None and same else Columns(self.dy, layer.times)
        )

    @once
    def each(self) -> list[Upstream]:
        """The exact constants of each channel."""
        return self.layer.channels.upstream(self.columns)

    @once
    def constants(self) -> Constants:
        """The gradients dgamma and dbeta, the mean of dy, and the factor a of x - mean in dx."""
        count = max(1, self.columns.count)
        pairs = zip(self.each, self.layer.channels.each, strict=True)
        return Constants(
            ("dgamma", "dbeta", "mean", "along"),
            ((up.dgamma(ch), up.total, up.mean(count), up.along(ch)) for up, ch in pairs),
        )

    @once
    def is_ordinary(self) -> bool:
        """Whether x, dy and all constants are."""
        own = not self.layer.training or self.constants.is_ordinary
        return own and self.layer.is_ordinary and are_ordinary(self.dy)

    def constant(self, name: str) -> Exact:
        """A gradient of each channel, NaN where undefined."""
        return where(self.known, self.constants.exact(name))

    def centred(self, dy: Array, *, ordinary: bool) -> Word:
        """Dy - dbeta / N of some rows."""
        mean = self.constants.word("mean", ordinary=ordinary)
        return add(negative(mean), number(dy, ordinary=ordinary))

    def residual(self, x: Array, dy: Array, *, ordinary: bool) -> Word:
        """Dy - dbeta / N - a (x - mean) of some rows."""
        d = self.layer.centred(x, ordinary=ordinary)
        along = multiply(d, self.constants.word("along", ordinary=ordinary))
        return add(self.centred(dy, ordinary=ordinary), negative(along))

    def dx(self, rows: slice) -> Exact:
        """Dx of some rows."""
        dy, layer, ordinary = wide(self.dy[rows]), self.layer, self.is_ordinary
        if layer.training:
            bracket = self.residual(wide(layer.x[rows]), dy, ordinary=ordinary)
        else:
            bracket = number(dy, ordinary=ordinary)
        return where(self.known, rounded(layer.scaled(bracket, ordinary=ordinary)))
