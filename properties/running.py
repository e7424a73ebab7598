"""The running statistics: one step, many steps, and the conventions of their weights."""

from collections.abc import Iterator

from bnproof.engine.contract.needs import FEW, Need
from bnproof.engine.judging.batch_statistics import fits_variance
from bnproof.engine.judging.comparison import Comparison, found, of_judged
from bnproof.engine.judging.facts import raised
from bnproof.engine.judging.many_steps import after_steps
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.event import Event, EventKind
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag


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
            yield from agreement_of(record, *STATISTICS, call=call)


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
    for judged in after_steps(record):
        yield of_judged(record, "steps", judged, named=f"{len(record.case.steps) + 1} steps")


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
        unbiased = record.declaration.unbiased(record.case.x.ndim)
        declared, other = ("unbiased", "biased") if unbiased else ("biased", "unbiased")
        convention = Event(
            EventKind.OTHER_CONVENTION, "train", "running_var", expected=declared, actual=other
        )
        explained = fits_variance(record, judged, unbiased=not unbiased)
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
            yield from agreement_of(record, *STATISTICS)


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
        yield from agreement_of(record, *STATISTICS)
        if record.case.steps:
            yield from _after_steps(record)
