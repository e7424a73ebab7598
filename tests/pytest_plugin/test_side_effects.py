"""The plugin is loaded in every run of everybody's tests, and a check runs among them."""

import json
import subprocess
import sys

from tests.pytest_plugin.conftest import Project

LOADING = """
import os, random, sys, warnings

def state():
    return random.getstate(), list(warnings.filters), dict(os.environ), list(sys.path)

before = state()
import bnproof.pytest_plugin
assert state() == before
print([m for m in ("numpy", "sympy", "torch", "hypothesis", "rich", "click") if m in sys.modules])
"""

STATE = """
import json, os, random, sys, warnings
from pathlib import Path

def state():
    environment = {k: v for k, v in os.environ.items() if k != "PYTEST_CURRENT_TEST"}
    return [str(each) for each in warnings.filters], list(sys.path), environment

def test_state():
    heavy = [m for m in ("numpy", "sympy", "torch") if m in sys.modules]
    Path("state.json").write_text(json.dumps([heavy, *state()]))
"""

CONFTEST = """
from hypothesis import settings

settings.register_profile("mine", max_examples=7)
settings.load_profile("mine")
"""

CHECKING = (
    STATE
    + """
from hypothesis import settings
from bnproof.testing import check_implementation
from mynorm import Norm
import numpy as np

def test_check():
    random.seed(0)
    np.random.seed(0)
    before = state(), random.getstate(), np.random.get_state()[1].tolist(), np.geterr()
    report = check_implementation(Norm(), profile="standard", properties=["inference/*"])

    assert report.cases["float32"] > 200  # the search has run
    after = state(), random.getstate(), np.random.get_state()[1].tolist(), np.geterr()
    assert after == before
    assert settings.default.max_examples == 7
"""
)


def test_loading_imports_nothing_heavy_and_changes_nothing() -> None:
    """Catches an import or a changed state that everybody's test runs would pay for."""
    done = subprocess.run(  # noqa: S603  # this Python
        [sys.executable, "-c", LOADING], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_unused_plugin_changes_nothing(project: Project) -> None:
    """Catches warning filters, imports or an environment that differ by its being there."""
    project.write("test_state.py", STATE)
    found = []
    for more in ((), ("-p", "no:bnproof")):
        assert project.pytest("-W", "error", *more).status == 0
        found.append(json.loads((project.folder / "state.json").read_text(encoding="utf-8")))

    assert found[0] == found[1]
    assert found[0][0] == []


def test_check_leaves_the_state_of_the_process(project: Project) -> None:
    """Catches a check that changes the Hypothesis profile, filters or random states of a test."""
    project.write("conftest.py", CONFTEST)
    project.write("test_check.py", CHECKING)
    ran = project.pytest()

    assert ran.status == 0, ran.out
