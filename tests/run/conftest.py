"""Little targets for the tests of the plumbing: right ones, and ones that are hostile."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

HOSTILE = '''
"""Right in what it computes, and hostile in what it does at its third training call."""

import ctypes
import os
import sys
import time

from bnproof.reference import BatchNorm


class Calm(BatchNorm):
    dtypes = ("float32",)
    ranks = (2,)
    layer = None
    calls = 0

    def train(self, *arguments, **settings):
        Calm.calls += 1
        if Calm.calls == 3:
            self.attack()
        return super().train(*arguments, **settings)

    def attack(self): ...


class Segfault(Calm):
    def attack(self):
        ctypes.string_at(0)


class Exit(Calm):
    def attack(self):
        print("about to leave", file=sys.stderr, flush=True)
        os._exit(7)


class SysExit(Calm):
    def attack(self):
        sys.exit(3)


class Hang(Calm):
    def attack(self):
        time.sleep(1000)


class HangInC(Calm):
    def attack(self):
        ctypes.PyDLL(None).sleep(1000)  # never lets another thread run


class Fork(Calm):
    def attack(self):
        if os.fork() == 0:
            time.sleep(1000)
        os._exit(1)


class Chatty(Calm):
    def attack(self):
        print("y" * 5_000_000)
        os.write(2, b"z" * 2_000_000)


class Reads(Calm):
    def attack(self):
        input()


class AlwaysExits(Calm):
    def train(self, *arguments, **settings):
        os._exit(1)


class AlwaysHangs(Calm):
    def train(self, *arguments, **settings):
        time.sleep(1000)
'''


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of Python into a folder of its own."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def hostile(write: Callable[[str, str], Path]) -> Path:
    """The file of hostile targets."""
    return write("hostile.py", HOSTILE)
