"""Where the bounds hold: no accepted intermediate may leave the range of its format.

It is decided per output.  Statistics need the sums of x and of the squares; y needs the scale and
the folded products; dx needs (var + eps)^(-3/2), which autodiff and the backward of courses form
and which leaves the range long before anything else does.  Inference has no sums of x, and so a
much wider domain.  Outside, an output of a channel is not judged, and counted as such.
"""

from collections.abc import Callable

import numpy as np

from bnproof.engine.model.formats import Array, Format
from bnproof.engine.model.names import DOUBLE
from bnproof.engine.model.observation import WHOLE
from bnproof.engine.truth.bounds.arithmetic import Arithmetic
from bnproof.engine.truth.bounds.double_backward import STEPS, widest
from bnproof.engine.truth.bounds.quantities import Quantities
from bnproof.engine.truth.bounds.roundings import EVALUATION
from bnproof.engine.truth.once import once


class Domain:
    """Which channels of which output are judged, as boolean arrays of shape (C,)."""

    def __init__(self, arithmetic: Arithmetic, q: Quantities) -> None:
        self.arithmetic, self.q = arithmetic, q
        self.limit = _limit(arithmetic.compute)
        self._judged: dict[str, Array] = {}

    def judged(self, output: str) -> Array:
        """The channels in which an output is judged."""
        if output not in self._judged:
            self._judged[output] = self._form(output)
        return self._judged[output]

    def _form(self, output: str) -> Array:
        if output in DOUBLE:
            return self._double(output)
        forms: dict[str, Callable[[], Array]] = {
            "inv_std": self._inv_std,
            "xhat": lambda: self.scaling,
            "y": lambda: self.scaling & self._stored("y", self._y_at_most),
            "running_mean": self._running_mean,
            "running_var": self._running_var,
            "dbeta": self._dbeta,
            "dgamma": lambda: self._gradients & self._stored("dgamma"),
            "dx": self._dx,
        }
        return forms[output]() if output in forms else self.statistics

    @once
    def statistics(self) -> Array:
        """Sums of x and of the squares, and what is stored in 16 bits; nothing in inference."""
        q, variances = self.q, self.arithmetic.variances
        if q.inference:
            return np.ones_like(q.mean, bool)
        sums = [q.x_sum_abs, q.d_squares * 1.01]
        if "streaming" in variances:
            sums.append(4 * q.d_most**2 * q.count)  # squared differences of partial means
        if "one-pass" in variances:
            sums.append(q.x_squares)
            sums.append(q.count * (q.var + q.farthest_shift**2))
        return _below(self.limit, *sums) & self._saved()

    @once
    def scaling(self) -> Array:
        """The scale, the shift, and their products with x."""
        q = self.q
        limit = _limit(self.arithmetic.compute, self.arithmetic.elements)
        scale = q.gamma * q.inv_std
        reach = q.reach_most
        products = reach * np.maximum(scale, q.inv_std) + q.beta
        within = self._saved() if q.inference else self.statistics
        return within & _below(limit, q.inv_std, scale, products, reach, q.w)

    @once
    def _gradients(self) -> Array:
        """Sums of dy, dy d, dy x and what they are multiplied by."""
        q = self.q
        limit = _limit(self.arithmetic.compute, self.arithmetic.elements)
        wide = np.maximum(q.dy_d, q.dy_reach)
        factor = np.maximum(1.0, q.inv_std) * np.maximum(1.0, q.gamma)
        return self.scaling & _below(
            limit / max(1, q.count), wide * factor, q.dy_sum_abs * factor, q.dy_most * factor
        )

    def _saved(self) -> Array:
        """Whether statistics stored in 16 bits stay in range, where a class stores them so."""
        q, saved = self.q, self.arithmetic.saved
        if saved is None:
            return np.ones_like(q.mean, bool)
        used = [] if q.inference else [q.bessel * q.var]
        return _below(_limit(saved), q.mean, q.inv_std, q.gamma * q.inv_std, *used)

    def _stored(self, output: str, at_most: Callable[[], Array] | None = None) -> Array:
        """Whether an output stays in the range that it is stored in.

        Where its magnitudes are known to be ``at_most`` so large, and that is in range, they are
        not formed.
        """
        into = self.arithmetic.storage if output in WHOLE else self.arithmetic.parameters
        if at_most is not None:
            known = _below(into.max / 2, at_most())
            if known.all():
                return known
        return _below(into.max / 2, self.q.peak(output))

    def _y_at_most(self) -> Array:
        q = self.q
        return np.asarray((1 + EVALUATION) * (q.gamma * q.inv_std * q.d_most + q.beta))

    def _dx_at_most(self) -> Array:
        q = self.q
        mean, along = q.dbeta / q.count, q.dgamma / q.count
        bracket = q.dy_most
        if not q.inference:
            bracket = bracket + mean + q.bessel * along * q.d_most * q.inv_std
        return np.asarray((1 + EVALUATION) * q.gamma * q.inv_std * bracket)

    def _inv_std(self) -> Array:
        if self.q.inference:
            return self.statistics
        return self.statistics & _below(self.limit, self.q.inv_std)

    def _running_mean(self) -> Array:
        q, top = self.q, self.arithmetic.parameters.max / 2
        return self.statistics & _below(top, q.mean, np.abs(np.asarray(q.running_mean)))

    def _running_var(self) -> Array:
        q, top = self.q, self.arithmetic.parameters.max / 2
        spread = q.correction * q.var * max(1, 1 / max(1, q.count))
        return self.statistics & _below(top, spread, np.abs(np.asarray(q.running_var)))

    def _dbeta(self) -> Array:
        return _below(self.limit, self.q.dy_sum_abs) & self._stored("dbeta")

    def _dx(self) -> Array:
        """In training with the sums of dy, and (var + eps)^(-3/2) and what it is multiplied by."""
        if not self.q.inference:
            return self._gradients & self._chain() & self._stored("dx", self._dx_at_most)
        q = self.q
        factor = np.maximum(1.0, q.inv_std) * np.maximum(1.0, q.gamma)
        limit = _limit(self.arithmetic.compute, self.arithmetic.elements)
        fine = _below(limit, q.dy_most * factor)
        return fine & self.scaling & self._stored("dx", self._dx_at_most)

    def _chain(self) -> Array:
        """(var + eps)^(-3/2), (var + eps)^(3/2) and their products with gamma sum(dy d)."""
        q, form = self.q, self.arithmetic.compute
        cube = q.inv_std**3
        product = np.maximum(q.gamma, 1.0) * q.dy_d * cube * np.maximum(1.0, q.reach_most)
        fine = (cube > 2 * form.tiny) & (q.w**1.5 > 2 * form.tiny) & (q.w**1.5 < form.max / 2)
        return fine & _below(form.max / 2, cube * np.maximum(q.gamma, 1.0), product)

    def _double(self, output: str) -> Array:
        """Double backward: products of all factors, and powers of var + eps up to 5/2 either way.

        Autodiff forms (var + eps)^(-5/2) for dx, and for the others what backward forms.
        """
        q, form = self.q, self.arithmetic.compute
        limit = _limit(form, self.arithmetic.elements) / (4 * q.count + STEPS)
        fine = self.scaling & _below(limit, widest(q, output))
        if not q.inference:
            power = q.w ** (2.5 if output == DOUBLE[1] else 1.5)
            fine = fine & (power > 2 * form.tiny) & (1 / power > 2 * form.tiny)
        return fine & self._stored(output)


def _below(limit: float, *magnitudes: Array) -> Array:
    largest = magnitudes[0]
    for magnitude in magnitudes[1:]:
        largest = np.maximum(largest, magnitude)
    return np.asarray(largest <= limit)  # NaN is never judged


def _limit(*formats: Format) -> float:
    """Half the range: a bound's worth of rounding stays within it."""
    return min(f.max for f in formats) / 2
