"""Each mistake is told the line of the derivation that it breaks."""

import pytest

from bnproof.engine.model.result import Cause
from bnproof.grading.causes import FAMILIES
from bnproof.grading.derivation import BY_PART, LINES, Line, line_of
from bnproof.grading.forms import FORMS
from bnproof.grading.graded_parts import BY_ID, PARTS
from bnproof.grading.result import PartGrade
from bnproof.mutants.catalogue import BY_ID as MUTANTS
from bnproof.spec.contents import THEOREMS


def line(part: str, *causes: str) -> Line | None:
    """The line for a part that is wrong by some causes."""
    return line_of(PartGrade(BY_ID[part], "wrong", causes=tuple(Cause(c, "", "") for c in causes)))


def test_every_part_has_a_line() -> None:
    """Catches a part whose derivation nobody is pointed to."""
    assert {part.name for part in PARTS} - {"cache"} == set(BY_PART)
    for part in PARTS:
        assert (line_of(PartGrade(part, "wrong")) is None) == (part.name == "cache")


@pytest.mark.parametrize("place", sorted({*LINES.values(), *BY_PART.values()}))
def test_every_line_is_in_the_specification(place: tuple[str, int]) -> None:
    """Catches a line that was moved, and one that says nothing, such as 0 = 0."""
    claim = THEOREMS[place[0]].lines()[place[1]]

    assert claim.left != claim.right
    assert claim.because


def test_lines_are_of_mistakes_that_there_are() -> None:
    """Catches an id that was misspelt, or that no grade ever names."""
    assert set(LINES) <= set(MUTANTS)
    assert {id_.partition("/")[0] for id_ in LINES} <= FAMILIES


@pytest.mark.parametrize(
    ("part", "cause", "formula"),
    [
        ("forward/train-output", "eps/outside-the-root", "inv_std = 1/√(ε + σ²)"),
        ("forward/train-output", "formula/no-beta", "y[k] = β + γ x̂[k]"),
        ("forward/test-output", "mode/batch-statistics-in-inference", "running_var"),
        ("backward/dx", "backward/no-variance-term", "∂(inv_std)/∂x[k] = −inv_std² x̂[k]/m"),
        ("backward/dx", "backward/no-gamma", "dx[k] = γ inv_std (dy[k] "),
        ("backward/dgamma", "parameter-gradients/dgamma-mean", "dgamma = Σᵢ dy[i] x̂[i]"),
        ("backward/dbeta", "parameter-gradients/dbeta-mean", "dbeta = Σᵢ dy[i]"),
    ],
)
def test_the_line_reads_as_it_should(part: str, cause: str, formula: str) -> None:
    """Catches a mistake that is sent to the line of another one."""
    found = line(part, cause)

    assert found is not None
    assert formula in found.formula


def test_the_convention_of_momentum_is_told() -> None:
    """Catches a reader who takes the theorem's momentum for that of the exercise."""
    found = line("forward/running-statistics", "running/momentum-swapped")

    assert found is not None
    assert "that of the exercise weighs r_old" in found.because


@pytest.mark.parametrize("mistake", FORMS)
def test_mistakes_of_form_break_no_line(mistake: str) -> None:
    """Catches a formula shown to somebody whose numbers are right."""
    assert line("backward/dx", mistake) is None
