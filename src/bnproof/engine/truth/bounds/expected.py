"""Truth and bounds of a data set, in one mode and with one rounding of the settings."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypedDict

import numpy as np

from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds import Arithmetic, Bounds, Quantities, bounds
from bnproof.engine.truth.exact_outputs import Truth
from bnproof.engine.truth.integers import Exact, Ratio
from bnproof.engine.truth.layer import Backward, Layer
from bnproof.engine.truth.oracle import running_truth, truth_of
from bnproof.engine.truth.oracle_double import double_truth_of


@dataclass(frozen=True)
class Settings:
    """eps and the weights of a running average, exactly, as one allowed rounding leaves them."""

    eps: float
    keep: Fraction
    weight: Fraction


class Conventions(TypedDict):
    """Mode and conventions that a truth depends on; see `make_subject`."""

    inference: bool
    unbiased: bool
    normalises_unbiased: bool


@dataclass(eq=False)
class Expected:
    """Truth and bounds of one data set, in one mode and with one rounding of the settings.

    Attributes:
        quantities: the truth, and what bounds are made of.
        back: the backward pass that the truth is of, None where that is of more channels.
        by_class: the bounds that were asked for.
    """

    quantities: Quantities
    back: Backward | None
    by_class: list[Bounds] = field(default_factory=list)

    def bound(self, arithmetic: Arithmetic, output: str) -> Array:
        """The bound of a class."""
        return self.bounds(arithmetic).values[output]

    def lighten(self) -> None:
        """Forget what was formed of elements; it is formed again where it is asked for."""
        self.by_class.clear()
        for quantities in (self.quantities, self.quantities.at_ddx):
            if quantities is not None:
                quantities.lighten()

    def bounds(self, arithmetic: Arithmetic) -> Bounds:
        """The bounds of a class."""
        for made in self.by_class:  # one or two; an arithmetic takes long to hash
            if made.arithmetic is arithmetic or made.arithmetic == arithmetic:
                return made
        self.by_class.append(bounds(arithmetic, self.quantities))
        return self.by_class[-1]


def make_subject(
    case: Case,
    settings: Settings | Sequence[Settings],
    like: Expected | None = None,
    /,
    *,
    inference: bool,
    unbiased: bool = True,
    normalises_unbiased: bool = False,
    times: Array | None = None,
) -> Expected:
    """The truth of a case, and its quantities.

    ``settings`` are those of each channel, if they differ.  ``unbiased`` tells which variance the
    running average takes, ``normalises_unbiased`` which one training normalises by.  ``like`` is a
    subject of the same case in the other mode.  Rows count as many ``times`` as is given: the case
    has distinct rows, and no double backward.
    """
    if like is None:
        known, x, dy = None, columns(case.x), columns(case.dy)
    else:
        known, x, dy = like.back, like.quantities.x, np.asarray(like.quantities.dy)
    by_unbiased = normalises_unbiased and not inference
    layer = Layer(
        x,
        *_affine(case),
        _eps(settings),
        statistics=(case.running_mean, case.running_var) if inference else None,
        unbiased=by_unbiased,
        like=None if known is None else known.layer,
        times=times,
    )
    back = Backward(layer, dy, known)
    truth = truth_of(layer, back)
    if not inference:
        truth = _with_running(truth, case, settings, _count(case, times), unbiased=unbiased)
    quantities = quantities_of(
        case,
        settings,
        truth,
        (x, dy),
        inference=inference,
        unbiased=unbiased,
        by_unbiased=by_unbiased,
        times=times,
    )
    if case.ddx is not None:
        quantities = _with_double(quantities, case, back)
    return Expected(quantities, back)


def quantities_of(
    case: Case,
    settings: Settings | Sequence[Settings],
    truth: Truth,
    whole: tuple[Array, Array],
    *,
    inference: bool,
    unbiased: bool,
    by_unbiased: bool,
    times: Array | None = None,
) -> Quantities:
    """The quantities of a case without double backward.

    ``whole`` are x and dy as columns; ``by_unbiased`` tells how training normalises.
    """
    count = _count(case, times)
    factor = count / (count - 1) if count > 1 else 1.0
    gamma, beta = _affine(case)
    return Quantities(
        x=whole[0],
        gamma=np.abs(np.asarray(gamma, np.float64)),
        beta=np.abs(np.asarray(beta, np.float64)),
        eps=_eps(settings),
        truth=truth,
        inference=inference,
        dy=whole[1],
        running_mean=None if inference else np.asarray(case.running_mean, np.float64),
        running_var=None if inference else np.asarray(case.running_var, np.float64),
        weight=_weight(settings),
        correction=factor if unbiased else 1.0,
        bessel=factor if by_unbiased else 1.0,
        times=times,
    )


def _count(case: Case, times: Array | None) -> int:
    """N."""
    return case.count if times is None else int(times.sum())


def _affine(case: Case) -> tuple[Array, Array]:
    """Gamma and beta, 1 and 0 where they are None."""
    gamma = np.ones(case.channels) if case.gamma is None else case.gamma
    beta = np.zeros(case.channels) if case.beta is None else case.beta
    return gamma, beta


def _eps(settings: Settings | Sequence[Settings]) -> float | Array:
    if isinstance(settings, Settings):
        return settings.eps
    return np.array([each.eps for each in settings])


def _weight(settings: Settings | Sequence[Settings]) -> float | Array:
    if isinstance(settings, Settings):
        return abs(float(settings.weight))
    return np.array([abs(float(each.weight)) for each in settings])


def _with_running(
    truth: Truth, case: Case, settings: Settings | Sequence[Settings], count: int, *, unbiased: bool
) -> Truth:
    """The truth with the running statistics after the call."""
    n, rest = (count, count - 1) if unbiased else (1, 1)
    keep: Fraction | list[Fraction]
    weight: Fraction | list[Fraction]
    if isinstance(settings, Settings):
        keep, weight = settings.keep, settings.weight
    else:
        keep, weight = [s.keep for s in settings], [s.weight for s in settings]

    def running_mean() -> Exact:
        new = [pair and pair[0] for pair in truth.ratios]
        return running_truth(case.running_mean, new, keep, weight)

    def running_var() -> Exact:
        new = [
            None if pair is None or not rest else _times(pair[1], n, rest) for pair in truth.ratios
        ]
        return running_truth(case.running_var, new, keep, weight)

    return truth.beside(running_mean=running_mean, running_var=running_var)


def _times(ratio: Ratio, numerator: int, denominator: int) -> Ratio:
    return ratio[0] * numerator, ratio[1] * denominator, ratio[2]


def _with_double(quantities: Quantities, case: Case, back: Backward) -> Quantities:
    """The quantities with the exact results of double backward, and what bounds them."""
    double = double_truth_of(back, _upstream(case))
    own = replace(quantities, truth=quantities.truth.beside(double.own))
    return with_double(own, case, quantities.truth.beside(double.at_ddx))


def with_double(quantities: Quantities, case: Case, at_ddx: Truth) -> Quantities:
    """Quantities of double backward, whose truth they have, with those at ddx in place of dy."""
    ddx, ddgamma, ddbeta = _upstream(case)
    return replace(
        quantities,
        at_ddx=replace(quantities, dy=ddx, truth=at_ddx),
        ddgamma=np.abs(np.asarray(ddgamma, np.float64)),
        ddbeta=np.abs(np.asarray(ddbeta, np.float64)),
    )


def _upstream(case: Case) -> tuple[Array, Array, Array]:
    """What double backward is given, as columns; zeros for what is None beside ddx."""
    assert case.ddx is not None  # noqa: S101  # callers look first; for the type checker
    zeros = np.zeros(case.channels)
    ddgamma, ddbeta = (zeros if a is None else a for a in (case.ddgamma, case.ddbeta))
    return columns(case.ddx), ddgamma, ddbeta
