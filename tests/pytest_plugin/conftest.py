"""A separate small project, and pytest run in it as its maintainer would: in a real process."""

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest

MYNORM = '''
"""Inference alone and of one shape, so that a check takes a second."""

import os
from pathlib import Path

import numpy as np


class Norm:
    dtypes = ("float32",)
    ranks = (2,)
    fixed = {"shape": (8, 3)}

    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        log = Path(__file__).with_name("calls.txt")
        with log.open("a") as file:
            file.write(f"{x.dtype}\\n")
        inv_std = 1 / np.sqrt(running_var + x.dtype.type(eps))
        return (x - running_mean) * inv_std * gamma + beta, running_mean, running_var, None


class Both(Norm):
    dtypes = ("float32", "float64")


class Doubled(Norm):
    def infer(self, x, gamma, beta, running_mean, running_var, *, eps):
        return super().infer(x, gamma, beta, running_mean, running_var, eps=2 * eps)


class DoubledBoth(Doubled):
    dtypes = ("float32", "float64")


class Bare:
    def infer(self, *arguments, **settings):
        return None
'''

SETTINGS = """
[pytest]
pythonpath = src
addopts = --strict-markers --strict-config
filterwarnings = error
xfail_strict = true
"""


@dataclass(frozen=True)
class Run:
    """What a run of pytest ended with."""

    status: int
    out: str

    def outcome(self, test: str) -> str:
        """The word that -v prints after a test."""
        lines = [line for line in self.out.splitlines() if line.startswith(f"{test} ")]
        assert lines, f"{test} did not run:\n{self.out}"
        return lines[0].removeprefix(test).split()[0]


@dataclass(frozen=True)
class Project:
    """A project with a module ``mynorm`` in src, and whatever tests are written into it."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        """Write a file of it."""
        (self.folder / name).write_text(text, encoding="utf-8")

    @property
    def temporary(self) -> Path:
        """Where its runs make temporary files."""
        return self.folder / "tmp"

    @property
    def calls(self) -> list[str]:
        """The dtype of each call of `infer` since they were last forgotten."""
        log = self.folder / "src" / "calls.txt"
        return log.read_text(encoding="utf-8").split() if log.exists() else []

    def forget_calls(self) -> None:
        """Begin to count anew."""
        (self.folder / "src" / "calls.txt").unlink(missing_ok=True)

    def pytest(self, *arguments: str) -> Run:
        """Run pytest in it; the quick profile, unless the arguments say another."""
        command = [sys.executable, "-m", "pytest", *_plugin(), "--bnproof-profile=quick"]
        if "no:bnproof" in arguments:
            command = [sys.executable, "-m", "pytest"]
        done = subprocess.run(  # noqa: S603  # this Python
            [*command, *arguments],
            cwd=self.folder,
            env={**_environment(), "TMPDIR": str(self.temporary)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return Run(done.returncode, done.stdout + done.stderr)


def _plugin() -> list[str]:
    """The plugin is found by its entry point, if this very version is installed."""
    installed = any(each.name == "bnproof" for each in entry_points(group="pytest11"))
    return [] if installed else ["-p", "bnproof.pytest_plugin"]


def _environment() -> dict[str, str]:
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COV_"))}
    return {**ours, "COLUMNS": "200", "NO_COLOR": "1"}


def made_in(folder: Path) -> Project:
    """A new project."""
    project = Project(folder)
    for inner in (folder / "src", project.temporary):
        inner.mkdir()
    project.write("src/mynorm.py", MYNORM)
    project.write("pytest.ini", SETTINGS)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of the test's own."""
    return made_in(tmp_path)


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that the tests of a module look at together."""
    return made_in(tmp_path_factory.mktemp("project"))
