"""``bnproof derive`` and ``bnproof prove`` as a reader calls them."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bnproof.cli.main import cli
from bnproof.spec.contents import THEOREMS


def run(*arguments: str) -> Result:
    """One call of the command line."""
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def test_list_has_a_line_for_each_theorem() -> None:
    """A theorem that is left out, or an id that cannot be copied from the list."""
    lines = run("derive", "--list").output.splitlines()

    assert [line.split()[0] for line in lines] == list(THEOREMS)


def test_a_theorem_is_shown_with_how_it_was_checked() -> None:
    """A page of formulas that nothing was checked for."""
    output = run("derive", "dbeta").output

    assert "= Σᵢ dy[i]" in output
    assert "proved by canonical forms" in output
    assert "damaged copies refused" in output


def test_the_whole_text() -> None:
    """A chapter that is left out of the text."""
    output = run("derive").output

    assert all(f"[{theorem}]" in output for theorem in THEOREMS)


@pytest.mark.parametrize("form", ["html", "md", "latex", "ipynb"])
def test_documents_are_written(form: str, tmp_path: Path) -> None:
    """An option that writes nothing, or somewhere else."""
    path = tmp_path / "text"
    result = run("derive", "--format", form, "-o", str(path), "--notation", "course")

    assert result.return_value == 0
    assert len(path.read_text(encoding="utf-8")) > 10_000


def test_an_unknown_theorem_gets_a_suggestion() -> None:
    """A message that leaves the reader alone."""
    result = CliRunner().invoke(cli, ["derive", "dbetta"])

    assert result.exit_code == 2
    assert "did you mean dbeta?" in result.output


def test_proved() -> None:
    """The exit status is what a script looks at."""
    result = run("prove", "gamma*inv_std*(dy - mean(dy) - xhat*mean(dy*xhat))", "--for", "dx")

    assert result.return_value == 0
    assert result.output.startswith("proved for every m")


def test_refuted_with_numbers_and_the_mistake() -> None:
    """A refutation that nobody can check, or that does not help."""
    result = run("prove", "gamma*inv_std*(dy - mean(dy))", "--for", "dx")

    assert result.return_value == 1
    assert "with m = 2" in result.output
    assert "your formula gives" in result.output
    assert "known mistake: the gradient through the variance is left out" in result.output


@pytest.mark.parametrize(
    ("formula", "says"),
    [("dy + dz", "     ^ there is no dz"), ("dy", "what it should equal is missing")],
)
def test_not_understood(formula: str, says: str) -> None:
    """A traceback, or a caret at another place."""
    result = CliRunner().invoke(cli, ["prove", formula], standalone_mode=False)

    assert result.return_value == 2
    assert says in result.output
