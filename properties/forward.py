"""The forward pass in training: the formula, and the moments of its output."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.facts import raised
from bnproof.engine.judging.laws import exact_sums, parameter, small
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import statement
from bnproof.engine.judging.records import Records
from bnproof.engine.model.basis import Basis


@statement(
    "forward/agreement",
    "y agrees with exact arithmetic within the bound of the declared accuracy class.",
    theorem="forward-definition",
    needs=(Need.TRAIN,),
    rests_on=(),
)
def agreement(records: Records) -> Iterator[Comparison]:
    """y of every training call."""
    for record in records:
        yield from raised(record, "train", "other", "step")
        for call in ("train", "train repeated"):
            yield from agreement_of(record, "y", call=call)


@statement(
    "forward/zero-mean",
    "The mean of y over the batch is beta.",
    theorem="moments-of-y",
    needs=(Need.TRAIN, Need.PLAIN),
    rests_on=(Basis.Y,),
)
def zero_mean(records: Records) -> Iterator[Comparison]:
    """mean(y) = beta."""
    for record, y in small(records, "train", "y"):
        count = len(y.got)
        beta = parameter(record, "beta", 0.0)
        size = np.abs(y.got.astype(np.float64)).sum(axis=0)
        bound = (y.bound.sum(axis=0) + 2.0**-52 * size) / count
        yield compare(record, "mean", exact_sums(y.got) / count, beta, bound, of="y")


@statement(
    "forward/unit-variance",
    "The variance of y over the batch is gamma^2 var inv_std^2, with the biased variance var.",
    theorem="moments-of-y",
    needs=(Need.TRAIN, Need.PLAIN),
    rests_on=(Basis.Y,),
)
def unit_variance(records: Records) -> Iterator[Comparison]:
    """mean((y - beta)^2) = gamma^2 var inv_std^2."""
    for record, y in small(records, "train", "y"):
        if record.train is None:
            continue
        with np.errstate(all="ignore"):
            count = len(y.got)
            gamma, beta = parameter(record, "gamma", 1.0), parameter(record, "beta", 0.0)
            centred = np.asarray(y.got, np.float64) - beta
            want = gamma**2 * record.train.var / record.train.w
            slack = y.bound + 2.0**-52 * (np.abs(y.got.astype(np.float64)) + np.abs(beta))
            bound = (2 * np.abs(centred) * slack + slack**2).sum(axis=0) / count
            rounding = 2.0**-50 * ((centred**2).sum(axis=0) / count + want)
            got = exact_sums(centred**2) / count
        yield compare(record, "variance", got, want, bound + rounding, of="y")
