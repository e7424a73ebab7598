"""Truth and bounds where a batch is normalized in virtual batches of fewer samples.

Each virtual batch is a batch of its own: y and dx are those of its samples, dgamma and dbeta are
sums over the K virtual batches.  With s_0 before the call, w the weight of the new value and b_k
the statistic of virtual batch k, the running statistics after the call are

    in turn:   s_k = (1 - w) s_(k-1) + w b_k, after K steps
    together:  (1 - w) s_0 + w (b_1 + ... + b_K) / K

**Bounds.**  A sum of K results passes K roundings: gamma_K sum (|part| + its bound), beside the
bounds of the parts.  In turn, E_k = ((1 - w)(1 + gamma_4) + gamma_4) E_(k-1) + the bound of one
step.  Together, with delta_k the bound of b_k: w mean delta + gamma_(K+8) (|s_0| + mean |b| + mean
delta), where the sum may be one of statistics or of steps from s_0: K additions, and 8 roundings
for the mean, Bessel's factor and the step.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial, reduce

import numpy as np

from bnproof.engine.contract.choices import Averaging
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import STATISTICS, Statistic
from bnproof.engine.truth.bounds import Arithmetic
from bnproof.engine.truth.bounds.expected import Expected, Settings
from bnproof.engine.truth.bounds.roundings import EVALUATION, accumulated
from bnproof.engine.truth.double_words import Word, add
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.integers import Exact, in_two_parts

Values = list[Fraction | None]
"""An exact number per channel, None where there is none."""

SUMS = ("dgamma", "dbeta")
CONSTANTS = ("mean", "var", "inv_std")
"""Of these the first virtual batch's stand for all, for readers of magnitudes only."""


@dataclass(eq=False, kw_only=True)
class Split(Expected):
    """Truth and bounds of a batch in virtual batches.

    Attributes:
        parts: of the virtual batches, in their order.
        before: the case.
        averaging: how they move the running statistics.
        settings: eps and weights.
    """

    parts: Sequence[Expected]
    before: Case
    averaging: Averaging
    settings: Settings

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        with np.errstate(all="ignore"):
            if output in STATISTICS:
                made = self._of_statistic(arithmetic, output)
            else:
                each = [part.bound(arithmetic, output) for part in self.parts]
                made = np.concatenate(each)
                if output in SUMS:
                    sizes = [np.abs(part.quantities.truth.values[output][0]) for part in self.parts]
                    u = arithmetic.parameters.u
                    rounding = accumulated(len(each), u) * sum(map(np.add, sizes, each))
                    made = np.asarray(sum(each) + rounding)
            return np.where(np.isnan(made), np.inf, made * (1 + EVALUATION))

    def lighten(self) -> None:
        """Forget what was formed of elements; it is formed again where it is asked for."""
        super().lighten()
        for part in self.parts:
            part.lighten()

    def _of_statistic(self, arithmetic: Arithmetic, name: Statistic) -> Array:
        u = arithmetic.parameters.u
        if self.averaging == "in turn":
            keep = abs(float(self.settings.keep))
            growth = keep * (1 + accumulated(4, u)) + accumulated(4, u)
            bound = np.zeros(self.before.channels)
            for part in self.parts:
                bound = growth * bound + part.bound(arithmetic, name)
            return bound
        of = "mean" if name == "running_mean" else "var"
        correction = 1.0 if of == "mean" else self.parts[0].quantities.correction
        deltas = [correction * p.bounds(arithmetic).values[of] for p in self.parts]
        sizes = [correction * p.quantities.exact(of) for p in self.parts]
        delta, size = (np.mean(each, axis=0) for each in (deltas, sizes))
        weight, old = abs(float(self.settings.weight)), np.abs(getattr(self.before, name))
        rounding = accumulated(len(self.parts) + 8, u) * (old + size + delta)
        return np.asarray(weight * delta + rounding)


def split(
    case: Case,
    samples: int,
    averaging: Averaging,
    settings: Settings,
    subject_of: Callable[[Case], Expected],
    *,
    unbiased: bool,
) -> Split:
    """Truth and bounds of a case in virtual batches of so many samples.

    ``subject_of`` forms those of one virtual batch, ``unbiased`` tells which variance the running
    average takes.
    """
    given: dict[Statistic, Values] = {name: _given(getattr(case, name)) for name in STATISTICS}
    held, parts, found = dict(given), list[Expected](), list[dict[Statistic, Values]]()
    for begin in range(0, len(case.x), samples):
        rows = slice(begin, begin + samples)
        part = subject_of(
            case.with_(
                x=case.x[rows],
                dy=case.dy[rows],
                running_mean=_rounded(held["running_mean"], case.running_mean),
                running_var=_rounded(held["running_var"], case.running_var),
                ddx=None,
                data_key="",
            )
        )
        parts.append(part)
        found.append(_statistics(part, unbiased=unbiased))
        held = {name: _step(held[name], found[-1][name], settings) for name in STATISTICS}
    if averaging == "together":
        held = {
            name: _step(given[name], _mean([each[name] for each in found]), settings)
            for name in STATISTICS
        }
    first = parts[0].quantities
    of_first = {name: partial(first.truth.values.__getitem__, name) for name in CONSTANTS}
    truth = Truth(
        {
            **of_first,
            **{name: partial(_sum, parts, name) for name in SUMS},
            **{name: partial(in_two_parts, held[name]) for name in STATISTICS},
        },
        {name: partial(_rows, parts, name) for name in ("y", "dx")},
        (case.count, case.channels),
        first.truth.ratios,
    )
    quantities = replace(first, x=columns(case.x), dy=columns(case.dy), truth=truth)
    return Split(quantities, None, parts=parts, before=case, averaging=averaging, settings=settings)


def _given(values: Array) -> Values:
    return [Fraction(v) if math.isfinite(v) else None for v in map(float, values)]


def _statistics(part: Expected, *, unbiased: bool) -> dict[Statistic, Values]:
    """What a virtual batch gives to the running statistics."""
    count = part.quantities.count
    bessel = Fraction(count, count - 1) if unbiased and count > 1 else Fraction(1)
    pairs = part.quantities.truth.statistics
    return {
        "running_mean": [None if pair is None else pair[0] for pair in pairs],
        "running_var": [None if pair is None else pair[1] * bessel for pair in pairs],
    }


def _step(old: Values, new: Values, settings: Settings) -> Values:
    return [
        None if a is None or b is None else settings.keep * a + settings.weight * b
        for a, b in zip(old, new, strict=True)
    ]


def _mean(each: Sequence[Values]) -> Values:
    by_channel = [list(values) for values in zip(*each, strict=True)]
    return [
        None if None in values else sum(v for v in values if v is not None) / Fraction(len(values))
        for values in by_channel
    ]


def _rounded(values: Values, like: Array) -> Array:
    """Statistics as numbers of a format, for the magnitudes that bounds are made of."""
    with np.errstate(over="ignore"):
        return np.asarray(in_two_parts(values)[0].astype(like.dtype))


def _sum(parts: Sequence[Expected], name: str) -> Exact:
    """The sum over the virtual batches."""
    with np.errstate(all="ignore"):
        words = [Word(*part.quantities.truth.values[name]) for part in parts]
        total = reduce(add, words)
    assert total.low is not None  # noqa: S101  # all of them have both parts
    return total.high, total.low


def _rows(parts: Sequence[Expected], name: str, rows: slice) -> Exact:
    """Some rows of what the virtual batches have, one after the other."""
    both = zip(*(part.quantities.truth.values[name] for part in parts), strict=True)
    high, low = (np.concatenate(each) for each in both)
    return high[rows], low[rows]
