"""The forward pass on inputs of which the result is known: recovered, constant, doubled, moved."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.laws import parameter
from bnproof.engine.judging.property import relation_statement, statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.transforms import Transform, same, times, transformed, twice
from bnproof.engine.model.basis import TRAINING, Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.names import GRADIENTS, STATISTICS, Output
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import relations


@statement(
    "forward/identity-recovery",
    "gamma = 1 / inv_std = sqrt(var + eps) and beta = mean give x back.",
    theorem="identity-recovered",
    needs=(Need.TRAIN, Need.PLAIN),
    rests_on=(Basis.Y,),
)
def identity_recovery(records: Records) -> Iterator[Comparison]:
    """gamma = 1 / inv_std, beta = mean give x back; gamma's own rounding is accounted for.

    Without gamma the case has inv_std = 1, without beta it has mean = 0.
    """
    for record in records.tagged(Tag.IDENTITY):
        y = record.of("train", "y")
        if y is None or record.train is None:
            continue
        x = np.asarray(columns(record.case.x), np.float64)
        high, low = record.train.truth.values["mean"]
        exact_gamma = np.sqrt(record.train.w)
        gamma_off = np.abs(parameter(record, "gamma", 1.0) - exact_gamma)
        beta_off = np.abs(parameter(record, "beta", 0.0) - high - low)
        bound = y.bound + record.train.xhat * (gamma_off + 2.0**-51 * exact_gamma) + beta_off
        yield compare(record, "y against x", y.got, x, bound)


@statement(
    "forward/constant-feature",
    "A constant feature is normalised to beta.",
    theorem="constant-feature",
    needs=(Need.TRAIN, Need.PLAIN),
    rests_on=(Basis.Y,),
)
def constant_feature(records: Records) -> Iterator[Comparison]:
    """y = beta where x is constant."""
    for record in records.tagged(Tag.CONSTANT):
        y = record.of("train", "y")
        if y is not None:
            beta = np.broadcast_to(parameter(record, "beta", 0.0), y.got.shape)
            yield compare(record, "y against beta", y.got, beta, y.bound)


@relation_statement(
    "forward/duplicated-batch",
    "The same batch twice over gives the same y, and twice dgamma and dbeta.",
    theorem="duplicated-batch",
    twins=relations.duplicated_batch,
    needs=(Need.TRAIN, Need.ANY_SHAPE, Need.EPS, Need.BIASED, Need.WHOLE_BATCH),
    rests_on=(Basis.Y, Basis.GRADIENTS),
)
def duplicated_batch(base: Record, twin: Record) -> Iterator[Comparison]:
    """y and dx once after the other; sums over twice as many samples are twice as large."""
    expected: dict[Output, Transform] = {
        "y": twice,
        "dx": twice,
        "dgamma": times(2.0),
        "dbeta": times(2.0),
        "running_mean": same,
    }
    yield from transformed(base, twin, expected)


@statement(
    "forward/layouts-agree",
    "The same values in another rank or memory layout give the same results.",
    theorem="permutation-equivariance",
    needs=(Need.TRAIN, Need.WHOLE_BATCH),
    rests_on=TRAINING,
)
def layouts_agree(records: Records) -> Iterator[Comparison]:
    """The same data in another rank or memory layout gives the same outputs."""
    for record in records:
        if Tag.NONFINITE in record.case.tags:
            continue
        base = records.first_of(record)
        if base is None or base is record or _unbiased_differs(base, record):
            continue
        for output in ("y", *GRADIENTS, *STATISTICS):
            a, b = base.of("train", output), record.of("train", output)
            if a is not None and b is not None and a.got.shape == b.got.shape:
                yield compare(record, output, b.got, a.got, a.bound + b.bound)


def _unbiased_differs(a: Record, b: Record) -> bool:
    d = a.declaration
    return d.unbiased(a.case.x.ndim) != d.unbiased(b.case.x.ndim)
