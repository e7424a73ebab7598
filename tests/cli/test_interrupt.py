"""Ctrl-C ends a check at once, reports what was done, and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

HANGS = """
import os, signal, time
from pathlib import Path
from bnproof.reference import BatchNorm

class BN(BatchNorm):
    dtypes, ranks, layer, calls = ("float32", "float64"), (2,), None, 0

    def train(self, *arguments, **settings):
        BN.calls += 1
        if BN.calls > 200:
            self.leave_a_daemon()
            time.sleep(1000)
        return super().train(*arguments, **settings)

    def leave_a_daemon(self):
        read, write = os.pipe()
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.write(write, b"%d" % os.getpid())
            time.sleep(1000)
        daemon = os.read(read, 100).decode()
        Path("processes").write_text(f"{os.getppid()} {os.getpid()} {daemon}.", encoding="utf-8")
"""
PATIENCE = 20  # seconds that a slow machine may take for what takes a moment


@pytest.fixture
def hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a target that hangs after a while, beside a daemon; its guard, it and that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hangs.py").write_text(HANGS, encoding="utf-8")
    return tmp_path / "processes"


def interrupted(processes: Path, number: int) -> tuple[int, str, float]:
    """Exit status, output and time of a check that got a signal while its target hung."""
    command = [sys.executable, "-m", "bnproof", "check", "hangs.py:BN", "--json", "report.json"]
    with subprocess.Popen(  # noqa: S603  # this Python, this package
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            until(lambda: processes.exists() and processes.read_text(encoding="utf-8")[-1:] == ".")
            time.sleep(0.5)  # the last observation is judged, and then it waits for the worker
            sent = time.monotonic()
            process.send_signal(number)
            printed, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()  # or a test that fails waits until the target has timed out
        return process.returncode, printed, time.monotonic() - sent


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, -1), (signal.SIGKILL, -9)]
)
def test_no_process_is_left(hanging: Path, number: int, status: int) -> None:
    """Catches a worker, or what it has forked, that goes on after its run was ended."""
    returned, printed, _ = interrupted(hanging, number)

    assert returned == status
    assert "Traceback" not in printed
    assert_dead(hanging)


def test_partial_report(hanging: Path) -> None:
    """Catches an interrupt that throws away what was found, or that takes its time."""
    returned, printed, seconds = interrupted(hanging, signal.SIGINT)

    assert returned == 130
    assert "Traceback" not in printed
    assert "hangs.py:BN interrupted after" in printed
    assert_dead(hanging)
    assert seconds < 5, "about half a second on an idle machine"
    report = json.loads(Path("report.json").read_text(encoding="utf-8"))
    assert report["interrupted"] is True
    assert report["conforms"] is False
    assert 0 < report["cases"]["float32"] < report["promised"]["float32"]
    assert "float64" not in report["cases"]
    verdicts = {result["property"]: result["verdict"] for result in report["results"]}
    assert verdicts["forward/agreement"] == "pass"
    reasons = {result["reason"] for result in report["results"] if not result["examples"]}
    assert "no case of its kind was reached before the interrupt" in reasons


def assert_dead(processes: Path) -> None:
    """All processes that the target has named are gone."""
    numbers = processes.read_text(encoding="utf-8").rstrip(".").split()
    assert len(numbers) == 3
    for number in numbers:
        until(lambda process=int(number): is_dead(process))  # type: ignore[misc]  # a default binds it


def is_dead(process: int) -> bool:
    """Whether a process is gone, or only waits for its parent to notice."""
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").split()[2]
    except (ProcessLookupError, FileNotFoundError):
        return True
    return state == "Z"


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that takes a moment."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)
