"""What a study is: a claim, the theorem behind it, numbers from a seed, and a picture of them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Numbers = dict[str, Any]
"""What a study measured, by name: arrays and numbers."""

Advance = Callable[[int, int, str], None]
"""Told how much is done, of how much, and what is being done."""

Run = Callable[[int, Advance], Numbers]
"""From a seed, and a function that reports progress, to numbers."""

Draw = Callable[[Numbers, "Figure"], None]
"""Draws the numbers into an empty figure."""

Found = Callable[[Numbers], str]
"""Says in a sentence what was measured."""

BLUE, ORANGE, GREEN, BLACK = "#0072B2", "#D55E00", "#009E73", "#222222"
"""Colours that are told apart by everybody (Okabe and Ito); BN is blue, without it orange."""


@dataclass(frozen=True)
class Study:
    """One experiment.

    Attributes:
        name: on the command line, permanent.
        title: of the picture.
        claim: what the lectures say, in a sentence.
        theorem: id of the theorem of the specification behind it.
        properties: ids of the properties that test it.
        see: what to see in the picture, in a sentence.
        run: from a seed, and a function that reports progress, to numbers.
        draw: the numbers into an empty figure.
        found: what was measured, in a sentence, from the numbers.
        size: of the figure in inches.
        discussion: what is disputed, and what the measurement says about it; may be empty.
        literature: what to read.
    """

    name: str
    title: str
    claim: str
    theorem: str
    properties: tuple[str, ...]
    see: str
    run: Run = field(repr=False)
    draw: Draw = field(repr=False)
    found: Found = field(repr=False)
    size: tuple[float, float] = (9.0, 4.2)
    discussion: str = ""
    literature: tuple[str, ...] = ()


def study(
    *,
    name: str,
    title: str,
    claim: str,
    theorem: str,
    properties: tuple[str, ...],
    see: str,
    draw: Draw,
    found: Found,
    size: tuple[float, float] = (9.0, 4.2),
    discussion: str = "",
    literature: tuple[str, ...] = (),
) -> Callable[[Run], Study]:
    """Return a decorator that makes a study of the function below it, which measures the numbers.

    The arguments are fields of `Study`.
    """

    def made(run: Run) -> Study:
        return Study(
            name,
            title,
            claim,
            theorem,
            properties,
            see,
            run=run,
            draw=draw,
            found=found,
            size=size,
            discussion=discussion,
            literature=literature,
        )

    return made
