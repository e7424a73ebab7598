"""Little targets for the tests of the plumbing: right ones, and ones that are hostile."""

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.run.hostility import HOSTILE


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of Python into a folder of its own."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def same_interpreter_afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loading changes the path and the modules of the process that it runs in."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("numpy", "torch", "bnproof.")):
            del sys.modules[name]


@pytest.fixture
def hostile(write: Callable[[str, str], Path]) -> Path:
    """The file of hostile targets."""
    return write("hostile.py", HOSTILE)
