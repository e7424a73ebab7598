"""What was found out about each part of an exercise, and the whole grade."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bnproof.engine.judging.comparison import Row
from bnproof.engine.model.result import Cause
from bnproof.grading.graded_parts import Part

RIGHT = "right"
WRONG = "wrong"
RAISES = "raises"
CRASHED = "crashed"
TIMED_OUT = "timed-out"
NOT_WRITTEN = "not-written"
NOT_GRADABLE = "not-gradable"
NOT_THERE = "not-there"

VERDICTS = (RIGHT, WRONG, RAISES, CRASHED, TIMED_OUT, NOT_WRITTEN, NOT_GRADABLE, NOT_THERE)
"""All verdicts on a part."""


@dataclass(frozen=True)
class PartGrade:
    """The verdict on one part.

    Attributes:
        part: which one.
        verdict: one of `VERDICTS`.
        found: what was seen, in a line.
        case: the data that it was seen on, in a line.
        elements: the worst numbers, as (index, got, due, error, bound).
        causes: known mistakes that reproduce it, likeliest first.
        together: whether it takes all of the causes at once to reproduce it.
        note: why it counts as right all the same, or cannot be graded.
    """

    part: Part
    verdict: str
    found: str = ""
    case: str = ""
    elements: tuple[Row, ...] = ()
    causes: tuple[Cause, ...] = ()
    together: bool = False
    note: str = ""

    @property
    def right(self) -> bool:
        """Whether it counts as right."""
        return self.verdict == RIGHT


@dataclass(frozen=True)
class Grade:
    """The grade of one file.

    Attributes:
        file: as it was given.
        parts: all parts of the exercise, those that are not there included.
        notes: what a reader should know and what is not graded, a line each.
        error: why nothing could be graded, "" otherwise.
        environment: versions and platform.
    """

    file: str
    parts: tuple[PartGrade, ...] = ()
    notes: tuple[str, ...] = ()
    error: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def graded(self) -> tuple[PartGrade, ...]:
        """The parts of the functions that are in the file."""
        return tuple(part for part in self.parts if part.verdict != NOT_THERE)

    @property
    def right(self) -> int:
        """How many parts are right."""
        return sum(part.right for part in self.parts)

    @property
    def exit_status(self) -> int:
        """0 all that is there is right, 1 something is wrong, 2 nothing could be graded.

        >>> Grade("student.py", error="no such file").exit_status
        2
        """
        if self.error or not self.graded:
            return 2
        return 0 if self.right == len(self.graded) else 1
