"""The hint for a part that is not right."""

from bnproof.grading.forms import HINTS, hint_for_exception
from bnproof.grading.result import CRASHED, NOT_WRITTEN, RAISES, TIMED_OUT, WRONG, PartGrade
from bnproof.mutants.hints import hint_of

UNKNOWN = (
    "Take two examples and one feature, work this part out by hand with the chain rule, and "
    "compare line by line."
)
"""The hint for wrong numbers that no known mistake gives."""


def hint_for(grade: PartGrade) -> str:
    """A hint, "" for a part that needs none or cannot be graded."""
    if grade.verdict == RAISES:
        return hint_for_exception(grade.found)
    if grade.verdict == TIMED_OUT:
        return "Which loop does not end? Print its counter."
    if grade.verdict == CRASHED:
        return "Which line ends the program? Run the function alone, in a program of its own."
    if grade.verdict == NOT_WRITTEN:
        return "Fill in what the template leaves open, and return it."
    if grade.verdict != WRONG:
        return ""
    found = [HINTS.get(cause.id) or hint_of(cause.id) for cause in grade.causes]
    chosen = found if grade.together else found[:1]
    return " ".join(dict.fromkeys(chosen)) or UNKNOWN
