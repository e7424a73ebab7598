"""Programs run by a Python that lacks what Windows lacks."""

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent / "without_posix"


def python_path() -> str:
    """PYTHONPATH for such a Python, which finds what this process finds."""
    before = os.environ.get("PYTHONPATH", "")
    places = [os.path.abspath(place) for place in before.split(os.pathsep) if place]  # noqa: PTH100  # a text
    return os.pathsep.join([str(FOLDER), *places])


def run_hidden(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run Python with these arguments."""
    return subprocess.run(  # noqa: S603  # this Python
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": python_path(), "COLUMNS": "200", **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
