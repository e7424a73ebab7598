"""Inference: an affine map by the running statistics, the same for every example."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.contract.needs import Need
from bnproof.engine.judging.batch_statistics import holds_batch_statistics
from bnproof.engine.judging.comparison import Comparison, compare
from bnproof.engine.judging.facts import raised
from bnproof.engine.judging.laws import parameter, small
from bnproof.engine.judging.outputs import agreement_of
from bnproof.engine.judging.property import relation_statement, statement
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.spoiled_results import kinds_of_results
from bnproof.engine.model.basis import Basis
from bnproof.engine.model.case import columns
from bnproof.engine.model.names import ADDED, GRADIENTS
from bnproof.engine.model.offers import Offer
from bnproof.engine.model.tag import Tag
from bnproof.engine.portfolio import relations


@statement(
    "inference/agreement",
    "Inference agrees with exact arithmetic within the bound of the declared class.",
    theorem="inference-affine",
    needs=(Need.INFER,),
    rests_on=(),
)
def agreement(records: Records) -> Iterator[Comparison]:
    """y of every inference call."""
    for record in records:
        yield from raised(record, "infer")
        yield from agreement_of(record, "y", call="infer")


@statement(
    "inference/gradients",
    "The gradients in inference are those of an affine map.",
    theorem="inference-gradients",
    needs=(Need.INFER, Offer.GRADIENTS_OF_INFER),
    rests_on=(Basis.Y_OF_INFER,),
)
def gradients(records: Records) -> Iterator[Comparison]:
    """dx, dgamma and dbeta of an affine map, right after inference and after other calls."""
    for record in records:
        yield from raised(record, "infer")
        for call in ("infer", "infer late"):
            yield from agreement_of(record, *GRADIENTS, *ADDED, call=call)


@statement(
    "inference/single-example",
    "A single example gives what it gives within its batch.",
    theorem="inference-affine",
    needs=(Need.INFER, Need.ANY_SIZE),
    rests_on=(Basis.Y_OF_INFER,),
)
def single_example(records: Records) -> Iterator[Comparison]:
    """The first example of every case, alone."""
    for record in records:
        yield from agreement_of(record, "y", call="infer one")


@relation_statement(
    "inference/example-independence",
    "An example's output does not depend on the other examples.",
    theorem="inference-affine",
    twins=relations.example_independence,
    needs=(Need.INFER, Need.ANY_SHAPE, Need.EPS),
    rests_on=(Basis.Y_OF_INFER,),
)
def example_independence(base: Record, twin: Record) -> Iterator[Comparison]:
    """The first example's y is the same whatever the other examples are."""
    a, b = base.of("infer", "y"), twin.of("infer", "y")
    if a is not None and b is not None:
        yield compare(twin, "y[0]", b.got[:1], a.got[:1], a.bound[:1] + b.bound[:1], of="infer")


@statement(
    "inference/affine-in-x",
    "In inference y is affine in x.",
    theorem="inference-affine",
    needs=(Need.INFER, Need.PLAIN),
    rests_on=(Basis.Y_OF_INFER,),
)
def affine_in_x(records: Records) -> Iterator[Comparison]:
    """All points (x, y) of a channel are on one line: that through the least and the largest x."""
    for record, y in small(records, "infer", "y"):
        if record.infer is None or len(y.got) < 3:
            continue
        with np.errstate(all="ignore"):
            x, got = columns(record.case.x).astype(np.float64), y.got.astype(np.float64)
            if not np.isfinite(x).all():
                continue
            low, high = x.argmin(axis=0), x.argmax(axis=0)
            channel = np.arange(x.shape[1])
            run = x[high, channel] - x[low, channel]
            rise = got[high, channel] - got[low, channel]
            share = np.where(run > 0, (x - x[low, channel]) / np.where(run > 0, run, 1), 0.0)
            want = got[low, channel] + share * rise
            ends = y.bound[low, channel] + y.bound[high, channel]
            rounding = 2.0**-50 * (np.abs(got[low, channel]) + np.abs(rise) + np.abs(got))
        constant = np.where(run > 0, 0.0, np.inf)
        yield compare(record, "y", got, want, y.bound + ends + rounding + constant, of="infer")


@statement(
    "inference/equals-training",
    "With the statistics of the batch, inference gives what training gives.",
    theorem="inference-equals-training",
    needs=(Need.TRAIN, Need.INFER, Need.ANY_SHAPE),
    rests_on=(Basis.Y_OF_INFER, Basis.Y),
)
def equals_training(records: Records) -> Iterator[Comparison]:
    """With the batch's own statistics, inference is what training is."""
    for record in records.tagged(Tag.EQUALS_TRAINING):
        a, b = record.of("train", "y"), record.of("infer", "y")
        if a is not None and b is not None and holds_batch_statistics(record):
            yield compare(record, "y", b.got, a.got, a.bound + b.bound, of="infer")


@statement(
    "inference/folding",
    "Inference folds into the layer in front: y = scale x + shift.",
    theorem="folding-linear",
    needs=(Need.INFER, Need.PLAIN),
    rests_on=(Basis.Y_OF_INFER,),
)
def folding(records: Records) -> Iterator[Comparison]:
    """y = scale x + shift, with the scale and shift that are folded into a layer in front.

    The scale is gamma / sqrt(running_var + eps) and the shift beta - scale running_mean: a layer
    x = W u + b becomes scale W, scale b + shift.  They are formed in float64, relative to what the
    fold cancels from, which the bound of y contains.
    """
    for record, y in small(records, "infer", "y"):
        if record.infer is None:
            continue
        with np.errstate(all="ignore"):
            x = columns(record.case.x).astype(np.float64)
            scale = parameter(record, "gamma", 1.0) * record.infer.inv_std
            mean = np.asarray(record.case.running_mean, np.float64)
            shift = parameter(record, "beta", 0.0) - scale * mean
            size = np.abs(scale) * (np.abs(x) + np.abs(mean)) + np.abs(
                parameter(record, "beta", 0.0)
            )
            want = scale * x + shift
        yield compare(record, "y", y.got, want, y.bound + 2.0**-50 * size, of="infer")


@statement(
    "inference/nonfinite",
    "In inference NaN and infinity appear in y where arithmetic puts them, and nowhere else.",
    theorem="inference-affine",
    needs=(Need.INFER,),
    rests_on=(Basis.Y_OF_INFER,),
)
def nonfinite(records: Records) -> Iterator[Comparison]:
    """y of inference: what is wrong with an element of x stays in that element."""
    for record in records.tagged(Tag.NONFINITE):
        yield from raised(record, "infer")
        yield from kinds_of_results(records, record, "infer", "y")


@statement(
    "inference/nonfinite-gradients",
    "In inference NaN and infinity in x and in the running mean leave dx as it is.",
    theorem="inference-gradients",
    needs=(Need.INFER, Offer.GRADIENTS_OF_INFER),
    rests_on=(Basis.GRADIENTS_OF_INFER,),
)
def nonfinite_gradients(records: Records) -> Iterator[Comparison]:
    """The gradients of inference: dx = gamma inv_std dy, whatever x and the mean are."""
    for record in records.tagged(Tag.NONFINITE):
        yield from kinds_of_results(records, record, "infer", *GRADIENTS)
