"""Grades as a file could have got them."""

import pytest

from bnproof.engine.model.result import Cause
from bnproof.grading.graded_parts import PARTS
from bnproof.grading.result import Grade, PartGrade
from bnproof.mutants.catalogue import mutant_of


def cause(id_: str) -> Cause:
    """A known mistake."""
    known = mutant_of(id_)
    return Cause(known.id, known.mistake, known.repair, known.issues)


@pytest.fixture
def mixed() -> Grade:
    """Every verdict once, some parts of a function that is there, and functions that are not."""
    rows = (("[1, 0]", "0.5", "0.25", "0.25", "1e-16"),)
    told = {
        "forward/train-output": PartGrade(PARTS[0], "right", note="right all the same"),
        "forward/running-statistics": PartGrade(PARTS[1], "raises", "KeyError: 'x' (line 3: x)"),
        "forward/test-output": PartGrade(PARTS[2], "not-written", "out is None"),
        "forward/cache": PartGrade(PARTS[3], "not-gradable", "there is no backward pass"),
        "backward/dx": PartGrade(
            PARTS[4],
            "wrong",
            "dx[1, 0] is 0.5, due 0.25",
            "ordinary numbers: x of shape (5, 3), eps 0.5, momentum 0.875",
            rows,
            (cause("backward/no-variance-term"), cause("backward/no-mean-term")),
        ),
        "backward/dgamma": PartGrade(PARTS[5], "crashed", "killed by SIGSEGV"),
        "backward/dbeta": PartGrade(PARTS[6], "timed-out", "no answer after 5 s"),
    }
    parts = tuple(told.get(part.id, PartGrade(part, "not-there")) for part in PARTS)
    return Grade("student.py", parts, ("not graded: one example",), seconds=1.5)
