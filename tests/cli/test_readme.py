"""The README is held against what the program prints and what the repository holds."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bnproof.cli.main import cli
from bnproof.mutants.catalogue import distinct
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES
from bnproof.properties.network import NETWORK_PROPERTIES

README = Path(__file__).parents[2] / "README.md"


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    found = re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    return [str(block) for block in found]


def test_failure_reads_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The failure in the README would drift away from what a user sees."""
    code = next(block for block in blocks("python") if block.startswith("# my_batchnorm.py"))
    (tmp_path / "my_batchnorm.py").write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    target = "my_batchnorm.py:batchnorm_forward,batchnorm_backward"
    printed = CliRunner().invoke(cli, ["check", target, "--profile", "quick"]).output

    (shown,) = (block for block in blocks("text") if block.startswith("FAIL"))

    assert shown.strip() in printed.replace(" \n", "\n")
    assert len(printed.splitlines()) < 60
    assert printed.splitlines()[0] == printed.splitlines()[-1]
    checked = re.search(r"checked +(\d+) properties", printed)
    assert checked is not None
    first = f"{target} does not conform: 4 of {checked[1]} properties fail\n"
    assert printed.startswith(first)


def test_refutation_reads_as_shown() -> None:
    """The refutation in the README likewise."""
    (shown,) = (block for block in blocks("text") if block.startswith("$ bnproof prove"))
    command, _, printed = shown.partition("\n")
    formula = command.split('"')[1]

    assert CliRunner().invoke(cli, ["prove", formula, "--for", "dx"]).output == printed


def test_commands_are_those_that_ci_runs() -> None:
    """CI could run something that users are not told of."""
    script = (README.parent / ".ci" / "run").read_text(encoding="utf-8")
    pythons = {line.split("&&")[0].strip() for line in "".join(blocks("sh")).splitlines()}

    assert "python3 -m venv .venv" in pythons
    for line in script.splitlines():
        if line.startswith((".venv/", "python3")):
            assert line.replace("--quiet ", "") in README.read_text(encoding="utf-8")


def test_zoo_is_as_large_as_said() -> None:
    """Numbers in prose are nobody's to update."""
    text = README.read_text(encoding="utf-8")
    numbers = re.search(r"(\d+) right and (\d+) wrong implementations", text)
    assert numbers is not None
    zoo = README.parent / "tests" / "zoo"
    from_listing = _listing(zoo)

    assert tuple(map(int, numbers.groups())) == from_listing


def test_mutants_are_as_many_as_said() -> None:
    """Likewise of the mutants and controls, in README and changelog."""
    changes = (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{distinct()} mistakes" in README.read_text(encoding="utf-8")
    assert f"{distinct()} distinct mistakes" in changes
    assert f"{len(CONTROLS)} right implementations" in changes


def test_properties_are_as_many_as_said() -> None:
    """Likewise of the properties, in the changelog."""
    changes = (README.parent / "CHANGELOG.md").read_text(encoding="utf-8")

    assert f"against {len(PROPERTIES)} properties" in changes
    assert f"{len(NETWORK_PROPERTIES)} properties of layers and optimizers" in changes


def _listing(zoo: Path) -> tuple[int, int]:
    import importlib.util  # noqa: PLC0415  # a file that is loaded by its path, as targets are

    spec = importlib.util.spec_from_file_location("zoo_listing", zoo / "listing.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return len(module.right()), len(module.wrong())


def test_numbers_are_those_of_the_library() -> None:
    """A number that stayed behind when the library grew."""
    readme = README.read_text(encoding="utf-8")

    assert f"all {distinct()} distinct mistakes" in readme
    assert f"{distinct()} mistakes, wrong on purpose" in readme
    assert f"none of the {len(CONTROLS)} right ones" in readme
