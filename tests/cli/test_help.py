"""Help is quick: it imports nothing that takes time."""

import subprocess
import sys

import pytest

from bnproof.cli.main import VERBS

HEAVY = ("torch", "sympy", "hypothesis", "numpy", "rich", "ml_dtypes", "matplotlib")

CALLS = [["--help"], ["-h"], ["check", "--help"], ["study", "--help"], ["--version"], []]


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a fresh interpreter."""
    command = [sys.executable, *arguments]
    return subprocess.run(  # noqa: S603  # this Python, this package
        command, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", CALLS)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Catches an import at the top of a file that makes help slow."""
    text = f"""
import sys
from bnproof.cli.main import run
status = run({arguments!r})
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"imports {{heavy}}" if heavy else status)
"""
    done = python("-c", text)

    assert "imports" not in done.stderr
    assert done.returncode == (0 if arguments else 2)


def test_module_is_a_program() -> None:
    """Catches `python -m bnproof` that does nothing, or that does it under another name."""
    done = python("-m", "bnproof", "--help")

    assert "Usage: bnproof [OPTIONS] COMMAND" in done.stdout
    assert "check " in done.stdout


def test_every_verb_can_be_imported() -> None:
    """Catches a verb in the help that fails when it is called."""
    for verb in VERBS:
        done = python("-m", "bnproof", verb, "--help")

        assert done.returncode in (0, 2), done.stderr
        assert "Traceback" not in done.stderr
