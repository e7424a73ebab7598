"""The progress of a check tells of the first failure, and still of the present step."""

import numpy as np
import pytest
from tests.few_cases import check_few_cases

from bnproof.check.one_implementation import check
from bnproof.engine.execution.in_process import InProcess
from bnproof.mutants.catalogue import mutant_of


def steps_of(mutant: str) -> list[str]:
    """The texts of progress of a check in one dtype."""
    session = InProcess(mutant_of(mutant).shown()).try_out()
    texts: list[str] = []
    with np.errstate(all="ignore"):
        check(
            session,
            session.declaration,
            profile="quick",
            dtypes=["float32"],
            progress=lambda done, total, text: texts.append(text),
        )
    return texts


@pytest.mark.parametrize(
    ("mutant", "said"),
    [
        ("backward/no-mean-term", "failed: dx; float32: "),
        ("aliasing/y-in-x-in-inference", "failed: x was modified; float32: "),
    ],
)
def test_failure_and_step_are_shown(
    mutant: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a failure that shows only in the report, and one that hides what is done now."""
    check_few_cases(monkeypatch)
    shown = [text for text in steps_of(mutant) if text.startswith(said)]
    assert len(set(shown)) > 1
