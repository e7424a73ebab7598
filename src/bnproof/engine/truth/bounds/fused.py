"""Truth and bounds where an activation, and an added input, are fused into y.

With z = gamma xhat + beta + r and an activation a, y = a(z) and the gradients are those of batch
normalization with e_i = a'(z_i) dy_i in place of dy, since d<dy, a(z)> = <a'(z) dy, dz>; the
gradient of r is e.  Let E be the bound of z, u the unit of the format that z and e may be stored
in, and see `activations` for steepest, bend, kinks and jump.

**z** with an added input: E = E_z + u (|z| + E_z), one rounding more, where r is not 0.

**y**: steepest E, for smooth functions 16 u (1 + |z|) and what is `skipped`, and anything where an
intermediate value overflows; a slope other than 0 and 1 is held to u and multiplies once, and the
exact value may be a product of float64: 3 u |y|.

**e**: |dy_i| bend E, and 16 u (1 + |z|) |dy_i| and 2 |dy_i| (bound of y) for smooth functions,
whose slope may be formed from y; 3 u |e_i| where a slope is not 0 or 1; |dy_i| jump where z is
within E of a kink.  Call that delta_i; a product that underflows, here and there, adds 2 Z.

**Gradients**: those of e within the bounds of plain batch normalization, at e; plus what delta
makes of them, dbeta: sum delta, dgamma: sum delta |xhat|, and by the triangle inequality
dx: gamma inv_std (delta + mean delta + b |xhat| sum(delta |xhat|) / N), in inference
gamma inv_std delta; plus the rounding of those, for which the bounds are formed once more at
delta: they are sums of magnitudes, and so subadditive in dy.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.activations import Activation
from bnproof.engine.truth.bounds import Arithmetic, Quantities, bounds
from bnproof.engine.truth.bounds.expected import Expected
from bnproof.engine.truth.bounds.roundings import EVALUATION
from bnproof.engine.truth.double_words import Word, add
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.finite_columns import wide
from bnproof.engine.truth.integers import Exact

GRADIENTS = ("dx", "dgamma", "dbeta")
SMOOTH = 16
"""Units that a smooth function, or its slope, may be off by."""

BENT = 3
"""Units of a product with a slope that is not 0 or 1."""


@dataclass(eq=False, kw_only=True)
class Fused(Expected):
    """Truth and bounds of a(z), and of its gradients.

    Attributes:
        plain: of batch normalization without activation and added input.
        upstream: the same with a'(z) dy in place of dy.
        activation: a.
        added: r as columns, None where nothing is added.
        z: exact, to a double word.
    """

    plain: Expected
    upstream: Expected
    activation: Activation
    added: Array | None
    z: Exact
    _bounds: dict[str, dict[str, Array]] = field(default_factory=dict)

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        if output not in ("y", "dresidual", *GRADIENTS):
            return self.plain.bound(arithmetic, output)
        made = self._bounds.setdefault(repr(arithmetic), {})
        if not made:
            with np.errstate(all="ignore"):
                made.update(self._formed(arithmetic))
        return made[output]

    def lighten(self) -> None:
        """Forget what was formed of elements; it is formed again where it is asked for."""
        super().lighten()
        self._bounds.clear()
        self.plain.lighten()
        self.upstream.lighten()

    def _formed(self, arithmetic: Arithmetic) -> dict[str, Array]:
        e_z, e_y = self._forward(arithmetic)
        delta = self._delta(arithmetic, e_z, e_y)
        made = {"y": e_y}
        if self.quantities.dy is not None:
            upstream = np.abs(wide(np.asarray(self.upstream.quantities.dy)))
            made["dresidual"] = delta + arithmetic.storage.u * (upstream + delta)
            made |= _of_gradients(self.upstream, arithmetic, delta)
        return {name: _judged(bound) for name, bound in made.items()}

    def _forward(self, arithmetic: Arithmetic) -> tuple[Array, Array]:
        """E, and the bound of y."""
        u, tiny = arithmetic.storage.u, arithmetic.underflow(arithmetic.storage)
        size = np.abs(self.z[0])
        e_z = self.plain.bound(arithmetic, "y")
        if self.added is not None:
            e_z = e_z + np.where(self.added == 0, 0.0, u * (size + e_z) + tiny)
        e_y = self.activation.steepest * e_z
        if not self.activation.slopes:
            skipped = self.activation.skipped
            free = 0.0 if skipped is None else skipped(self.z[0])
            bound = e_y + SMOOTH * u * (1 + size) + tiny + free
            return e_z, np.where(self._overflows(arithmetic, size), np.inf, bound)
        y = np.abs(self.activation.value(self.z[0]))
        return e_z, e_y + np.where(self._bent, BENT * u * (y + e_y) + tiny, 0.0)

    def _overflows(self, arithmetic: Arithmetic, size: Array) -> Array:
        """Where an intermediate value of the activation may be too large for the format."""
        power, factor = self.activation.power, self.activation.factor
        if power == 1 and factor == 1:
            return np.zeros(size.shape, bool)
        with np.errstate(all="ignore"):
            return np.asarray(~(factor * size**power < arithmetic.storage.max / 2))

    def _delta(self, arithmetic: Arithmetic, e_z: Array, e_y: Array) -> Array:
        """What e may be off by."""
        u, tiny = arithmetic.storage.u, arithmetic.underflow(arithmetic.storage)
        dy = np.abs(wide(np.asarray(self.quantities.dy)))
        if not self.activation.slopes:
            size = np.abs(self.z[0])
            off = self.activation.bend * e_z + 2 * e_y + SMOOTH * u * (1 + size)
            return self._at_kinks(np.where(dy == 0, 0.0, dy * off + 2 * tiny), dy, e_z)
        e = np.abs(self.activation.slope(self.z[0])) * dy
        delta = np.where(self._bent & (dy != 0), BENT * u * e + 2 * tiny, 0.0)
        return self._at_kinks(delta, dy, e_z)

    def _at_kinks(self, delta: Array, dy: Array, e_z: Array) -> Array:
        """What e may be off by, where z may lie on either side of a kink as well."""
        with_jump = np.maximum if self.activation.slopes else np.add  # lines are off by no more
        for kink in self.activation.kinks:
            near = ~(np.abs((self.z[0] - kink) + self.z[1]) > e_z)
            delta = np.where(near, with_jump(delta, self.activation.jump * dy), delta)
        return delta

    @property
    def _bent(self) -> Array:
        """Where the slope is neither 0 nor 1."""
        slope = self.activation.slope(self.z[0])
        return np.asarray((slope != 0) & (slope != 1))


def fused(
    plain: Expected,
    upstream_of: Callable[[Array], Expected],
    activation: Activation,
    added: Array | None = None,
) -> Fused:
    """Truth and bounds with an activation, and an added input as columns.

    ``upstream_of`` forms truth and bounds of plain batch normalization with another dy, given as
    columns of float64.
    """
    truth = plain.quantities.truth
    z = _plus(truth.values["y"], added)
    with np.errstate(all="ignore"):
        y = activation.at(z)
        e = activation.slope(z[0]) * wide(np.asarray(plain.quantities.dy))
    upstream = upstream_of(e)
    of_gradients = upstream.quantities.truth
    own = Truth(
        {name: partial(of_gradients.values.__getitem__, name) for name in GRADIENTS[1:]},
        {
            "y": partial(_rows_of, y),
            "dresidual": partial(_rows_of, (e, np.zeros_like(e))),
            "dx": of_gradients.per_element["dx"],
        },
        truth.shape,
        truth.ratios,
    )
    quantities = replace(plain.quantities, truth=truth.beside(own))
    return Fused(
        quantities,
        plain.back,
        plain=plain,
        upstream=upstream,
        activation=activation,
        added=added,
        z=z,
    )


def _plus(z: Exact, added: Array | None) -> Exact:
    if added is None:
        return z
    with np.errstate(all="ignore"):
        word = add(Word(*z), Word(wide(added)))
    assert word.low is not None  # noqa: S101  # a sum has both parts
    return word.high, word.low


def _rows_of(values: Exact, rows: slice) -> Exact:
    return values[0][rows], values[1][rows]


def _of_gradients(subject: Expected, arithmetic: Arithmetic, delta: Array) -> dict[str, Array]:
    """The bounds of the gradients where dy may be off by delta."""
    made = {name: subject.bound(arithmetic, name) for name in GRADIENTS}
    if not delta.any():
        return made
    off = _carried(subject.quantities, delta)
    rounded = bounds(arithmetic, off).values
    return {name: made[name] + off.truth.values[name][0] + rounded[name] for name in GRADIENTS}


def _carried(q: Quantities, delta: Array) -> Quantities:
    """The quantities of delta in place of dy, with the most that it can make of each gradient."""
    total, along = delta.sum(axis=0), (delta * q.xhat).sum(axis=0)
    dx = delta if q.inference else delta + (total + q.bessel * q.xhat * along) / q.count
    zero = np.zeros_like(total)
    scaled = q.gamma * q.inv_std * dx
    truth = q.truth.beside(
        Truth(
            {},
            {"dx": partial(_rows_of, (scaled, np.zeros_like(scaled)))},
            q.truth.shape,
            q.truth.ratios,
        ),
        dbeta=lambda: (total, zero),
        dgamma=lambda: (along, zero),
    )
    return replace(q, dy=delta, truth=truth, at_ddx=None)


def _judged(bound: Array) -> Array:
    """A bound with the rounding of its own evaluation; infinite where it is not a number."""
    return np.where(np.isnan(bound), np.inf, bound * (1 + EVALUATION))
