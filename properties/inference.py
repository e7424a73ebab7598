"""Properties of inference."""

import math
from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from bnproof.engine.judging.property import Check, Property, Records, compare, of_judged
from bnproof.engine.judging.record import Record
from bnproof.engine.model.case import columns
from bnproof.properties.forward import outputs, parameter, raised


def agreement(records: Records) -> Iterator[Check]:
    """y of every inference call."""
    for record in records:
        yield from raised(record, "infer")
        for judged in outputs(record, "y", call="infer"):
            yield of_judged(record, "infer", judged)


def gradients(records: Records) -> Iterator[Check]:
    """dx, dgamma and dbeta of an affine map, right after inference and after other calls."""
    for record in records:
        yield from raised(record, "infer")
        for call in ("infer", "infer late"):
            for judged in outputs(record, "dx", "dgamma", "dbeta", call=call):
                yield of_judged(record, call, judged)


def single_example(records: Records) -> Iterator[Check]:
    """The first example of every case, alone."""
    for record in records:
        for judged in outputs(record, "y", call="infer one"):
            yield of_judged(record, "infer one", judged)


def example_independence(records: Records) -> Iterator[Check]:
    """The first example's y is the same whatever the other examples are."""
    for base, twin in records.twins("inference/example-independence"):
        a, b = base.of("infer", "y"), twin.of("infer", "y")
        if a is not None and b is not None:
            yield compare(twin, "y[0] of infer", b.got[:1], a.got[:1], a.bound[:1] + b.bound[:1])


def affine_in_x(records: Records) -> Iterator[Check]:
    """All points (x, y) of a channel are on one line: that through the least and the largest x."""
    for record in records:
        y = record.of("infer", "y")
        if y is None or y.got.size > 2**14 or record.infer is None or len(y.got) < 3:
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
        yield compare(record, "y of infer", got, want, y.bound + ends + rounding + constant)


def equals_training(records: Records) -> Iterator[Check]:
    """With the batch's own statistics, inference is what training is."""
    for record in records.tagged("equals training"):
        a, b = record.of("train", "y"), record.of("infer", "y")
        if a is not None and b is not None and _holds_statistics(record):
            yield compare(record, "y of infer", b.got, a.got, a.bound + b.bound)


def _holds_statistics(record: Record) -> bool:
    """Whether the statistics given are exactly those that training normalises by."""
    if record.train is None:
        return False
    count = record.case.count
    bessel = Fraction(count, count - 1) if record.declaration.normalises_unbiased else 1
    exact = [None if s is None else (s[0], s[1] * bessel) for s in record.train.truth.statistics]
    given = zip(record.case.running_mean, record.case.running_var, strict=True)
    return exact == [_fractions(float(mean), float(var)) for mean, var in given]


def _fractions(mean: float, var: float) -> tuple[Fraction, Fraction] | None:
    finite = math.isfinite(mean) and math.isfinite(var)
    return (Fraction(mean), Fraction(var)) if finite else None


def folding(records: Records) -> Iterator[Check]:
    """y = scale x + shift, with the scale and shift that are folded into a layer in front.

    The scale is gamma / sqrt(running_var + eps) and the shift beta - scale running_mean: a layer
    x = W u + b becomes scale W, scale b + shift.  They are formed in float64, relative to what the
    fold cancels from, which the bound of y contains.
    """
    for record in records:
        y = record.of("infer", "y")
        if y is None or record.infer is None or y.got.size > 2**14:
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
        yield compare(record, "y of infer", y.got, want, y.bound + 2.0**-50 * size)


NEEDS = ("infer",)
PROPERTIES = (
    Property(
        "inference/agreement",
        "Inference agrees with exact arithmetic within the bound of the declared class.",
        "inference-affine",
        NEEDS,
        agreement,
    ),
    Property(
        "inference/gradients",
        "The gradients in inference are those of an affine map.",
        "inference-gradients",
        (*NEEDS, "gradients of infer"),
        gradients,
    ),
    Property(
        "inference/single-example",
        "A single example gives what it gives within its batch.",
        "inference-affine",
        (*NEEDS, "any size"),
        single_example,
    ),
    Property(
        "inference/example-independence",
        "An example's output does not depend on the other examples.",
        "inference-affine",
        (*NEEDS, "any shape", "eps"),
        example_independence,
    ),
    Property(
        "inference/affine-in-x",
        "In inference y is affine in x.",
        "inference-affine",
        NEEDS,
        affine_in_x,
    ),
    Property(
        "inference/equals-training",
        "With the statistics of the batch, inference gives what training gives.",
        "inference-equals-training",
        ("train", "infer", "any shape"),
        equals_training,
    ),
    Property(
        "inference/folding",
        "Inference folds into the layer in front: y = scale x + shift.",
        "folding-linear",
        NEEDS,
        folding,
    ),
)
