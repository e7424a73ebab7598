"""Properties of the forward pass in training."""

import math
from collections.abc import Callable, Iterator, Mapping

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
from bnproof.engine.model.case import DOUBLE_ARGUMENTS, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE

LAW_LIMIT = 2**14  # elements; laws that sum exactly are not worth more


def outputs(record: Record, *names: str, call: str = "train") -> Iterator[Judged]:
    """The judged outputs of a call, in the order asked for."""
    for name in names:
        judged = record.of(call, name)
        if judged is not None:
            yield judged


def raised(record: Record, *calls: str) -> Iterator[Check]:
    """What was raised, or was no array of the due shape, in a call: then agreement fails."""
    if record.observation.failure:
        kind, detail = record.observation.failure, record.observation.failure_detail
        yield fact(record, kind, holds=False, detail=detail, kind=kind)
    for event in record.observation.of("raised"):
        if event.call.split()[0] in calls:
            yield fact(
                record, event.call, holds=False, detail=f"{event.call} raised {event.detail}"
            )


def agreement(records: Records) -> Iterator[Check]:
    """y of every training call."""
    for record in records:
        yield from raised(record, "train", "other", "step")
        for call in ("train", "train repeated"):
            for judged in outputs(record, "y", call=call):
                yield of_judged(record, call, judged)


def exact_sums(values: Array) -> Array:
    """Column sums without rounding, by math.fsum."""
    wide = np.asarray(values, np.float64)
    return np.array([_fsum(wide[:, c]) for c in range(wide.shape[1])])


def _fsum(values: Array) -> float:
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities of both signs: no sum
        return math.nan


def small(records: Records, call: str = "train") -> Iterator[tuple[Record, Judged]]:
    """Records whose y is small enough for exact sums."""
    for record in records:
        judged = record.of(call, "y")
        if judged is not None and judged.got.size <= LAW_LIMIT:
            yield record, judged


def zero_mean(records: Records) -> Iterator[Check]:
    """mean(y) = beta."""
    for record, y in small(records):
        count = len(y.got)
        beta = parameter(record, "beta", 0.0)
        bound = y.bound.sum(axis=0) / count + 2.0**-52 * np.abs(y.got).sum(axis=0) / count
        yield compare(record, "mean of y", exact_sums(y.got) / count, beta, bound)


def unit_variance(records: Records) -> Iterator[Check]:
    """mean((y - beta)^2) = gamma^2 var inv_std^2."""
    for record, y in small(records):
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
        yield compare(record, "variance of y", got, want, bound + rounding)


def parameter(record: Record, name: str, default: float) -> Array:
    """Gamma or beta of a case as float64, or its default where there is none."""
    value = getattr(record.case, name)
    return (
        np.full(record.case.channels, default) if value is None else np.asarray(value, np.float64)
    )


Transform = Callable[[Array, Record, Record], Array]


def relation(
    name: str, outputs_of: Mapping[str, Transform], calls: tuple[str, ...] = ("train",)
) -> Callable[[Records], Iterator[Check]]:
    """A relation between two calls: an output of the twin is a transform of the base's.

    It is judged within the sum of the two bounds; the transforms only permute, negate or scale by
    powers of two, so that they carry a bound as they carry a value.
    """

    def check(records: Records) -> Iterator[Check]:
        for base, twin in records.twins(name):
            for call in calls:
                for output, transform in outputs_of.items():
                    a, b = base.of(call, output), twin.of(call, output)
                    if a is None or b is None:
                        continue
                    want = transform(np.asarray(a.got, np.float64), base, twin)
                    bound = np.abs(transform(a.bound, base, twin)) + b.bound
                    yield compare(twin, _label(output, call), b.got, want, bound)

    return check


def _label(output: str, call: str) -> str:
    return output if call == "train" else f"{output} of {call}"


def same(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # a Transform
    """Unchanged."""
    return value


def negated(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
    """With the other sign."""
    return -value


def twice(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
    """Once after the other."""
    return np.concatenate([value, value])


def _scaled(power: int) -> Transform:
    def transform(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
        assert twin.case.twin is not None  # noqa: S101  # it is a twin
        return value * 2.0 ** (power * int(twin.case.twin.how["power"]))

    return transform


def _order(twin: Record) -> Array:
    assert twin.case.twin is not None  # noqa: S101  # it is a twin
    return np.asarray(twin.case.twin.how["order"])


def _rows_permuted(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
    """Samples permuted; in every rank the rows of the columns are in the order of (N, C)."""
    return value[_order(twin)]


def _positions_permuted(value: Array, base: Record, twin: Record) -> Array:
    n, c, first, *_ = base.case.x.shape
    shaped = value.reshape(n, first, -1, c)[:, _order(twin)]
    return shaped.reshape(value.shape)


def _channels_permuted(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
    return value[..., _order(twin)]


def _first_channel(records: Records) -> Iterator[Check]:
    for base, twin in records.twins("forward/channel-independence"):
        for output in ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var"):
            a, b = base.of("train", output), twin.of("train", output)
            if a is not None and b is not None:
                got, want = b.got[..., :1], a.got[..., :1]
                bound = a.bound[..., :1] + b.bound[..., :1]
                yield compare(twin, f"channel 0 of {output}", got, want, bound)


def bias_invariance(records: Records) -> Iterator[Check]:
    """y, dx and the running variance do not see a bias; the running mean moves by its share."""
    name = "forward/bias-invariance"
    still = ("y", "running_var", "dx", "dgamma", "dbeta")
    yield from relation(name, dict.fromkeys(still, same))(records)
    for base, twin in records.twins(name):
        a, b = base.of("train", "running_mean"), twin.of("train", "running_mean")
        if a is None or b is None or base.case.momentum is None or twin.case.twin is None:
            continue
        weight = base.declaration.weight(base.case.momentum)
        want = np.asarray(a.got, np.float64) + weight * np.asarray(twin.case.twin.how["bias"])
        yield compare(twin, "running_mean", b.got, want, a.bound + b.bound)


def affine(records: Records) -> Iterator[Check]:
    """gamma y' - gamma' y = gamma beta' - gamma' beta, whatever the two pairs are."""
    for base, twin in records.twins("forward/affine"):
        y, other = base.of("train", "y"), twin.of("train", "y")
        if y is None or other is None:
            continue
        g, b = parameter(base, "gamma", 1.0), parameter(base, "beta", 0.0)
        g2, b2 = parameter(twin, "gamma", 1.0), parameter(twin, "beta", 0.0)
        left = g * np.asarray(other.got, np.float64)
        right = g2 * np.asarray(y.got, np.float64) + (g * b2 - g2 * b)
        bound = np.abs(g) * other.bound + np.abs(g2) * y.bound
        yield compare(twin, "gamma y' - gamma' y", left, right, bound + 2.0**-50 * np.abs(g * b2))


def identity_recovery(records: Records) -> Iterator[Check]:
    """gamma = 1 / inv_std, beta = mean give x back; gamma's own rounding is accounted for.

    Without gamma the case has inv_std = 1, without beta it has mean = 0.
    """
    for record in records.tagged("identity"):
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


def constant_feature(records: Records) -> Iterator[Check]:
    """y = beta where x is constant."""
    for record in records.tagged("constant"):
        y = record.of("train", "y")
        if y is not None:
            beta = np.broadcast_to(parameter(record, "beta", 0.0), y.got.shape)
            yield compare(record, "y against beta", y.got, beta, y.bound)


def layouts_agree(records: Records) -> Iterator[Check]:
    """The same data in another rank or memory layout gives the same outputs."""
    for record in records:
        if record.case.judged_channels or "nonfinite" in record.case.tags:
            continue
        base = records.first_of(record)
        if base is None or base is record or _unbiased_differs(base, record):
            continue
        for output in ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var"):
            a, b = base.of("train", output), record.of("train", output)
            if a is not None and b is not None and a.got.shape == b.got.shape:
                yield compare(record, output, b.got, a.got, a.bound + b.bound)


def _unbiased_differs(a: Record, b: Record) -> bool:
    d = a.declaration
    return d.unbiased(a.case.x.ndim) != d.unbiased(b.case.x.ndim)


def strides(records: Records) -> Iterator[Check]:
    """All outputs agree with the truth, or with those of plain arrays if they are off as well."""
    for record in records.tagged("layout"):
        yield from raised(record, "train", "infer", "other")
        base = records.plain_of(record)
        for call, judged in record.all_judged():
            if not call.startswith("double"):  # which has a property of its own
                yield like_first(record, call, judged, base)


def events(*kinds: str, calls: tuple[str, ...] = ()) -> Callable[[Records], Iterator[Check]]:
    """A property that holds where no event of some kinds was seen."""

    def check(records: Records) -> Iterator[Check]:
        for record in records:
            if record.observation.failure:
                continue
            found = record.observation.of(*kinds)
            found = [e for e in found if not calls or e.call in calls]
            for event in found:
                yield fact(record, event.what, holds=False, detail=event.detail, event=event.kind)
            if not found:
                yield fact(record, "", holds=True, detail="")

    return check


def well_formed(records: Records) -> Iterator[Check]:
    """No result of a wrong dtype or shape; double backward has a property of its own."""
    for check in events("malformed")(records):
        if check.output not in (*DOUBLE, "double"):
            yield check


def inputs_unchanged(records: Records) -> Iterator[Check]:
    """x, gamma, beta and the statistics are, byte for byte, what they were."""
    for check in events("changed-input")(records):
        if check.output not in ("dy", *DOUBLE_ARGUMENTS):
            yield check


def confinement(records: Records) -> Iterator[Check]:
    """A channel with NaN or infinity is not finite, and all other channels agree with the truth."""
    for record in records.tagged("nonfinite x"):
        yield from raised(record, "train")
        for judged in outputs(record, "y", "running_mean", "running_var"):
            lost = np.isfinite(np.asarray(judged.got, np.float64)[..., 1])
            detail = f"{judged.output} of a channel with a non-finite x is finite"
            if judged.output == "y":
                yield fact(record, "y", not lost.all(), detail)
            elif not _unweighted(record):
                yield fact(record, judged.output, not lost, detail)
        for call, judged in record.all_judged("train"):
            yield like_first(record, call, judged, records.plain_of(record))


def _unweighted(record: Record) -> bool:
    momentum = record.case.momentum
    return momentum is not None and record.declaration.weight(momentum) == 0


def single_value(records: Records) -> Iterator[Check]:
    """One value per channel: an error, or y = beta and dx = 0, as declared."""
    for record in records.tagged("single"):
        yield from events("no-error", "changed-input")(Records(records.declaration, (record,)))
        yield from raised(record, "train", "infer")
        for judged in outputs(record, "y", "running_mean", "dx", "dgamma", "dbeta"):
            yield of_judged(record, "train", judged)
        for judged in outputs(record, "running_var"):
            finite = np.isfinite(np.asarray(judged.got, np.float64)).all()
            yield fact(record, "running_var", finite, "running_var is not finite after one value")
            if not records.declaration.unbiased(record.case.x.ndim):
                yield of_judged(record, "train", judged)
        for judged in outputs(record, "y", call="infer"):
            yield of_judged(record, "infer", judged)


def empty_batch(records: Records) -> Iterator[Check]:
    """An empty batch: an error, or an empty y, as declared; the statistics stay either way."""
    for record in records.tagged("empty"):
        yield from events("no-error", "malformed")(Records(records.declaration, (record,)))
        yield from raised(record, "train")
        for event in record.observation.of("changed-input"):
            if event.what == "statistics":
                yield fact(record, event.what, holds=False, detail=event.detail)
        for call, results in record.observation.results.items():
            for name in ("running_mean", "running_var"):
                before = getattr(record.case, name)
                if name in results:
                    kept = results[name].tobytes() == before.tobytes()
                    detail = f"{name} of {call} changed by an empty batch"
                    yield fact(record, name, kept, detail)


def _sign(records: Records) -> Iterator[Check]:
    name = "forward/sign"
    mirrored = {"dgamma": negated, "dx": same, "dbeta": same, "running_var": same}
    yield from relation(name, mirrored)(records)
    for base, twin in records.twins(name):
        a, b = base.of("train", "y"), twin.of("train", "y")
        if a is None or b is None:
            continue
        beta = parameter(base, "beta", 0.0)
        want = 2 * beta - np.asarray(a.got, np.float64)
        yield compare(twin, "y", b.got, want, a.bound + b.bound + 2.0**-50 * np.abs(beta))


def _permuted(records: Records) -> Iterator[Check]:
    rows = {"y": _rows_permuted, "dx": _rows_permuted}
    still = dict.fromkeys(("dgamma", "dbeta", "running_mean", "running_var"), same)
    yield from relation("forward/sample-permutation", {**rows, **still})(records)


def _duplicated(records: Records) -> Iterator[Check]:
    def doubled(value: Array, base: Record, twin: Record) -> Array:  # noqa: ARG001  # the signature of a transformation
        return 2 * value

    outputs_of: dict[str, Transform] = {
        "y": twice,
        "dx": twice,
        "dgamma": doubled,
        "dbeta": doubled,
        "running_mean": same,
    }
    yield from relation("forward/duplicated-batch", outputs_of)(records)


NEEDS = ("train",)
SIZED = ("train", "any shape")
RELATED = (*SIZED, "eps")
PROPERTIES = (
    Property(
        "forward/agreement",
        "y agrees with exact arithmetic within the bound of the declared accuracy class.",
        "forward-definition",
        NEEDS,
        agreement,
    ),
    Property(
        "forward/zero-mean",
        "The mean of y over the batch is beta.",
        "moments-of-y",
        NEEDS,
        zero_mean,
    ),
    Property(
        "forward/unit-variance",
        "The variance of y over the batch is gamma^2 var inv_std^2, with the biased variance var.",
        "moments-of-y",
        NEEDS,
        unit_variance,
    ),
    Property(
        "forward/bias-invariance",
        "A bias added to x changes neither y nor any gradient.",
        "bias-invariance",
        RELATED,
        bias_invariance,
    ),
    Property(
        "forward/scale-law",
        "x scaled by c and eps by c^2 leave y as it is and divide dx by c.",
        "scale-law",
        (*RELATED, "scaled eps"),
        relation(
            "forward/scale-law",
            {"y": same, "dx": _scaled(-1), "dgamma": same, "dbeta": same},
        ),
    ),
    Property(
        "forward/sign",
        "x with the other sign gives the mirror image: y - beta, dgamma and the mean change sign.",
        "sign-law",
        RELATED,
        _sign,
    ),
    Property(
        "forward/sample-permutation",
        "Permuting the samples permutes y and dx and nothing else.",
        "permutation-equivariance",
        RELATED,
        _permuted,
    ),
    Property(
        "forward/spatial-permutation",
        "Permuting the spatial positions permutes y and dx and nothing else.",
        "spatial-positions",
        (*RELATED, "space"),
        relation(
            "forward/spatial-permutation",
            {
                "y": _positions_permuted,
                "dx": _positions_permuted,
                "dgamma": same,
                "dbeta": same,
                "running_mean": same,
                "running_var": same,
            },
        ),
    ),
    Property(
        "forward/channel-permutation",
        "Permuting the channels permutes every result.",
        "channel-independence",
        RELATED,
        relation(
            "forward/channel-permutation",
            dict.fromkeys(
                ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var"), _channels_permuted
            ),
        ),
    ),
    Property(
        "forward/channel-independence",
        "A channel's results depend on that channel alone.",
        "channel-independence",
        RELATED,
        _first_channel,
    ),
    Property(
        "forward/affine",
        "y is affine in gamma and beta.",
        "affine-in-gamma-beta",
        (*RELATED, "affine"),
        affine,
    ),
    Property(
        "forward/identity-recovery",
        "gamma = 1 / inv_std = sqrt(var + eps) and beta = mean give x back.",
        "identity-recovered",
        NEEDS,
        identity_recovery,
    ),
    Property(
        "forward/constant-feature",
        "A constant feature is normalised to beta.",
        "constant-feature",
        NEEDS,
        constant_feature,
    ),
    Property(
        "forward/duplicated-batch",
        "The same batch twice over gives the same y, and twice dgamma and dbeta.",
        "duplicated-batch",
        (*RELATED, "biased"),
        _duplicated,
    ),
    Property(
        "forward/layouts-agree",
        "The same values in another rank or memory layout give the same results.",
        "permutation-equivariance",
        NEEDS,
        layouts_agree,
    ),
    Property(
        "forward/dtype-and-shape",
        "y and dx come back in x's dtype and shape, everything else in gamma's.",
        "forward-definition",
        (),
        well_formed,
    ),
    Property(
        "forward/inputs-unchanged",
        "x, gamma, beta and, unless in_place is declared, the statistics stay as they are.",
        "forward-definition",
        (),
        inputs_unchanged,
    ),
    Property(
        "forward/results-kept",
        "A result does not change after a later call.",
        "forward-definition",
        (),
        events("changed-result"),
    ),
    Property(
        "forward/deterministic",
        "The same call gives the same bits.",
        "forward-definition",
        ("train", "deterministic"),
        events("nondeterministic", calls=("train",)),
    ),
    Property(
        "forward/strides",
        "Results do not depend on how the arguments lie in memory.",
        "forward-definition",
        ("strides",),
        strides,
    ),
    Property(
        "forward/nonfinite-confinement",
        "NaN or infinity in x stays in its channel, whose y and statistics are then not finite.",
        "channel-independence",
        ("train", "channels"),
        confinement,
    ),
    Property(
        "forward/single-value",
        "One value per channel in training does what is declared, and inference works.",
        "single-value",
        ("single value", "any size"),
        single_value,
    ),
    Property(
        "forward/empty-batch",
        "An empty batch does what is declared and leaves the statistics as they are.",
        "single-value",
        ("empty", "any size"),
        empty_batch,
    ),
    Property(
        "forward/independent-of-running-statistics",
        "In training, y and the gradients do not depend on the running statistics.",
        "training-ignores-running",
        RELATED,
        relation(
            "forward/independent-of-running-statistics",
            dict.fromkeys(("y", "dx", "dgamma", "dbeta"), same),
        ),
    ),
)
