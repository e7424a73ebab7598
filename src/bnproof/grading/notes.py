"""What a reader of a grade should know beside the parts."""

from collections.abc import Sequence

import numpy as np

from bnproof.engine.judging.record import Record
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import GRADIENTS
from bnproof.grading.grade_cases import SINGLE
from bnproof.grading.result import RIGHT, WRONG, PartGrade
from bnproof.grading.trials import Trials


def notes(trials: Trials, parts: Sequence[PartGrade]) -> tuple[str, ...]:
    """The notes on a file, a line each."""
    right = any(grade.right for grade in parts if grade.part.id == "forward/train-output")
    found = [_single(trials.single) if right else "", _agreement(parts)]
    return (*(note for note in found if note), *trials.left)


def _single(record: Record | None) -> str:
    """What forward does with one example, which is not graded."""
    if record is None:
        return ""
    raised = record.observation.of(EventKind.RAISED)
    if raised:
        if raised[0].actual != "FailedError":
            return ""  # which is told where it is graded
        return f"not graded: for {SINGLE} alone, batchnorm_forward raises {raised[0].message}"
    judged = record.of("train", "y")
    if judged is None or judged.worst <= 1:
        return ""
    finite = bool(np.isfinite(judged.got).all())
    got = "something else than beta" if finite else "NaN or infinity, where beta is due"
    return f"not graded: for {SINGLE} alone, batchnorm_forward gives {got}"


def _agreement(parts: Sequence[PartGrade]) -> str:
    """Where the two backward passes of the exercise differ, one of them being right."""
    by_id = {grade.part.id: grade for grade in parts}
    differ = []
    for name in GRADIENTS:
        one, other = by_id[f"backward/{name}"], by_id[f"backward-alt/{name}"]
        if {one.verdict, other.verdict} == {RIGHT, WRONG} and (one.elements or other.elements):
            differ.append(name)
    if not differ:
        return ""
    return f"batchnorm_backward_alt does not agree with batchnorm_backward in {', '.join(differ)}"
