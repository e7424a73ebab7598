"""Properties of the backward pass in training."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.judging.property import (
    Check,
    Property,
    Records,
    compare,
    fact,
    like_first,
    of_judged,
)
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.case import columns
from bnproof.engine.model.formats import Array
from bnproof.properties import finite_difference
from bnproof.properties.forward import (
    LAW_LIMIT,
    events,
    exact_sums,
    outputs,
    parameter,
    raised,
    relation,
    same,
)

GRADIENTS = ("dx", "dgamma", "dbeta")
SMALLEST = 2.0**-1074
LOST = 8
"""Operations on a sum and on what it is compared with that may lose SMALLEST each."""


def agreement(records: Records) -> Iterator[Check]:
    """dx, dgamma and dbeta of the first backward of every case."""
    for record in records:
        yield from raised(record, "train", "other")
        for judged in outputs(record, *GRADIENTS):
            yield of_judged(record, "train", judged)


def repeatable(records: Records) -> Iterator[Check]:
    """The same backward again: the same again, and the same bits where that is declared."""
    yield from _calls(records, "train again")
    if records.declaration.deterministic:
        yield from (c for c in events("nondeterministic")(records) if c.output in (*GRADIENTS, ""))


def interleaved(records: Records) -> Iterator[Check]:
    """backward after other training calls, other shapes, inference and another instance."""
    yield from _calls(records, "train late")


def _calls(records: Records, call: str) -> Iterator[Check]:
    for record in records:
        yield from raised(record, call)
        for judged in outputs(record, *GRADIENTS, call=call):
            yield like_first(record, call, judged)


def small(records: Records) -> Iterator[tuple[Record, Judged]]:
    """Records whose dx is small enough for exact sums, and finite."""
    for record in records:
        dx = record.of("train", "dx")
        if dx is not None and dx.got.size <= LAW_LIMIT and record.train is not None:
            yield record, dx


def sum_zero(records: Records) -> Iterator[Check]:
    """sum dx = 0."""
    for record, dx in small(records):
        yield _vanishes(record, "sum of dx", exact_sums(dx.got), dx.bound.sum(axis=0))


def _vanishes(record: Record, output: str, got: Array, bound: Array) -> Check:
    return compare(record, output, got, np.zeros_like(got), bound)


def _along(dx: Judged, factor: Array) -> tuple[Array, Array]:
    """sum dx * factor and its bound."""
    with np.errstate(all="ignore"):
        product = np.asarray(dx.got, np.float64) * factor
        bound = (np.abs(factor) * dx.bound + 2.0**-52 * np.abs(product)).sum(axis=0)
    return exact_sums(product), bound + (len(product) + LOST) * SMALLEST


def _dgamma(record: Record) -> tuple[Array, Array] | None:
    """dgamma and its bound: as returned, or exact where there is no gamma to return it for."""
    judged = record.of("train", "dgamma")
    if judged is not None:
        return np.asarray(judged.got, np.float64), judged.bound
    if record.case.gamma is not None or record.train is None:
        return None
    exact, _ = record.train.truth.values["dgamma"]
    return exact, np.full(exact.shape, SMALLEST)  # its own rounding is allowed for with the others


def orthogonal_to_xhat(records: Records) -> Iterator[Check]:
    """sum dx xhat = gamma eps inv_std^3 dgamma."""
    for record, dx in small(records):
        dgamma = _dgamma(record)
        if dgamma is None or record.train is None:
            continue
        with np.errstate(all="ignore"):
            mean, low = record.train.truth.values["mean"]
            r = record.train.inv_std
            xhat = ((columns(record.case.x).astype(np.float64) - mean) - low) * r
            factor = parameter(record, "gamma", 1.0) * record.train.eps * r**3
            got, bound = _along(dx, xhat)
            want = factor * dgamma[0]
            bound = bound + np.abs(factor) * dgamma[1] + 2.0**-49 * np.abs(want)
            bound = bound + 2.0**-51 * np.abs(dx.got * xhat).sum(axis=0)
            bound = bound + SMALLEST * (r + 1) * np.abs(dx.got).sum(axis=0)  # xhat may underflow
        yield compare(record, "sum of dx xhat", got, want, bound)


def weight_in_front(records: Records) -> Iterator[Check]:
    """sum x dx = gamma eps inv_std^2 dgamma: what W . dW is for a layer x = W u in front."""
    for record, dx in small(records):
        dgamma = _dgamma(record)
        if dgamma is None or record.train is None:
            continue
        with np.errstate(all="ignore"):
            x = columns(record.case.x).astype(np.float64)
            factor = parameter(record, "gamma", 1.0) * record.train.eps * record.train.inv_std**2
            got, bound = _along(dx, x)
            want = factor * dgamma[0]
            bound = bound + np.abs(factor) * dgamma[1] + 2.0**-49 * np.abs(want)
        yield compare(record, "sum of x dx", got, want, bound)


def dgamma_from_output(records: Records) -> Iterator[Check]:
    """sum dy (y - beta) = gamma dgamma, since y - beta is gamma xhat."""
    for record, _ in small(records):
        y, dgamma = record.of("train", "y"), record.of("train", "dgamma")
        if y is None or dgamma is None or not _is_finite(record.case.dy):
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
        yield compare(record, "sum of dy (y - beta)", got, want, bound)


def dbeta_is_sum(records: Records) -> Iterator[Check]:
    """dbeta = sum dy."""
    for record in records:
        dbeta = record.of("train", "dbeta")
        if dbeta is not None and record.case.dy.size <= LAW_LIMIT and _is_finite(record.case.dy):
            want = exact_sums(columns(record.case.dy))
            yield compare(record, "dbeta", dbeta.got, want, dbeta.bound)


def _is_finite(a: Array) -> bool:
    return bool(np.isfinite(a.astype(np.float64)).all())


def additivity(records: Records) -> Iterator[Check]:
    """The gradients of dy + dy' are the sums of those of dy and of dy'."""
    for base, twin in records.twins("backward/additivity"):
        name = twin.case.name.replace("both dy", "other dy")
        other = records.by_name.get(name)
        for output in GRADIENTS:
            parts = [r.of("train", output) for r in (base, other, twin) if r is not None]
            if len(parts) < 3 or any(p is None for p in parts):
                continue
            a, b, both = (p for p in parts if p is not None)
            want = a.got.astype(np.float64) + b.got.astype(np.float64)
            yield compare(twin, output, both.got, want, a.bound + b.bound + both.bound)


def homogeneity(records: Records) -> Iterator[Check]:
    """The gradients of 4 dy are 4 times those of dy."""

    def fourfold(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
        return 4 * value

    yield from relation("backward/homogeneity", dict.fromkeys(GRADIENTS, fourfold))(records)


def symmetry(records: Records) -> Iterator[Check]:
    """<u, dx(v)> = <v, dx(u)>, per channel."""
    for base, twin in records.twins("backward/symmetry"):
        a, b = base.of("train", "dx"), twin.of("train", "dx")
        if a is None or b is None:
            continue
        left, left_bound = _along(a, columns(twin.case.dy).astype(np.float64))
        right, right_bound = _along(b, columns(base.case.dy).astype(np.float64))
        yield compare(twin, "<u, dx(v)>", left, right, left_bound + right_bound)


def tagged_zero(tag: str) -> object:
    """dx = 0 where dy is constant, or zero."""

    def check(records: Records) -> Iterator[Check]:
        for record in records.tagged(tag):
            dx = record.of("train", "dx")
            if dx is not None:
                yield compare(record, "dx", dx.got, np.zeros(dx.got.shape), dx.bound)

    return check


def dy_unchanged(records: Records) -> Iterator[Check]:
    """dy is, byte for byte, what it was."""
    for check in events("changed-input")(records):
        if check.output in ("dy", ""):
            yield check


def nonfinite(records: Records) -> Iterator[Check]:
    """NaN in dy stays in its channel, whose three gradients are then not finite."""
    for record in records.tagged("nonfinite dy"):
        yield from raised(record, "train")
        for judged in outputs(record, *GRADIENTS):
            finite = np.isfinite(np.asarray(judged.got, np.float64)[..., 1])
            detail = f"{judged.output} of a channel with NaN in dy is finite"
            yield fact(record, judged.output, not finite.all(), detail)
            yield like_first(record, "train", judged, records.plain_of(record))


NEEDS = ("train",)
SIZED = ("train", "any shape")
RELATED = (*SIZED, "eps")
GRADIENT = ("train", "gradients")
PROPERTIES = (
    Property(
        "backward/agreement",
        "dx, dgamma and dbeta agree with exact arithmetic within the bound of the declared class.",
        "dx-closed-form",
        GRADIENT,
        agreement,
    ),
    Property(
        "backward/finite-differences",
        "<dx, v> is the slope of <dy, y> along v.",
        "finite-difference-bound",
        (*SIZED, "wide", "dx"),
        finite_difference.check,
    ),
    Property(
        "backward/sum-zero",
        "The sum of dx over the batch is 0.",
        "dx-sum-zero",
        (*NEEDS, "dx"),
        sum_zero,
    ),
    Property(
        "backward/along-xhat",
        "sum dx xhat = gamma eps inv_std^3 dgamma.",
        "dx-dot-xhat",
        (*NEEDS, "dx"),
        orthogonal_to_xhat,
    ),
    Property(
        "backward/dbeta-is-sum",
        "dbeta is the sum of dy.",
        "dbeta",
        (*NEEDS, "dx", "dbeta", "beta"),
        dbeta_is_sum,
    ),
    Property(
        "backward/dgamma-from-output",
        "gamma dgamma is the sum of dy (y - beta).",
        "dgamma",
        (*NEEDS, "dx", "dgamma", "gamma"),
        dgamma_from_output,
    ),
    Property(
        "backward/additivity",
        "The gradients of dy + dy' are the sums of the gradients of each.",
        "linear-in-dy",
        (*RELATED, "gradients"),
        additivity,
    ),
    Property(
        "backward/homogeneity",
        "The gradients of c dy are c times those of dy.",
        "linear-in-dy",
        (*RELATED, "gradients"),
        homogeneity,
    ),
    Property(
        "backward/symmetry",
        "<u, dx(v)> = <v, dx(u)> in each channel.",
        "backward-symmetry",
        (*RELATED, "dx"),
        symmetry,
    ),
    Property(
        "backward/independent-of-beta",
        "No gradient depends on beta.",
        "independent-of-beta",
        (*RELATED, "beta", "gradients"),
        relation("backward/independent-of-beta", dict.fromkeys(GRADIENTS, same)),
    ),
    Property(
        "backward/zero-dy",
        "A dy of zeros gives a dx of zeros.",
        "linear-in-dy",
        (*NEEDS, "dx"),
        tagged_zero("zero dy"),  # type: ignore[arg-type]  # a check
    ),
    Property(
        "backward/constant-dy",
        "A constant dy gives a dx of zeros.",
        "constant-dy",
        (*NEEDS, "dx"),
        tagged_zero("constant dy"),  # type: ignore[arg-type]  # a check
    ),
    Property(
        "backward/repeatable",
        "The same backward called again gives the same gradients.",
        "dx-closed-form",
        GRADIENT,
        repeatable,
    ),
    Property(
        "backward/interleaved",
        "Other calls between forward and backward change nothing.",
        "dx-closed-form",
        ("train", "replays", "gradients"),
        interleaved,
    ),
    Property(
        "backward/inputs-unchanged",
        "dy stays as it is.",
        "dx-closed-form",
        GRADIENT,
        dy_unchanged,
    ),
    Property(
        "backward/bias-in-front",
        "The gradient of a bias in front, the sum of dx, is 0.",
        "bias-gradient-zero",
        (*NEEDS, "dx"),
        sum_zero,
    ),
    Property(
        "backward/weight-in-front",
        "sum x dx = gamma eps inv_std^2 dgamma, which is W . dW of a layer in front.",
        "weight-dot-gradient",
        (*NEEDS, "dx"),
        weight_in_front,
    ),
    Property(
        "backward/nonfinite-confinement",
        "NaN in dy stays in its channel, whose gradients are then not finite.",
        "channel-independence",
        ("train", "channels", "gradients"),
        nonfinite,
    ),
)
