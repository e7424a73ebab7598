"""The exact quantities that the bounds are made of, formed once per case and mode."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import reduce

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.blocks import BLOCK, row_blocks
from bnproof.engine.truth.bounds.over_rows import over_rows
from bnproof.engine.truth.bounds.roundings import is_power_of_two, quantum
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.finite_columns import wide
from bnproof.engine.truth.once import once


@dataclass(frozen=True, eq=False)
class Quantities:
    """Magnitudes of one batch normalization; N values in each of C channels.

    Attributes:
        x: (N, C), in any format.
        gamma, beta: (C,), magnitudes.
        eps: added to the variance; of each channel, if they differ.
        truth: exact outputs; its ``mean`` and ``var`` are the given ones in inference.
        inference: whether the statistics are given.
        dy: (N, C), in any format, or None.
        running_mean, running_var: (C,) before the call, or None.
        weight: magnitude of the weight of the new value in the running average; of each channel, if
            they differ.
        correction: N / (N - 1), or 1 for a biased running variance.
        bessel: N / (N - 1) where training normalises by the unbiased variance, else 1.
        at_ddx: the same with ddx in place of dy, where double backward is bounded.
        ddgamma, ddbeta: (C,), magnitudes, likewise.
        whole: what these are some rows of: then x, dy and what belongs to elements have these rows
            only, and what belongs to a channel is that of all rows.
        times: how often each row counts, None for once: rows that are distinct stand for all.
    """

    x: Array
    gamma: Array
    beta: Array
    eps: float | Array
    truth: Truth
    inference: bool
    dy: Array | None = None
    running_mean: Array | None = None
    running_var: Array | None = None
    weight: float | Array = 0.0
    correction: float = 1.0
    bessel: float = 1.0
    at_ddx: "Quantities | None" = None
    ddgamma: Array | None = None
    ddbeta: Array | None = None
    whole: "Quantities | None" = None
    times: Array | None = None

    def lighten(self) -> None:
        """Forget what was formed of elements."""
        given = {field.name for field in fields(self)}
        formed = [n for n, held in vars(self).items() if n not in given and np.ndim(held) == 2]
        for name in formed:
            del vars(self)[name]
        self.truth.lighten()

    def exact(self, name: str) -> Array:
        """Magnitude of an exact output, to float64."""
        return np.asarray(np.abs(self.truth.values[name][0]))

    @property
    def count(self) -> int:
        """N, the number of values per channel."""
        of_all = self if self.whole is None else self.whole
        return len(of_all.x) if of_all.times is None else int(of_all.times.sum())

    def _sum(self, values: Array) -> Array:
        """The sum over these rows, each as often as it counts."""
        return np.asarray(values.sum(axis=0) if self.times is None else self.times @ values)

    def rows(self, rows: slice) -> "Quantities":
        """The quantities of some rows; double backward is not among them."""
        return replace(
            self,
            x=self.x[rows],
            dy=None if self.dy is None else self.dy[rows],
            truth=self.truth.rows(rows),
            at_ddx=None,
            whole=self,
            times=None if self.times is None else self.times[rows],
        )

    def blocks(self) -> "Iterator[Quantities]":
        """All rows, a block at a time."""
        return (block for _, block in self.placed_blocks())

    def placed_blocks(self) -> "Iterator[tuple[slice, Quantities]]":
        """All rows, a block at a time, and where each block is."""
        if self.x.size <= BLOCK:
            return iter([(slice(0, len(self.x)), self)])
        return ((rows, self.rows(rows)) for rows in row_blocks(*self.x.shape))

    # --- of elements ------------------------------------------------------------------------

    @once
    def x_abs(self) -> Array:
        """|x|."""
        return np.asarray(np.abs(wide(self.x)))

    @once
    def d(self) -> Array:
        """|x - mean|."""
        return np.asarray(np.abs(self._centred()))

    @once
    def xhat(self) -> Array:
        """|xhat|, to float64's accuracy."""
        return np.asarray(self.d * self.inv_std)

    @once
    def xhat_signed(self) -> Array:
        """xhat, to float64's accuracy."""
        return np.asarray(self._centred() * self.inv_std)

    def _centred(self) -> Array:
        high, low = self.truth.values["mean"]
        return np.asarray((wide(self.x) - high) - low)

    @once
    def reach(self) -> Array:
        """|x| + |mean|, what a folded form cancels from."""
        return np.asarray(self.x_abs + self.mean)

    @once
    def dy_abs(self) -> Array:
        """|dy|."""
        return np.asarray(np.abs(wide(np.asarray(self.dy))))

    # --- of channels, from all rows ---------------------------------------------------------

    @over_rows(np.add)
    def x_sum_abs(self) -> Array:
        """Sum of |x|."""
        return self._sum(self.x_abs)

    @over_rows(np.add)
    def x_squares(self) -> Array:
        """Sum of x^2."""
        return self._sum(self.x_abs**2)

    @over_rows(np.add)
    def d_sum(self) -> Array:
        """Sum of |x - mean|."""
        return self._sum(self.d)

    @over_rows(np.add)
    def d_squares(self) -> Array:
        """Sum of (x - mean)^2."""
        return self._sum(self.d**2)

    @over_rows(np.maximum)
    def d_most(self) -> Array:
        """Largest |x - mean|."""
        return np.asarray(self.d.max(axis=0, initial=0.0))

    @over_rows(np.maximum)
    def reach_most(self) -> Array:
        """Largest |x| + |mean|."""
        return np.asarray(self.reach.max(axis=0, initial=0.0))

    @over_rows(np.add)
    def x_nonzero(self) -> Array:
        """How many values are not 0."""
        return self._sum(wide(self.x) != 0)

    @over_rows(np.add)
    def dy_nonzero(self) -> Array:
        """How many values of dy are not 0."""
        return self._sum(wide(np.asarray(self.dy)) != 0)

    @over_rows(np.minimum)
    def x_quantum(self) -> Array:
        """Quantum of x."""
        return quantum(self.x)

    @over_rows(np.minimum)
    def dy_quantum(self) -> Array:
        """Quantum of dy."""
        return quantum(np.asarray(self.dy))

    @over_rows(np.add)
    def dy_sum_abs(self) -> Array:
        """Sum of |dy|."""
        return self._sum(self.dy_abs)

    @over_rows(np.maximum)
    def dy_most(self) -> Array:
        """Largest |dy|."""
        return np.asarray(self.dy_abs.max(axis=0, initial=0.0))

    @over_rows(np.add)
    def dy_d(self) -> Array:
        """Sum of |dy| |x - mean|."""
        return self._sum(self.dy_abs * self.d)

    @over_rows(np.add)
    def dy_reach(self) -> Array:
        """Sum of |dy| (|x| + |mean|)."""
        return self._sum(self.dy_abs * self.reach)

    def peak(self, output: str) -> Array:
        """Largest magnitude of an exact output, per channel."""
        if output not in self._peaks:
            blocks = (block.exact(output) for block in self.blocks())
            tops = (a.max(axis=0, initial=0.0) if a.ndim == 2 else a for a in blocks)
            self._peaks[output] = reduce(np.maximum, tops)
        return self._peaks[output]

    @once
    def _peaks(self) -> dict[str, Array]:
        return {}

    # --- of channels ------------------------------------------------------------------------

    @once
    def mean(self) -> Array:
        """|mean|, per channel."""
        return self.exact("mean")

    @property
    def mean_abs(self) -> Array:
        """mean |x|, per channel."""
        return np.asarray(self.x_sum_abs / self.count)

    @property
    def d_mean(self) -> Array:
        """mean |x - mean|, per channel."""
        return np.asarray(self.d_sum / self.count)

    @property
    def rescaling(self) -> int:
        """Roundings of a factor N / (N - 1): its own, and that of the product; none without it."""
        return 0 if self.bessel == 1 else 2

    @once
    def dbeta(self) -> Array:
        """|dbeta|, per channel."""
        return self.exact("dbeta")

    @once
    def dgamma(self) -> Array:
        """|dgamma|, per channel."""
        return self.exact("dgamma")

    @once
    def var(self) -> Array:
        """The biased variance, per channel."""
        return self.exact("var")

    @once
    def sigma(self) -> Array:
        """The standard deviation, per channel."""
        return np.asarray(np.sqrt(self.var))

    @once
    def w(self) -> Array:
        """b var + eps, per channel, where b is ``bessel``."""
        return np.asarray(self.bessel * self.var + self.eps)

    @once
    def inv_std(self) -> Array:
        """1 / sqrt(b var + eps), per channel."""
        return self.exact("inv_std")

    @once
    def d_quantum(self) -> Array:
        """Quantum of x - mean, per channel, where the mean is exactly representable."""
        return np.asarray(np.minimum(self.x_quantum, quantum(self.truth.values["mean"][0][None])))

    @once
    def factors_are_powers_of_two(self) -> Array:
        """Whether gamma and inv_std only shift the exponent, per channel."""
        high, low = self.truth.values["inv_std"]
        return np.asarray(is_power_of_two(self.gamma) & is_power_of_two(high) & (low == 0))

    @once
    def farthest_shift(self) -> Array:
        """Largest |K - mean| over the samples and the running mean, per channel."""
        farthest = self.d_most
        if self.running_mean is None:
            return np.asarray(farthest)
        return np.asarray(
            np.maximum(farthest, np.abs(self.running_mean - self.truth.values["mean"][0]))
        )
