"""Ctrl-C takes effect within a second, whatever the check does at the time, on a busy machine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

WRONG = """
from bnproof.reference import BatchNorm

class BN(BatchNorm):
    dtypes, ranks, layer = ("float32",), (2,), None

    def train(self, x, gamma, beta, running_mean, running_var, *, momentum, eps, **more):
        given = x, gamma, beta, running_mean, running_var
        wrong = 2 * eps if len(x) > 8 else eps
        return super().train(*given, momentum=momentum, eps=wrong, **more)
"""
RUN = """
import importlib, sys, time
from pathlib import Path
place, number, *arguments = sys.argv[1:]
module, _, path = place.partition(":")
holder = importlib.import_module(module)
*outer, name = path.split(".")
for each in outer:
    holder = getattr(holder, each)
original, calls, began = getattr(holder, name), 0, None

def counted(*given, **more):
    global calls, began
    calls += 1
    if calls == int(number):
        began = time.process_time()
        Path("reached").touch()
    return original(*given, **more)

setattr(holder, name, counted)
from bnproof.cli.main import run
status = run(arguments)
print(f"took {time.process_time() - (began or 0):.3f} s", file=sys.stderr)
sys.exit(status)
"""
PLACES = {
    "a worker is loaded": ("bnproof.sandbox.session:Session._start", 1),
    "a truth is formed": ("bnproof.engine.judging.judge:Judge.judge", 60),
    "a failure is made small": ("bnproof.sandbox.session:Session.run", 8),
    "properties are judged": ("bnproof.check.one_implementation:conclude", 1),
    "another declaration is looked for": ("bnproof.check.one_implementation:alternative", 1),
    "the accuracy is measured": ("bnproof.check.one_implementation:accuracy", 1),
    "the cause is looked for": ("bnproof.causes.known_mistakes:with_causes", 1),
    "failures are saved": ("bnproof.check.one_target:with_replays", 1),
}
SECONDS = 1.0
PATIENCE = 120  # seconds that a busy machine may take to come as far


@pytest.fixture
def others() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Stopped processes that take all processors when they go on."""
    processes = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(2 * (os.cpu_count() or 1))
    ]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@pytest.mark.parametrize("doing", PLACES)
def test_ctrl_c(doing: str, tmp_path: Path, others: list[subprocess.Popen[bytes]]) -> None:
    """Catches an interrupt that waits for the end of something, or that loses the report.

    The time is what the process computes after the place is reached; how often it gets to compute
    on a busy machine is not in its hands.
    """
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    place, number = PLACES[doing]
    profile = "standard" if doing == "a failure is made small" else "quick"
    check = ["check", "wrong.py:BN", "--json", "report.json", "--profile", profile]
    with subprocess.Popen(  # noqa: S603  # this Python, this package
        [sys.executable, "-c", RUN, place, str(number), *check],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        deadline = time.monotonic() + PATIENCE
        while not (tmp_path / "reached").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.005)
        for other in others:
            other.send_signal(signal.SIGCONT)
        process.send_signal(signal.SIGINT)
        printed, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130, printed
    assert "Traceback" not in printed
    took = re.search(r"took (.*) s", printed)
    assert took is not None
    assert float(took[1]) < SECONDS
    if doing != "a worker is loaded":
        assert "wrong.py:BN interrupted after" in printed
        assert (tmp_path / "report.json").exists()
