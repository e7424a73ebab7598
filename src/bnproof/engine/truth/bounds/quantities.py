"""The exact quantities that the bounds are made of, formed once per case and mode."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds.roundings import is_power_of_two, quantum
from bnproof.engine.truth.exact_outputs import Truth


@dataclass(frozen=True, eq=False)
class Quantities:
    """Magnitudes of one batch normalization; N values in each of C channels.

    Attributes:
        x: (N, C), as float64.
        gamma, beta: (C,), magnitudes.
        eps: added to the variance.
        truth: exact outputs; its ``mean`` and ``var`` are the given ones in inference.
        inference: whether the statistics are given.
        dy: (N, C) or None.
        running_mean, running_var: (C,) before the call, or None.
        weight: magnitude of the weight of the new value in the running average.
        correction: N / (N - 1), or 1 for a biased running variance.
        bessel: N / (N - 1) where training normalises by the unbiased variance, else 1.
        at_ddx: the same with ddx in place of dy, where double backward is bounded.
        ddgamma, ddbeta: (C,), magnitudes, likewise.
    """

    x: Array
    gamma: Array
    beta: Array
    eps: float
    truth: Truth
    inference: bool
    dy: Array | None = None
    running_mean: Array | None = None
    running_var: Array | None = None
    weight: float = 0.0
    correction: float = 1.0
    bessel: float = 1.0
    at_ddx: "Quantities | None" = None
    ddgamma: Array | None = None
    ddbeta: Array | None = None

    def exact(self, name: str) -> Array:
        """Magnitude of an exact output, to float64."""
        return np.asarray(np.abs(self.truth.values[name][0]))

    @property
    def count(self) -> int:
        """N, the number of values per channel."""
        return len(self.x)

    @cached_property
    def x_abs(self) -> Array:
        """|x|."""
        return np.asarray(np.abs(self.x))

    @cached_property
    def mean_abs(self) -> Array:
        """mean |x|, per channel."""
        return np.asarray(self.x_abs.mean(axis=0))

    @cached_property
    def mean(self) -> Array:
        """|mean|, per channel."""
        return self.exact("mean")

    @property
    def rescaling(self) -> int:
        """Roundings of a factor N / (N - 1): its own, and that of the product; none without it."""
        return 0 if self.bessel == 1 else 2

    @cached_property
    def var(self) -> Array:
        """The biased variance, per channel."""
        return self.exact("var")

    @cached_property
    def sigma(self) -> Array:
        """The standard deviation, per channel."""
        return np.asarray(np.sqrt(self.var))

    @cached_property
    def w(self) -> Array:
        """b var + eps, per channel, where b is ``bessel``."""
        return np.asarray(self.bessel * self.var + self.eps)

    @cached_property
    def inv_std(self) -> Array:
        """1 / sqrt(b var + eps), per channel."""
        return self.exact("inv_std")

    @cached_property
    def d(self) -> Array:
        """|x - mean|."""
        high, low = self.truth.values["mean"]
        return np.asarray(np.abs((self.x - high) - low))

    @cached_property
    def xhat(self) -> Array:
        """|xhat|, to float64's accuracy."""
        return np.asarray(self.d * self.inv_std)

    @cached_property
    def reach(self) -> Array:
        """|x| + |mean|, what a folded form cancels from."""
        return np.asarray(self.x_abs + self.mean)

    @cached_property
    def xhat_signed(self) -> Array:
        """xhat, to float64's accuracy."""
        high, low = self.truth.values["mean"]
        return np.asarray(((self.x - high) - low) * self.inv_std)

    @cached_property
    def x_quantum(self) -> Array:
        """Quantum of x, per channel."""
        return quantum(self.x)

    @cached_property
    def d_quantum(self) -> Array:
        """Quantum of x - mean, per channel, where the mean is exactly representable."""
        return np.asarray(np.minimum(self.x_quantum, quantum(self.truth.values["mean"][0][None])))

    @cached_property
    def dy_abs(self) -> Array:
        """|dy|."""
        return np.asarray(np.abs(np.asarray(self.dy)))

    @cached_property
    def dy_sum_abs(self) -> Array:
        """Sum of |dy|, per channel."""
        return np.asarray(self.dy_abs.sum(axis=0))

    @cached_property
    def dy_d(self) -> Array:
        """Sum of |dy| |x - mean|, per channel."""
        return np.asarray((self.dy_abs * self.d).sum(axis=0))

    @cached_property
    def dy_reach(self) -> Array:
        """Sum of |dy| (|x| + |mean|), per channel."""
        return np.asarray((self.dy_abs * self.reach).sum(axis=0))

    @cached_property
    def factors_are_powers_of_two(self) -> Array:
        """Whether gamma and inv_std only shift the exponent, per channel."""
        high, low = self.truth.values["inv_std"]
        return np.asarray(is_power_of_two(self.gamma) & is_power_of_two(high) & (low == 0))

    @cached_property
    def farthest_shift(self) -> Array:
        """Largest |K - mean| over the samples and the running mean, per channel."""
        farthest = self.d.max(axis=0, initial=0.0)
        if self.running_mean is None:
            return np.asarray(farthest)
        return np.asarray(
            np.maximum(farthest, np.abs(self.running_mean - self.truth.values["mean"][0]))
        )
