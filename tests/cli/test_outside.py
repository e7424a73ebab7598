"""--declare, --without and --identify, on the command line and in pyproject.toml."""

from pathlib import Path

import pytest
from tests.few_cases import check_few_cases
from tests.targets import norms

from bnproof.cli.main import run

QUICK = ("--profile", "quick", "--property", "running/one-step")
TARGET = "mine.py:Undeclared"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a target, of which few cases are checked."""
    check_few_cases(monkeypatch)
    text = Path(norms.__file__).read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def table(project: Path, text: str) -> None:
    """Write pyproject.toml."""
    (project / "pyproject.toml").write_text(text, encoding="utf-8")


def test_options() -> None:
    """Catches an option without effect."""
    assert run(["check", TARGET, *QUICK]) == 1
    declared = ["--declare", "momentum_weighs=old", "--declare", "running_variance=biased"]
    assert run(["check", TARGET, *QUICK, *declared]) == 0
    assert run(["check", TARGET, *QUICK, "--identify"]) == 0
    assert run(["check", TARGET, *QUICK, "--without", "running-statistics"]) == 4  # nothing is left


def test_pyproject(project: Path) -> None:
    """Catches a table that is not read, a pattern that does not match, and an order of the two."""
    table(
        project,
        """
        [tool.bnproof.targets."*:Undeclared"]
        momentum_weighs = "old"
        running_variance = "unbiased"

        [tool.bnproof.targets."mine.py:Undeclared"]
        running_variance = { 2 = "biased", 4 = "biased" }
        """,
    )
    assert run(["check", TARGET, *QUICK]) == 0
    assert run(["check", TARGET, *QUICK, "--declare", "momentum_weighs=new"]) == 1


def test_pyproject_without_and_identify(project: Path) -> None:
    """Catches keys of the table that are taken for attributes."""
    table(
        project,
        '[tool.bnproof.targets."mine.py:Undeclared"]\nidentify = true\nwithout = ["gradients"]\n',
    )
    assert run(["check", TARGET, *QUICK]) == 0


@pytest.mark.parametrize("verb", ["check", "doctor", "identify"])
@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--declare", "momentum_weigh=old"), "did you mean momentum_weighs?"),
        (("--declare", "ranks=7"), "--declare ranks: expected some of 2, 3, 4, 5"),
        (("--without", "statistics"), "--without: expected one of running-statistics"),
    ],
)
def test_slip(
    verb: str, options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a slip that is a fault of ours, or is ignored."""
    assert run([verb, TARGET, *options]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets = 3", "expected tables such as"),
        ("targets.'mine.py:Undeclared' = 3", "expected tables such as"),
        ("targets.'mine.py:Undeclared'.momentum_weighs = 'odl'", "did you mean old?"),
        ("targets.'mine.py:Undeclared'.rank = 2", "unknown attribute, did you mean ranks?"),
        ("targets.'mine.py:Undeclared'.without = 3", 'expected without = ["PART"], got 3'),
        ("targets.'mine.py:Undeclared'.without = ['x']", "expected one of running-statistics"),
        ("targets.'mine.py:Undeclared'.identify = 'yes'", "expected identify = true or false"),
    ],
)
def test_wrong_table(
    project: Path, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Catches a table that silently has no effect."""
    table(project, f"[tool.bnproof]\n{text}\n")
    assert run(["check", TARGET, *QUICK]) == 2
    assert said in capsys.readouterr().err


def test_identify_compares_with_what_is_declared(capsys: pytest.CaptureFixture[str]) -> None:
    """Catches a declaration from outside that identify does not hold against what it finds."""
    assert run(["identify", TARGET, "--declare", "momentum_weighs=new"]) == 1
    assert "CONTRADICTION  momentum weighs" in capsys.readouterr().out
    assert run(["identify", TARGET, "--declare", "momentum_weighs=old"]) == 0
