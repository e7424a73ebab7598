"""Identities of the gradients of one call: what dx, dgamma, dbeta and y have in common."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.laws import (
    LAW_LIMIT,
    SMALLEST,
    along,
    exact_sums,
    is_finite,
    parameter,
    returned_dgamma,
    small_dx,
    sums_of_dx,
)
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.offers import Offer


@statement(
    "backward/sum-zero",
    "The sum of dx over the batch is 0.",
    theorem="dx-sum-zero",
    needs=(Need.TRAIN, Offer.DX),
    rests_on=(Basis.GRADIENTS,),
)
def sum_zero(records: Records) -> Iterator[Comparison]:
    """sum dx = 0."""
    yield from sums_of_dx(records)


@statement(
    "backward/along-xhat",
    "sum dx xhat = gamma eps inv_std^3 dgamma.",
    theorem="dx-dot-xhat",
    needs=(Need.TRAIN, Offer.DX, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def orthogonal_to_xhat(records: Records) -> Iterator[Comparison]:
    """sum dx xhat = gamma eps inv_std^3 dgamma."""
    for record, dx in small_dx(records):
        dgamma = returned_dgamma(record)
        if dgamma is None or record.train is None:
            continue
        with np.errstate(all="ignore"):
            mean, low = record.train.truth.values["mean"]
            r = record.train.inv_std
            xhat = ((columns(record.case.x).astype(np.float64) - mean) - low) * r
            factor = parameter(record, "gamma", 1.0) * record.train.eps * r**3
            got, bound = along(dx, xhat)
            want = factor * dgamma[0]
            bound = bound + np.abs(factor) * dgamma[1] + 2.0**-49 * np.abs(want)
            bound = bound + 2.0**-51 * np.abs(dx.got * xhat).sum(axis=0)
            bound = bound + SMALLEST * (r + 1) * np.abs(dx.got).sum(axis=0)  # xhat may underflow
        yield compare(record, "sum", got, want, bound, of="dx xhat")


@statement(
    "backward/dbeta-is-sum",
    "dbeta is the sum of dy.",
    theorem="dbeta",
    needs=(Need.TRAIN, Offer.DX, Offer.DBETA, Need.BETA, Need.PLAIN),
    rests_on=(Basis.GRADIENTS,),
)
def dbeta_is_sum(records: Records) -> Iterator[Comparison]:
    """dbeta = sum dy."""
    for record in records:
        dbeta = record.of("train", "dbeta")
        if dbeta is not None and record.case.dy.size <= LAW_LIMIT and is_finite(record.case.dy):
            want = exact_sums(columns(record.case.dy))
            yield compare(record, "dbeta", dbeta.got, want, dbeta.bound)


@statement(
    "backward/dgamma-from-output",
    "gamma dgamma is the sum of dy (y - beta).",
    theorem="dgamma",
    needs=(Need.TRAIN, Offer.DX, Offer.DGAMMA, Need.GAMMA, Need.PLAIN),
    rests_on=(Basis.GRADIENTS, Basis.Y),
)
def dgamma_from_output(records: Records) -> Iterator[Comparison]:
    """sum dy (y - beta) = gamma dgamma, since y - beta is gamma xhat."""
    for record, _ in small_dx(records):
        y, dgamma = record.of("train", "y"), record.of("train", "dgamma")
        if y is None or dgamma is None or not is_finite(record.case.dy):
            continue
        with np.errstate(all="ignore"):
            dy = columns(record.case.dy).astype(np.float64)
            gamma, beta = parameter(record, "gamma", 1.0), parameter(record, "beta", 0.0)
            shifted = np.asarray(y.got, np.float64) - beta
            want = gamma * np.asarray(dgamma.got, np.float64)
            rounding = 2.0**-51 * (np.abs(y.got.astype(np.float64)) + np.abs(beta))
            bound = (np.abs(dy) * (y.bound + rounding)).sum(axis=0)
            bound = bound + np.abs(gamma) * dgamma.bound + 2.0**-51 * np.abs(want)
            got = exact_sums(dy * shifted)
        yield compare(record, "sum", got, want, bound, of="dy (y - beta)")
