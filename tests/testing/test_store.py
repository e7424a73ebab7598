"""A value is made once per run, whichever process needs it first."""

import subprocess
import sys
from pathlib import Path

import pytest

from bnproof.testing.store import Store

SLOWLY = """
import sys, time
from pathlib import Path
from bnproof.testing.store import Store

folder = Path(sys.argv[1])

def make():
    with (folder / "made.txt").open("a") as file:
        file.write("made ")
    time.sleep(0.3)
    return {"dtype": "float32"}

print(Store(folder).once("check", make))
"""


def test_processes_share_a_value(tmp_path: Path) -> None:
    """Catches a value that each of several processes makes, or reads half written."""
    command = [sys.executable, "-c", SLOWLY, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]  # noqa: S603  # this Python
    said = [process.communicate(timeout=60)[0] for process in processes]

    assert said == ["{'dtype': 'float32'}\n"] * 3
    assert (tmp_path / "made.txt").read_text(encoding="utf-8") == "made "


def test_fault_is_raised_again_and_not_made_again() -> None:
    """Catches a fault that costs a whole check for each test that needs it."""
    made = []

    def make() -> None:
        made.append(1)
        raise ValueError("no luck")

    store = Store()
    for _ in range(2):
        with pytest.raises(ValueError, match="no luck"):
            store.once("check", make)
    assert made == [1]


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    """Catches a process on another machine, without the folder, that cannot work."""
    assert Store(tmp_path / "elsewhere").once("check", lambda: 3) == 3
