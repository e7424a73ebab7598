"""The plot of error/bound by output and accuracy class, as positions; the template draws it."""

import math
from dataclasses import dataclass

from bnproof.engine.contract.choices import CLASSES
from bnproof.engine.model.result import Accuracy
from bnproof.engine.wording.text import clipped
from bnproof.report.axis import BOTTOM, TOP, Tick, power
from bnproof.report.lines import ratio

LOWEST, HIGHEST = -3, 4
"""Powers of ten between which error/bound is drawn; what is beyond stands at the edge."""

LANE = 13  # height that a class takes in a row
LONGEST = 34  # signs of a name that are shown
SIGN = 6.7  # width of a sign of the names of the outputs, on average
WIDE = 290  # width of the plot
CLEAR = 6  # half of the largest shape
ROOM = 60  # width for numbers at the far edge


@dataclass(frozen=True)
class Mark:
    """error/bound of one output under one class: ``beyond`` says on which side it left the plot."""

    x: float
    y: float
    kind: int
    declared: bool
    beyond: str
    text: str
    title: str


@dataclass(frozen=True)
class Row:
    """The marks of one output."""

    output: str
    top: float
    height: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class RatioChart:
    """error/bound by output and class, of one dtype; the plot begins at 0, the names before."""

    dtype: str
    declared: str
    classes: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    bound: float
    left: float
    width: float
    height: float
    description: str


def ratio_chart(dtype: str, accuracy: Accuracy) -> RatioChart | None:
    """The plot of a dtype, None where nothing was measured."""
    if not accuracy.outputs:
        return None
    names = [name for name in CLASSES if any(name in each.ratios for each in accuracy.outputs)]
    high = LANE * len(names) + 6
    rows = []
    for number, each in enumerate(accuracy.outputs):
        top = TOP + number * high
        marks = tuple(
            _mark(each.output, name, each.ratios[name], top + 3 + LANE * (lane + 0.5), accuracy)
            for lane, name in enumerate(names)
            if name in each.ratios
        )
        rows.append(Row(clipped(each.output, LONGEST), top, high, marks))
    left = round(SIGN * max(len(row.output) for row in rows) + 8, 1)
    ticks = [Tick(_across(10.0**p), power(p)) for p in range(LOWEST, HIGHEST + 1)]
    return RatioChart(
        dtype,
        accuracy.declared,
        tuple((name, CLASSES.index(name)) for name in names),
        tuple(rows),
        tuple(ticks),
        _across(1.0),
        left,
        left + WIDE + ROOM,
        TOP + high * len(rows) + BOTTOM,
        _said_of_ratios(accuracy),
    )


def _mark(output: str, name: str, value: float, y: float, accuracy: Accuracy) -> Mark:
    shown = ratio(value)
    x = _across(value)
    beyond = "high" if not value <= 10.0**HIGHEST else "low" if value < 10.0**LOWEST else ""
    declared = name == accuracy.declared
    text = shown if beyond == "high" or (declared and value > 1) else ""
    title = f"{output}, {name}: error/bound {shown}"
    return Mark(x, y, CLASSES.index(name), declared, beyond, text, title)


def _across(value: float) -> float:
    """Where a ratio stands; NaN, which is no number to be proud of, at the far end.

    What is beyond the bound is drawn clear of its line, by however little it is.
    """
    if not value < 10.0**HIGHEST:
        exponent: float = HIGHEST
    else:
        exponent = math.log10(value) if value > 10.0**LOWEST else LOWEST
    x = _at(exponent)
    return max(x, _at(0) + CLEAR) if value > 1 else x


def _at(exponent: float) -> float:
    """Where a power of ten stands."""
    return round(WIDE * (exponent - LOWEST) / (HIGHEST - LOWEST), 1)


def _said_of_ratios(accuracy: Accuracy) -> str:
    worst = ", ".join(
        f"{each.output} {ratio(each.ratios[accuracy.declared])}"
        for each in accuracy.outputs
        if accuracy.declared in each.ratios
    )
    return (
        f"Largest error divided by the bound of {accuracy.declared}, the declared class: {worst}."
    )
