"""Properties of the running statistics."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from bnproof.engine.contract.needs import FEW, Need
from bnproof.engine.judging.comparison import (
    Comparison,
    found,
    happened,
    nothing_happened,
    of_judged,
)
from bnproof.engine.judging.facts import outputs, raised
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.calls import Call
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag
from bnproof.engine.truth.bounds.expected import EXPECTED, Settings
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.integers import Exact
from bnproof.engine.truth.oracle import error


@statement(
    "running/one-step",
    "A training call moves the running statistics by the declared weight.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Offer.STATISTICS),
    rests_on=(),
)
def one_step(records: Records) -> Iterator[Comparison]:
    """The running statistics after every training call."""
    for record in records:
        yield from raised(record, "train", "other", "step")
        for call in ("train", "train repeated"):
            for judged in outputs(record, *STATISTICS, call=call):
                yield of_judged(record, call, judged)


@statement(
    "running/many-steps",
    "After k batches the statistics are their exact weighted average.",
    theorem="running-closed-form",
    needs=(Need.TRAIN, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def many_steps(records: Records) -> Iterator[Comparison]:
    """The statistics after k batches, within the bound that the steps add up to."""
    for record in records.tagged(Tag.STEPS):
        yield from raised(record, "train", "step")
        if Tag.CONVERGENCE not in record.case.tags:
            yield from _after_steps(record)


@statement(
    "running/convergence",
    "Batch after batch of one population, the statistics go to its mean and variance.",
    theorem="running-convergence",
    needs=(Need.TRAIN, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def convergence(records: Records) -> Iterator[Comparison]:
    """Every batch is the population: the averages go to its statistics, geometrically."""
    for record in records.tagged(Tag.CONVERGENCE):
        yield from raised(record, "train", "step")
        yield from _after_steps(record)


def _after_steps(record: Record) -> Iterator[Comparison]:
    got = record.observation.results.get("steps", {})
    if not got:
        return
    truth, bound = closed_form(record)
    for name in STATISTICS:
        off = error(got[name], truth[name])
        judged = Judged(name, got[name], truth[name], off, bound[name])
        count = len(record.case.steps) + 1
        yield of_judged(record, f"{count} steps", judged)


def closed_form(record: Record) -> tuple[dict[str, Exact], dict[str, Array]]:
    """The exact statistics after all batches, and E_t = (1 - w)(1 + gamma) E_{t-1} + one step.

    Theorem `running-closed-form`: s_k is prod(1 - w_t) s_0, plus the sum of w_t times the batch's
    value times the later factors; formed here step by step in fractions, the same number.
    """
    case, declaration = record.case, record.declaration
    judge = Judge(declaration, case.dtype)
    u = FORMATS[case.parameter_dtype].u
    exact: dict[str, list[Fraction]] = {
        n: [Fraction(float(v)) for v in getattr(case, n)] for n in STATISTICS
    }
    bound: dict[str, Array] = {n: np.zeros(case.channels) for n in STATISTICS}
    for number, x in enumerate((case.x, *case.steps)):
        step = case.with_(x=x, batches_seen=case.batches_seen + number)
        settings = judge.settings(step)[0]
        before = {n: np.array([float(v) for v in exact[n]]) for n in STATISTICS}
        values, one = _one(step.with_(**before), settings, judge)
        for name in STATISTICS:
            exact[name] = [
                settings.keep * old + settings.weight * new
                for old, new in zip(exact[name], values[name], strict=True)
            ]
            growth = abs(float(settings.keep)) * (1 + accumulated(4, u)) + accumulated(4, u)
            bound[name] = growth * bound[name] + one[name]
    truth = {n: _exact(v) for n, v in exact.items()}
    return truth, bound


def _one(
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


@statement(
    "running/bias-convention",
    "The running variance is biased or unbiased, as declared.",
    theorem="bessel",
    needs=(Need.TRAIN, Need.FEW_VALUES, Offer.RUNNING_VAR),
    rests_on=(),
)
def bias_convention(records: Records) -> Iterator[Comparison]:
    """The running variance is of the declared kind: with two or three values they are far apart."""
    for record in records:
        judged = record.of("train", "running_var")
        if judged is None or record.case.count > FEW or record.train is None:
            continue
        if judged.worst <= 1:
            yield of_judged(record, "train", judged)
            continue
        kinds = ("unbiased", "biased")
        declared = kinds[0] if record.declaration.unbiased(record.case.x.ndim) else kinds[1]
        other = kinds[1 - kinds.index(declared)]
        judge = Judge(record.declaration, record.case.dtype)
        settings = judge.settings(record.case)[0]
        subject = EXPECTED.of(record.case, settings, inference=False, unbiased=other == "unbiased")
        truth = subject.quantities.truth.values["running_var"]
        bound = subject.bound(judge.declared, "running_var")
        explained = bool((error(judged.got, truth) <= bound).all())
        convention = Event(
            EventKind.OTHER_CONVENTION, "train", "running_var", expected=declared, actual=other
        )
        yield found(record, convention, holds=not explained)


@statement(
    "running/momentum-extremes",
    "Weight 0 keeps the statistics and weight 1 replaces them.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Need.MOMENTUM, Need.EXTREME_MOMENTUM, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def extremes(records: Records) -> Iterator[Comparison]:
    """Weight 0 leaves the statistics, weight 1 replaces them."""
    for record in records:
        if record.case.momentum is None:
            continue
        if record.declaration.weight(record.case.momentum) in (0.0, 1.0):
            for judged in outputs(record, *STATISTICS):
                yield of_judged(record, "train", judged)


@statement(
    "running/cumulative-average",
    "With momentum None, batch t has weight 1 / (t + 1).",
    theorem="cumulative-average",
    needs=(Need.TRAIN, Need.CUMULATIVE, Need.MOMENTUM, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def cumulative(records: Records) -> Iterator[Comparison]:
    """The t-th batch, counted from 0, has weight 1 / (t + 1)."""
    for record in records.tagged(Tag.CUMULATIVE):
        yield from raised(record, "train", "step")
        for judged in outputs(record, *STATISTICS):
            yield of_judged(record, "train", judged)
        if record.case.steps:
            yield from _after_steps(record)


@statement(
    "running/untouched-by-inference",
    "Inference leaves the statistics as they are.",
    theorem="inference-affine",
    needs=(Need.INFER, Offer.STATISTICS_OF_INFER),
    rests_on=(),
)
def untouched_by_inference(records: Records) -> Iterator[Comparison]:
    """Inference returns, and leaves in the buffers, the statistics that it was given."""
    for record in records:
        for call in ("infer", "infer buffers"):
            results = record.observation.results.get(call, {})
            for name in STATISTICS:
                if name not in results:
                    continue
                given = getattr(record.case, name)
                kept = np.array_equal(
                    results[name].astype(np.float64), given.astype(np.float64), equal_nan=True
                )
                moved = Event(EventKind.INFERENCE_MOVED, call, name)
                yield found(record, moved, holds=kept)


@statement(
    "running/untouched-by-backward",
    "The statistics do not change in backward or in later calls.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Offer.STATISTICS, Offer.GRADIENTS),
    rests_on=(),
)
def untouched_by_backward(records: Records) -> Iterator[Comparison]:
    """The statistics after training stay as they are through backward and later calls."""
    for record in records:
        changed = record.observation.of(EventKind.CHANGED_RESULT)
        seen = [e for e in changed if {e.argument, e.origin} & {*STATISTICS}]
        yield from (happened(record, event) for event in seen)
        if not seen and record.of("train", "running_mean") is not None:
            yield nothing_happened(record)


@statement(
    "running/buffers",
    "Updates are seen whatever the layout of the statistics, and in the buffers if in place.",
    theorem="running-one-step",
    needs=(Need.TRAIN, Need.STRIDES, Offer.STATISTICS),
    rests_on=(Basis.STATISTICS,),
)
def buffers(records: Records) -> Iterator[Comparison]:
    """Updates show where the caller looks: in the given buffers, or in the results."""
    call: Call = "train buffers" if records.declaration.in_place else "train"
    for record in records:
        looked_at = records.declaration.in_place or Tag.LAYOUT in record.case.tags
        if looked_at:
            for judged in outputs(record, *STATISTICS, call=call):
                yield of_judged(record, call, judged)


@statement(
    "running/dtype",
    "The statistics keep the declared dtype.",
    theorem="running-one-step",
    needs=(Offer.ANY_STATISTICS,),
    rests_on=(),
)
def dtype(records: Records) -> Iterator[Comparison]:
    """The statistics come back in the declared dtype."""
    for record in records:
        for call in ("train", "infer"):
            results = record.observation.results.get(call, {})
            for name in STATISTICS:
                if name in results:
                    got, due = results[name].dtype.name, record.case.parameter_dtype
                    other = Event(EventKind.OTHER_DTYPE, call, name, expected=due, actual=got)
                    yield found(record, other, holds=got == due)
