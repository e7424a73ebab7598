"""The plot of digits kept against the offset, as positions; the template draws it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.result import Accuracy, OffsetCurve
from bnproof.report.axis import BOTTOM, PLOT, TOP, Tick, path, power

TALL = 170  # height of the plot
LEFT = 34
EDGE = 20  # half of a label at the end of the axis


@dataclass(frozen=True)
class Line:
    """The digits that a class guarantees."""

    name: str
    kind: int
    declared: bool
    path: str


@dataclass(frozen=True)
class Point:
    """The digits kept at an offset."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class OffsetChart:
    """Digits kept against the offset, of one output in one dtype."""

    dtype: str
    output: str
    what: str
    lines: tuple[Line, ...]
    points: tuple[Point, ...]
    path: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    breakdown: Tick | None
    width: float
    height: float
    description: str


WHAT = {"y": "digits of y", "dx": "digits of dx", "running_var": "digits of the running variance"}


def offset_charts(dtype: str, accuracy: Accuracy) -> list[OffsetChart]:
    """A plot for each output that was measured."""
    return [_offset_chart(dtype, curve, accuracy.declared) for curve in accuracy.offsets]


def _offset_chart(dtype: str, curve: OffsetCurve, declared: str) -> OffsetChart:
    decades = math.log10(max(10.0, curve.points[-1].offset))
    most = max(1.0, curve.most)

    def x(offset: float) -> float:
        return round(LEFT + (PLOT - LEFT) * math.log10(max(1.0, offset)) / decades, 1)

    def y(digits: float) -> float:
        return round(TOP + TALL * (1 - min(digits, most) / most), 1)

    names = [name for name in CLASSES if all(name in point.bounds for point in curve.points)]
    lines = tuple(
        Line(
            name,
            CLASSES.index(name),
            name == declared,
            path((x(point.offset), y(point.bounds[name])) for point in curve.points),
        )
        for name in names
    )
    points = tuple(
        Point(x(each.offset), y(each.digits), _said_of_point(each.offset, each.digits))
        for each in curve.points
    )
    broken = curve.breakdown
    step = max(1, math.ceil(decades / 8))
    return OffsetChart(
        dtype,
        curve.output,
        WHAT.get(curve.output, f"digits of {curve.output}"),
        lines,
        points,
        path((point.x, point.y) for point in points),
        tuple(Tick(x(10.0**p), power(p)) for p in range(0, int(decades) + 1, step)),
        tuple(Tick(y(d), str(d)) for d in range(0, int(most) + 1, 1 if most < 9 else 4)),
        None if broken is None else Tick(x(broken), f"breaks down at {broken:.2g}"),
        PLOT + EDGE,
        TOP + TALL + BOTTOM,
        _said_of_curve(curve, names),
    )


def _said_of_point(offset: float, digits: float) -> str:
    return f"|mean|/std {offset:.3g}: {digits:.1f} digits kept"


def _said_of_curve(curve: OffsetCurve, names: Sequence[str]) -> str:
    first, last = curve.points[0], curve.points[-1]
    broken = curve.breakdown
    end = (
        f"less than one digit is kept from {broken:.2g} on"
        if broken is not None
        else "at least one digit is kept throughout"
    )
    guaranteed = [
        f"{name} guarantees one up to {offset:.2g}"
        for name in names
        if (offset := _last_kept(curve, name)) is not None
    ]
    return (
        f"{first.digits:.1f} digits at |mean|/std {first.offset:.2g}, {last.digits:.1f} at "
        f"{last.offset:.2g}; {'; '.join([end, *guaranteed])}."
    )


def _last_kept(curve: OffsetCurve, name: str) -> float | None:
    """The largest offset up to which a class guarantees a digit."""
    kept = None
    for point in curve.points:
        if point.bounds[name] < 1:
            break
        kept = point.offset
    return kept
