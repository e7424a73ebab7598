"""The recipes for users' CI are well formed, and their commands have the options that there are."""

import configparser
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from bnproof.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "continuous-integration.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> Iterator[str]:
    """Every command of every recipe."""
    for block in blocks("sh"):
        yield from block.splitlines()
    for block in blocks("ini"):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(block)
        for section in parser.sections():
            yield from filter(None, parser[section]["commands"].splitlines())
    for block in blocks("yaml"):
        yield from strings(yaml.safe_load(block))


def strings(value: Any) -> Iterator[str]:
    """What a workflow or a hook runs."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("run", "entry"):
                yield str(inner).strip()
            yield from strings(inner)
        if "args" in value:
            yield f"bnproof check {shlex.join(value['args'])}"
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


OURS = [command for command in commands() if command.startswith("bnproof ")]
PYTESTS = [command for command in commands() if command.startswith("pytest ")]


def parsed(command: str) -> dict[str, Any]:
    """The parameters of a command line, as click reads it; raises for what is not there."""
    _, verb, *arguments = shlex.split(command)
    with click.Context(cli) as context:
        found = cli.get_command(context, verb)
        assert found is not None
        return found.make_context(f"bnproof {verb}", arguments).params


@pytest.mark.parametrize("command", OURS)
def test_commands_parse(command: str) -> None:
    """Catches a recipe with an option that there is not, or a value that is refused."""
    parameters = parsed(command)

    assert [t.endswith(":BatchNorm") for t in parameters["targets"]] == [True]


def test_every_recipe_has_a_command() -> None:
    """Catches recipes that the test above does not find."""
    assert len(OURS) >= 5
    assert len(PYTESTS) == 2


@pytest.mark.parametrize("command", PYTESTS)
def test_pytest_knows_its_options(command: str, pytestconfig: pytest.Config) -> None:
    """Catches a recipe with an option that the plugin does not have."""
    known = {
        option
        for group in (pytestconfig._parser._anonymous, *pytestconfig._parser._groups)
        for each in group.options
        for option in each.names()
    }

    assert {word for word in shlex.split(command) if word.startswith("--")} <= known


def test_hook_is_a_command() -> None:
    """Catches a hook for pre-commit that is another one than the page's, or that cannot run."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

    assert f"- id: {hook['id']}\n" in PAGE
    assert hook["entry"] == "bnproof check"
    assert hook["pass_filenames"] is False


def test_statuses_are_those_of_the_program() -> None:
    """Catches an exit status that the page leaves out, or that the program does not know."""
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    help_text = cli.help or ""
    said = {int(n) for n in re.findall(r"(?:status: |; )(\d+) ", " ".join(help_text.split()))}

    assert listed == {0, 1, 2, 3, 4, 130}
    assert said == listed


def test_version_of_the_hook_is_ours() -> None:
    """Catches a recipe that pins a version that was never made."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert f"rev: v{project['version']}\n" in PAGE
