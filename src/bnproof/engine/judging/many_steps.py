"""The running statistics after many batches: their exact value, and the bound that adds up."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import STATISTICS, Argument, Output
from bnproof.engine.truth.bounds.expected import EXPECTED, Settings
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.integers import Exact
from bnproof.engine.truth.oracle import error


def after_steps(record: Record) -> Iterator[Judged]:
    """The statistics after all batches of a case, judged by their closed form."""
    got = record.observation.results.get("steps", {})
    if not got:
        return
    truth, bound = closed_form(record)
    for name in STATISTICS:
        yield Judged(name, got[name], truth[name], error(got[name], truth[name]), bound[name])


def closed_form(record: Record) -> tuple[dict[Output, Exact], dict[Output, Array]]:
    """The exact statistics after all batches, and E_t = (1 - w)(1 + gamma) E_{t-1} + one step.

    Theorem `running-closed-form`: s_k is prod(1 - w_t) s_0, plus the sum of w_t times the batch's
    value times the later factors; formed here step by step in fractions, the same number.
    """
    case, declaration = record.case, record.declaration
    judge = Judge(declaration, case.dtype)
    u = FORMATS[case.parameter_dtype].u
    exact: dict[Output, list[Fraction]] = {
        n: [Fraction(float(v)) for v in getattr(case, n)] for n in STATISTICS
    }
    bound: dict[Output, Array] = {n: np.zeros(case.channels) for n in STATISTICS}
    for number, x in enumerate((case.x, *case.steps)):
        step = case.with_(x=x, batches_seen=case.batches_seen + number)
        settings = judge.settings(step)[0]
        before: dict[Argument, Array] = {
            n: np.array([float(v) for v in exact[n]]) for n in STATISTICS
        }
        values, one = _one_step(step.with_arrays(before), settings, judge)
        for name in STATISTICS:
            exact[name] = [
                settings.keep * old + settings.weight * new
                for old, new in zip(exact[name], values[name], strict=True)
            ]
            growth = abs(float(settings.keep)) * (1 + accumulated(4, u)) + accumulated(4, u)
            bound[name] = growth * bound[name] + one[name]
    truth = {n: _exact(v) for n, v in exact.items()}
    return truth, bound


def _one_step(
    case: Case, settings: Settings, judge: Judge
) -> tuple[dict[str, list[Fraction]], dict[str, Array]]:
    """The batch's exact mean and variance, and the bound of one step from given statistics."""
    unbiased = judge.declaration.unbiased(case.x.ndim)
    subject = EXPECTED.of(case, settings, inference=False, unbiased=unbiased)
    count = subject.quantities.count
    factor = Fraction(count, count - 1) if unbiased else Fraction(1)
    statistics = [s for s in subject.quantities.truth.statistics if s is not None]
    values = {
        "running_mean": [s[0] for s in statistics],
        "running_var": [s[1] * factor for s in statistics],
    }
    bounds: dict[str, Array] = {n: subject.bound(judge.declared, n) for n in STATISTICS}
    return values, bounds


def _exact(values: list[Fraction]) -> Exact:
    high = np.array([float(v) for v in values])
    low = np.array([float(v - Fraction(float(v))) for v in values])
    return high, low
