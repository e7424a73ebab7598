"""The settled parts of an implementation, found by running it: dtypes, settings, averages.

The probes are those of ``bnproof identify``: one mechanism finds conventions, whoever asks.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from bnproof.conventions import averaging
from bnproof.conventions.finding import FOUND, Finding
from bnproof.conventions.formulas import STANDARD, Formula, Problem
from bnproof.conventions.probes import Probes
from bnproof.properties.bounds import Arithmetic, ladder
from bnproof.properties.cases import Case
from bnproof.properties.formats import FORMATS, Array
from bnproof.targets import prober
from bnproof.targets.objects.data import shape_of
from bnproof.targets.prober import LocalProber


def weight_of_momentum(implementation: Any) -> tuple[str, float | None, str]:
    """The term that momentum weighs by behaviour, the batch's weight if constant, and the reason.

    The term is "" where no weight of the batch explains the running mean.
    """
    probes = Probes(LocalProber(implementation))
    for rank in probes.declared.ranks:
        found = averaging.averages(probes, rank)
        if isinstance(found, Finding):
            return "", None, found.because
        terms = list(dict.fromkeys(average.term for average in found))
        if terms in (["new"], ["old"]):
            return terms[0], None, f"the running mean of rank {rank} shows it"
        if terms:
            weight = float(found[0].settings.weight)
            return "", weight, f"the batch weighs {weight:g} whatever momentum is"
    return "", None, "no weight of the batch explains the running mean"


def is_cumulative(implementation: Any) -> bool:
    """Whether momentum=None gives the average over all batches."""
    found = averaging.cumulative(Probes(LocalProber(implementation)))
    return found.verdict == FOUND and bool(found.value)


def constant_eps(
    train: Callable[[Array], Array], dtype: str, rank: int, channels: int
) -> float | None:
    """The eps that an implementation has of its own, None where none is found."""
    problem = _problem(train, 0.0, dtype, rank, channels, 1.0)
    return prober.constant_eps(
        lambda case: train(case.x), problem.case, "batch", problem.arithmetic
    )


def constant_eps_of_evaluation(
    infer: Callable[[Case], Array], dtype: str, rank: int, channels: int
) -> float | None:
    """The eps that evaluation has of its own, None where none is found."""
    case = _eps_case(0.0, dtype, rank, channels, 1.0)
    return prober.constant_eps(infer, case, "running", _weakest(dtype))


_FORMULA = Formula(1, "batch", "biased", STANDARD)


def _problem(
    train: Callable[[Array], Array], eps: float, dtype: str, rank: int, channels: int, scale: float
) -> Problem:
    case = _eps_case(eps, dtype, rank, channels, scale)
    return Problem(case, train(case.x), _weakest(dtype))


def _eps_case(eps: float, dtype: str, rank: int, channels: int, scale: float) -> Case:
    form = FORMATS[dtype]
    x = form.round(np.random.default_rng(1).normal(size=shape_of(rank, channels)) * scale)
    ones, zeros = form.round(np.ones(channels)), form.round(np.zeros(channels))
    return Case("eps", x, x, ones, zeros, zeros, ones, eps, 0.5)


def _weakest(dtype: str) -> Arithmetic:
    """The weakest accuracy class of a dtype."""
    return list(ladder(FORMATS[dtype], FORMATS[dtype]).values())[-1]
