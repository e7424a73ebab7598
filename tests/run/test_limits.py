"""Limits that a session can be given for targets of which no compiler is expected."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bnproof.sandbox.session import Session
from bnproof.targets.text import TargetError


def test_an_import_without_end(write: Callable[[str, str], Path]) -> None:
    """Catches a file that is waited for as long as the largest library takes to import."""
    path = write("endless.py", "while True: pass")
    began = time.monotonic()

    with pytest.raises(TargetError, match=r"importing it took more than 0\.5 s"):
        Session(f"{path}:BN", loading=0.5).__enter__()
    assert time.monotonic() - began < 10
