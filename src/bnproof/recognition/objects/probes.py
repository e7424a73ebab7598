"""The settled parts of an implementation, found by running it: dtypes, settings, averages.

The probes are those of ``bnproof identify``: one mechanism finds conventions, whoever asks.
"""

from collections.abc import Callable

import numpy as np

from bnproof.conventions.identify import averages
from bnproof.conventions.identify.finding import FOUND, Finding
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.truth.bounds import ladder
from bnproof.recognition import prober
from bnproof.recognition.objects.data import shape_of


def weight_of_momentum(probes: Probes) -> tuple[str, float | None, str]:
    """The term that momentum weighs by behaviour, the batch's weight if constant, and the reason.

    The term is "" where no weight of the batch explains the running mean.
    """
    for rank in probes.declared.ranks:
        found = averages.averages(probes, rank)
        if isinstance(found, Finding):
            return "", None, found.because
        terms = list(dict.fromkeys(average.term for average in found))
        if terms in (["new"], ["old"]):
            return terms[0], None, f"the running mean of rank {rank} shows it"
        if terms:
            weight = float(found[0].settings.weight)
            return "", weight, f"the batch weighs {weight:g} whatever momentum is"
    return "", None, "no weight of the batch explains the running mean"


def is_cumulative(probes: Probes) -> bool:
    """Whether momentum=None gives the average over all batches."""
    found = averages.cumulative(probes)
    return found.verdict == FOUND and bool(found.value)


def constant_eps(
    y_of: Callable[[Case], Array], statistics: str, dtype: str, rank: int, channels: int
) -> float | None:
    """The eps that an implementation has of its own, None where none is found.

    ``statistics`` says by which variance y_of normalises, "batch" or "running".
    """
    form = FORMATS[dtype]
    x = form.round(np.random.default_rng(1).normal(size=shape_of(rank, channels)))
    ones, zeros = form.round(np.ones(channels)), form.round(np.zeros(channels))
    case = Case("eps", x, x, ones, zeros, zeros, ones, 0.0, 0.5)
    weakest = list(ladder(form, form).values())[-1]
    return prober.constant_eps(y_of, case, statistics, weakest)
