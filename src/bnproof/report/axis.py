"""What plots share: positions on an axis, and lines through points.

Both plots are drawn so that they can be read without colours: each accuracy class has a shape and
a dash pattern of its own, and every mark has its numbers as text.
"""

from collections.abc import Iterable
from dataclasses import dataclass

PLOT = 400  # width of a plot
TOP, BOTTOM = 24, 40


@dataclass(frozen=True)
class Tick:
    """A position on an axis and what stands there."""

    at: float
    label: str


def power(exponent: int) -> str:
    """A power of ten in few signs.

    >>> power(-2), power(3), power(6)
    ('0.01', '1000', '1e6')
    """
    return f"{10.0**exponent:g}" if abs(exponent) < 4 else f"1e{exponent}"


def path(points: Iterable[tuple[float, float]]) -> str:
    """A line through points, as SVG has it.

    >>> path([(0, 1), (2.5, 3)])
    'M0 1 L2.5 3'
    """
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points)
