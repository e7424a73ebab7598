"""Candidate formulas of the normalisation, and which of them explain what came back.

A formula explains y if y is within the bound of the weakest accuracy class of what exact
arithmetic gives.  Every place that eps may have is written as a number that is added to the
variance, channel by channel: sqrt(var) + eps is the root of var + (2 eps sqrt(var) + eps^2).  That
number is rounded to float64, which moves xhat by at most 2^-53 |xhat| and is allowed for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS
from bnproof.engine.truth.bounds import Arithmetic, Quantities, bounds
from bnproof.engine.truth.oracle import batch_truth, error

LOOKED_AT = 4
"""Channels that are compared; a convention is the same in all."""

ROUNDED = 2.0**-51
"""Relative change of xhat where var, its root and what is added are rounded to float64."""

DIGITS = 6
"""Decimal digits of a constant that a target may have of its own, such as 1e-5 or 0.99."""

PINNED = 2.0**-4
"""How much more or less a constant would have to be excluded for it to count as known."""

PLACES: dict[str, Callable[[float, float, int], float]] = {
    "sqrt(var + eps)": lambda _var, eps, _n: eps,
    "sqrt(var) + eps": lambda var, eps, _n: 2 * eps * np.sqrt(var) + eps * eps,
    "sqrt(max(var, eps))": lambda var, eps, _n: max(0.0, eps - var),
    "sqrt(var), without eps": lambda _var, _eps, _n: 0.0,
    "sqrt(var + eps^2)": lambda _var, eps, _n: eps * eps,
    "sqrt(var + 2 eps)": lambda _var, eps, _n: 2 * eps,
    "sqrt(var + eps/N)": lambda _var, eps, n: eps / n,
}
"""Where eps may be, as what is added to the variance; the first is that of the paper."""

STANDARD = next(iter(PLACES))


@dataclass(frozen=True)
class Formula:
    """One way to normalise.

    Attributes:
        axis: of the channels, 1 or -1.
        statistics: "batch", "running" or "updated", the running ones after this batch.
        variance: "biased", or "unbiased", which is N / (N - 1) times that.
        place: one of `PLACES`, or "sqrt(var + C)" with a constant C that is not eps.
    """

    axis: int
    statistics: str
    variance: str
    place: str


@dataclass(frozen=True, eq=False)
class Problem:
    """A case and the y that is to be explained, in the layout of axis 1."""

    case: Case
    y: Array
    arithmetic: Arithmetic
    updated: tuple[Array, Array] | None = None

    def explanations(self, *, inference: bool, axes: tuple[int, ...]) -> list[Formula]:
        """All formulas that explain y; one with a constant in place of eps if no other does."""
        tried = list(_candidates(axes, inference=inference, updated=self.updated is not None))
        found = [f for f in tried if self.explained(f, PLACES[f.place])]
        return found or list(self._constants(axes, inference=inference))

    def explained(self, formula: Formula, place: Callable[[float, float, int], float]) -> bool:
        """Whether a formula explains y, with a place of eps."""
        return all(
            self._channel_explained(channel, formula, place)
            for channel in _first_channels(self.case, formula.axis)
        )

    def _channel_explained(
        self, channel: int, formula: Formula, place: Callable[[float, float, int], float]
    ) -> bool:
        case, got = self._channel(channel, formula)
        own = formula.statistics == "batch"
        var = _variance(case) if own else float(case.running_var[0])
        used = var * case.count / (case.count - 1) if formula.variance == "unbiased" else var
        if not np.isfinite(used) or used < 0:
            return False
        added = float(used - var + place(used, case.eps, case.count))
        statistics = None if own else (case.running_mean, case.running_var)
        return self._within_bound(case, got, added, statistics)

    def _within_bound(
        self, case: Case, got: Array, added: float, statistics: tuple[Array, Array] | None
    ) -> bool:
        """Whether y of one channel is explained by var + added; never where there is no bound."""
        x = columns(case.x).astype(np.float64)
        gamma = np.ones(1) if case.gamma is None else case.gamma.astype(np.float64)
        beta = np.zeros(1) if case.beta is None else case.beta.astype(np.float64)
        with np.errstate(all="ignore"):
            truth = batch_truth(x, gamma, beta, added, statistics=statistics)
            y, inference = truth.values["y"], statistics is not None
            quantities = Quantities(x, np.abs(gamma), np.abs(beta), added, truth, inference)
            bound = bounds(self.arithmetic, quantities).values["y"] + ROUNDED * np.abs(y[0] - beta)
            judged = np.isfinite(bound).all() and np.isfinite(y[0]).all()
            return bool(judged and (error(got, y) <= bound).all())

    def _channel(self, channel: int, formula: Formula) -> tuple[Case, Array]:
        """One channel of the case and of y, with the statistics that the formula uses."""
        case = on_axis(self.case, formula.axis)
        one = slice(channel, channel + 1)
        if formula.statistics == "updated" and self.updated is not None:
            mean, var = self.updated
            case = case.with_(running_mean=mean, running_var=var)
        held = {n: getattr(case, n) for n in CHANNEL_ARGUMENTS}
        chosen = {n: a[one] for n, a in held.items() if a is not None}
        narrow = case.with_(x=case.x[:, one], dy=case.dy[:, one]).with_arrays(chosen)
        return narrow, columns(moved(self.y, formula.axis)[:, one])

    def _constants(self, axes: tuple[int, ...], *, inference: bool) -> Iterator[Formula]:
        """Formulas with a constant of few digits where eps should be."""
        statistics = "running" if inference else "batch"
        for axis in axes:
            formula = Formula(axis, statistics, "biased", STANDARD)
            constant = self.constant(formula)
            if constant is not None:
                value, pinned = constant
                place = f"sqrt(var + {'' if pinned else 'about '}{value:g})"
                yield Formula(axis, statistics, "biased", place)

    def constant(self, formula: Formula) -> tuple[float, bool] | None:
        """The number of fewest digits that explains y in place of eps, and whether it is pinned.

        It is if no number 1/16 more or less would explain y as well.
        """

        def holds(value: float) -> bool:
            return self.explained(formula, lambda _var, _eps, _n: value)

        return simplest(self._added(formula), holds)

    def _added(self, formula: Formula) -> float:
        """What seems to be added to the variance, from the largest deviation of a channel."""
        case, got = self._channel(0, formula)
        x = columns(case.x).astype(np.float64)[:, 0]
        own = formula.statistics == "batch"
        mean = x.mean() if own else float(case.running_mean[0])
        var = _variance(case) if own else float(case.running_var[0])
        d = x - mean
        i = int(np.argmax(np.abs(d)))
        with np.errstate(all="ignore"):
            return float((d[i] / got.astype(np.float64)[i, 0]) ** 2 - var)


def simplest(estimate: float, holds: Callable[[float], bool]) -> tuple[float, bool] | None:
    """The number of fewest digits next to an estimate that holds, and whether it is pinned.

    >>> simplest(0.0998, lambda value: 0.099 < value < 0.101), simplest(2.0, lambda value: False)
    ((0.1, True), None)
    """
    for value in few_digits(estimate):
        if holds(value):
            return value, not (holds(value * (1 - PINNED)) or holds(value * (1 + PINNED)))
    return None


def few_digits(value: float) -> Iterator[float]:
    """Numbers of few decimal digits next to a positive one, fewest first.

    >>> list(few_digits(0.0123))
    [0.01, 0.012, 0.0123]
    """
    if not 0 < value < float("inf"):
        return
    seen: set[float] = set()
    for digits in range(DIGITS):
        rounded = float(f"{value:.{digits}e}")
        if rounded not in seen:
            seen.add(rounded)
            yield rounded


def on_axis(case: Case, axis: int) -> Case:
    """A case that was run in the layout of axis 1, with the channels from an axis put there."""
    return case if axis == 1 else case.with_(x=moved(case.x, axis), dy=moved(case.dy, axis))


def moved(a: Array, axis: int) -> Array:
    """An array with its channel axis moved to axis 1."""
    return np.moveaxis(a, axis, 1)


def _first_channels(case: Case, axis: int) -> range:
    return range(min(LOOKED_AT, case.x.shape[axis]))


def _variance(case: Case) -> float:
    """The exact biased variance of a case of one channel, rounded once."""
    values = [Fraction(float(v)) for v in columns(case.x)[:, 0]]
    mean = sum(values, Fraction(0)) / len(values)
    return float(sum(((v - mean) ** 2 for v in values), Fraction(0)) / len(values))


def _candidates(axes: tuple[int, ...], *, inference: bool, updated: bool) -> Iterator[Formula]:
    """All formulas to try, the standard one first."""
    usual, other = ("running", "batch") if inference else ("batch", "running")
    kinds = [usual, other] + (["updated"] if updated and not inference else [])
    for axis in axes:
        for statistics in kinds:
            for variance in ("biased", "unbiased"):
                for place in PLACES:
                    yield Formula(axis, statistics, variance, place)
