"""The running statistics after many batches: their exact value, and the bound that adds up."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial

import numpy as np

from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import STATISTICS, Output
from bnproof.engine.truth.bounds import Quantities, bounds
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.integers import Exact, in_two_parts
from bnproof.engine.truth.oracle import batch_truth, error

_Passed = Mapping[Output, Sequence[Sequence[Fraction]]]
"""The exact value of each statistic and channel before the first step and after each of them."""


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
    steps = _Steps(case, judge)
    passed: _Passed = {n: steps.passed(n) for n in STATISTICS}
    ones = steps.bounds(passed, judge)
    truth: dict[Output, Exact] = {n: in_two_parts(values[-1]) for n, values in passed.items()}
    bound: dict[Output, Array] = {n: np.zeros(case.channels) for n in STATISTICS}
    for number, settings in enumerate(steps.settings):
        growth = abs(float(settings.keep)) * (1 + accumulated(4, u)) + accumulated(4, u)
        for name in STATISTICS:
            bound[name] = growth * bound[name] + ones[name][number]
    return truth, bound


class _Steps:
    """All batches of a case side by side, as the channels of one batch: truth is formed once."""

    def __init__(self, case: Case, judge: Judge) -> None:
        self.case = case
        batches = (case.x, *case.steps)
        seen = (case.batches_seen + number for number in range(len(batches)))
        self.settings = [judge.settings(case.with_(batches_seen=each))[0] for each in seen]
        self.x = np.concatenate([columns(x) for x in batches], axis=1)
        self.gamma, self.beta = (
            np.tile(np.full(case.channels, default) if a is None else a, len(batches))
            for a, default in ((case.gamma, 1.0), (case.beta, 0.0))
        )
        self.truth = batch_truth(self.x, self.gamma, self.beta, case.eps)
        unbiased, count = judge.declaration.unbiased(case.x.ndim), case.count
        self.bessel = Fraction(count, count - 1) if unbiased else Fraction(1)

    def passed(self, name: Output) -> list[list[Fraction]]:
        """A statistic before the first step, and after each of them."""
        exact = [Fraction(float(value)) for value in getattr(self.case, name)]
        made = [exact]
        statistics = [s for s in self.truth.statistics if s is not None]
        found = iter([s[0] if name == "running_mean" else s[1] * self.bessel for s in statistics])
        for settings in self.settings:
            exact = [settings.keep * old + settings.weight * next(found) for old in exact]
            made.append(exact)
        return made

    def bounds(self, passed: _Passed, judge: Judge) -> dict[Output, Array]:
        """The bound of each step from the exact statistics before it: (steps, C)."""
        before = {n: [v for values in passed[n][:-1] for v in values] for n in STATISTICS}
        after = {n: [v for values in passed[n][1:] for v in values] for n in STATISTICS}
        mean, var = (in_two_parts(before[n])[0] for n in STATISTICS)
        weights = [abs(float(settings.weight)) for settings in self.settings]
        quantities = Quantities(
            x=self.x,
            gamma=np.abs(np.asarray(self.gamma, np.float64)),
            beta=np.abs(np.asarray(self.beta, np.float64)),
            eps=self.case.eps,
            truth=self.truth.beside(**{n: partial(in_two_parts, after[n]) for n in STATISTICS}),
            inference=False,
            running_mean=mean,
            running_var=var,
            weight=np.repeat(weights, self.case.channels),
            correction=float(self.bessel),
        )
        found = bounds(judge.declared, quantities).values
        return {n: found[n].reshape(len(self.settings), -1) for n in STATISTICS}
