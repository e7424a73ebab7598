"""What reports plot: error/bound by output and class, and digits kept against the offset."""

from collections.abc import Mapping, Sequence

import numpy as np

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import MODE_OF, Call
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import DOUBLE, LIKE_X, OUTPUTS, Output
from bnproof.engine.model.result import OffsetCurve, OffsetPoint, OutputAccuracy
from bnproof.engine.model.tag import Tag
from bnproof.engine.truth.bounds import Arithmetic

Classes = Mapping[AccuracyClass, Arithmetic]
Met = tuple[Record, Call, Judged]
MEASURED = (*OUTPUTS, *DOUBLE)
CURVES: tuple[Output, ...] = ("y", "dx", "running_var")


def by_output(records: Sequence[Record], classes: Classes) -> tuple[OutputAccuracy, ...]:
    """The largest error/bound of each output in each mode, by class."""
    met: dict[str, list[Met]] = {}
    for record in records:
        for call, judged in {id(j): (c, j) for c, j in record.all_judged()}.values():
            output = f"{judged.output} ({MODE_OF[call]})"
            met.setdefault(output, []).append((record, call, judged))
    named = [f"{output} ({mode})" for mode in ("train", "infer") for output in MEASURED]
    return tuple(_of_output(name, met[name], classes) for name in named if name in met)


def _of_output(output: str, met: Sequence[Met], classes: Classes) -> OutputAccuracy:
    """The largest error/bound by class.

    The ladder is nested, so what a stronger class makes of a result is the most that a weaker one
    can: few results have to be looked at again, and few bounds to be formed.
    """
    ratios: dict[str, float] = {}
    worst_case = ""
    most = [float("inf")] * len(met)
    for name, arithmetic in classes.items():
        ratios[name] = 0.0
        for index in sorted(range(len(met)), key=most.__getitem__, reverse=True):
            if most[index] <= ratios[name]:
                break
            record, call, judged = met[index]
            most[index] = record.under(arithmetic, call, judged).worst
            if most[index] > ratios[name]:
                ratios[name] = most[index]
                if name == record.arithmetic.name:
                    worst_case = record.case.describe()
    return OutputAccuracy(output, ratios, worst_case)


def offset_curves(records: Sequence[Record], classes: Classes) -> tuple[OffsetCurve, ...]:
    """The digits kept at each offset, the fewest of all ranks, for each output that there is."""
    chosen = [record for record in records if Tag.OFFSETS in record.case.tags]
    return tuple(curve for name in CURVES if (curve := _curve(chosen, classes, name)))


def _curve(records: Sequence[Record], classes: Classes, output: Output) -> OffsetCurve | None:
    points: dict[float, OffsetPoint] = {}
    most = 0.0
    for record in records:
        judged, q = record.of("train", output), record.train
        if judged is None or q is None:
            continue
        most = -np.log10(_unit(record, output))
        magnitude = _magnitude(record, judged)
        kept = _digits(judged.error, magnitude, most)
        bounds: dict[str, Array] = {
            name: _digits(record.under(arithmetic, "train", judged).bound, magnitude, most)
            for name, arithmetic in classes.items()
        }
        with np.errstate(all="ignore"):
            offset = q.mean / q.sigma
        for channel in np.flatnonzero(np.isfinite(offset)):
            given = {name: float(digits[channel]) for name, digits in bounds.items()}
            point = OffsetPoint(float(offset[channel]), float(kept[channel]), given)
            before = points.setdefault(point.offset, point)
            points[point.offset] = min(before, point, key=lambda each: each.digits)
    ordered = tuple(points[offset] for offset in sorted(points))
    return OffsetCurve(output, float(most), ordered) if points else None


def _unit(record: Record, output: str) -> float:
    kind = record.arithmetic.storage if output in LIKE_X else record.arithmetic.parameters
    return kind.u


def _magnitude(record: Record, judged: Judged) -> Array:
    """What an error is held against: the largest value of a channel, or the part of the variance.

    The running variance is an average of the old one and the new; only the new one is measured.
    """
    q = record.train
    assert q is not None  # noqa: S101  # the caller's duty, told to the type checker
    if judged.output == "running_var":
        return np.asarray(q.weight * q.correction * q.var)
    return np.asarray(np.abs(judged.truth[0]).max(axis=0))


def _digits(off: Array, magnitude: Array, most: float) -> Array:
    """-log10 of the largest relative error of a channel, from 0 to what the format has."""
    with np.errstate(all="ignore"):
        worst = off.max(axis=0) if off.ndim > 1 else off
        digits = -np.log10(worst / magnitude)
    return np.asarray(
        np.clip(np.nan_to_num(digits, nan=0.0, posinf=most), 0.0, most) + 0.0
    )  # no -0
