"""Exercise files are graded as their authors meant them: part by part, with the cause."""

from pathlib import Path

import pytest
from tests.grading.expected import EXERCISES, EXPECTED, NOT_AT_ALL, Expected

from bnproof.grading.grade import grade
from bnproof.grading.graded_parts import PARTS
from bnproof.grading.result import Grade
from bnproof.grading.trials import run_pieces
from bnproof.sandbox.session import Session

TIMEOUT = 2.0  # a loop without end is waited for as long
RIGHT = [name for name in EXPECTED if name.startswith("right")]
WRONG = [name for name in EXPECTED if not name.startswith("right")]


def graded(name: str) -> Grade:
    """The grade of a file."""
    return grade(str(EXERCISES / name), timeout=TIMEOUT)


def due(expected: Expected) -> dict[str, tuple[str, str]]:
    """Verdict and first cause of every part."""
    right = {part.id: ("right", "") for part in PARTS if part.function in expected.there}
    missing = {part.id: ("not-there", "") for part in PARTS if part.function not in expected.there}
    return {**right, **missing, **expected.parts}


def found(grade: Grade) -> dict[str, tuple[str, str]]:
    """The same, as it was graded."""
    return {
        each.part.id: (each.verdict, each.causes[0].id if each.causes else "")
        for each in grade.parts
    }


@pytest.mark.parametrize("name", EXPECTED)
def test_every_part(name: str) -> None:
    """Catches a right part that is accused, a wrong one that passes, and a wrong cause."""
    expected, one = EXPECTED[name], graded(name)

    assert found(one) == due(expected)
    assert {g.part.id: g.note for g in one.parts if g.note} == expected.credited
    assert one.exit_status == (0 if name in RIGHT else 1)


def test_there_are_enough() -> None:
    """Catches exercises that are left out of the table, and a table that shrinks."""
    files = {path.name for path in EXERCISES.glob("*.py")}

    assert files == {*EXPECTED, *NOT_AT_ALL}
    assert len(RIGHT) >= 4
    assert len(WRONG) >= 12


@pytest.mark.parametrize(("name", "said"), NOT_AT_ALL.items())
def test_not_gradable(name: str, said: str) -> None:
    """Catches a file that cannot be run, and a reason that is not told in two lines."""
    one = graded(name)

    assert said in one.error
    assert len(one.error.splitlines()) <= 2
    assert one.exit_status == 2


def test_two_mistakes_are_both_named() -> None:
    """Catches a pair of which only one is told, as if it explained the numbers."""
    by_id = {each.part.id: each for each in graded("wrong_two_at_once.py").parts}
    both = by_id["backward/dx"]

    assert both.together
    assert {c.id for c in both.causes} == {"backward/mean-term-added", "backward/no-gamma"}
    assert not by_id["backward-alt/dx"].causes


def test_a_hang_is_waited_for_once(tmp_path: Path) -> None:
    """Catches a loop without end in forward that is waited for by everything that needs it."""
    path = tmp_path / "student.py"
    path.write_text(
        "def batchnorm_forward(x, gamma, beta, bn_param):\n    while True: pass\n"
        "def batchnorm_backward(dout, cache):\n    return dout, dout, dout\n"
        "batchnorm_backward_alt = batchnorm_backward\n",
        encoding="utf-8",
    )
    with Session(f"{path}:*", timeout=TIMEOUT, compiling=1) as session:
        trials = run_pieces(session, lambda done, total, text: None)

    failures = [trial.failure for trial in trials.done.values()]
    assert {failure.kind for failure in failures if failure} == {"timed-out"}
    assert all(failures)
    assert session.restarts == 1  # after train mode; test mode is the last that is tried


def test_nothing_printed_reaches_the_report(capfd: pytest.CaptureFixture[str]) -> None:
    """Catches what a student prints in the middle of somebody's table or JSON."""
    graded("right_loops.py")

    assert capfd.readouterr() == ("", "")


def test_memory_is_limited(tmp_path: Path) -> None:
    """Catches a function that may take all memory of the machine."""
    path = tmp_path / "student.py"
    path.write_text(
        "import numpy as np\n"
        "def batchnorm_forward(x, gamma, beta, bn_param):\n"
        "    return np.ones(2**28)[:x.size].reshape(x.shape), None\n",
        encoding="utf-8",
    )
    one = grade(str(path), timeout=10, memory=2**28)

    assert one.parts[0].verdict == "raises"
    assert "Unable to allocate 2.00 GiB" in one.parts[0].found
