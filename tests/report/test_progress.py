"""Progress is a bar with the remaining time on a terminal, and a rare line in a log."""

import io
import time
from pathlib import Path

import pytest

from bnproof.check.meter import Meter
from bnproof.report.progress import progress_on


class Terminal(io.StringIO):
    """A stream that says that somebody is looking."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_bar_on_a_terminal() -> None:
    """Catches long work during which nothing is to be seen, or whose end cannot be guessed."""
    stream = Terminal()
    with progress_on(stream) as progress:
        progress(1, 10, "float32: [a case]")
        time.sleep(0.15)
        progress(2, 10, "float32: [a case]")
        time.sleep(0.15)

    assert "2/10" in stream.getvalue()
    assert "left  float32: [a case]" in stream.getvalue()


def test_nothing_in_a_log_at_first(tmp_path: Path) -> None:
    """Catches bars in the log of a server, or a line for a run of a few seconds."""
    path = tmp_path / "log"
    with path.open("w", encoding="utf-8") as stream, progress_on(stream) as progress:
        progress(1, 10, "text")

    assert path.read_text(encoding="utf-8") == ""


def test_heartbeat_in_a_log() -> None:
    """Catches a long run that looks as if it hung, also while one call takes long."""
    stream = io.StringIO()
    with progress_on(stream, every=0.02) as progress:
        time.sleep(0.05)
        progress(3, 10, "float32: a case")
        time.sleep(0.1)
    lines = stream.getvalue().splitlines()

    assert lines[0] == "bnproof: starting after 0 s: no case yet"
    assert lines[-1] == "bnproof: 3 of 10 after 0 s: float32: a case"
    assert len(lines) > 2


@pytest.mark.parametrize("checks", [1, 3])
def test_progress_of_several_checks_adds_up(checks: int) -> None:
    """Catches a bar that begins again with every dtype, so that it says nothing of the end."""
    seen: list[tuple[int, int]] = []
    meter = Meter(lambda done, total, text: seen.append((done, total)), checks)
    for _ in range(checks):
        part = meter.next()
        for done in (1, 2, 3):
            part(done, 3, "")

    assert [done for done, _ in seen] == list(range(1, 3 * checks + 1))
    assert {total for _, total in seen} == {3 * checks}


def test_smaller_failures_are_no_next_check() -> None:
    """Catches "4252 of 4252" in the first of four dtypes, while a failure is made small."""
    seen: list[tuple[int, int, str]] = []
    meter = Meter(lambda *told: seen.append(told), 4)
    part = meter.next()
    for _ in range(9):
        part(10, 10, "smaller")
    part(0, 0, "looking for the cause")
    meter.next()(2, 20, "a case")

    assert seen[:9] == [(10, 40, "smaller")] * 9
    assert seen[9:] == [(10, 40, "looking for the cause"), (12, 70, "a case")]


def test_steps_that_are_not_counted_on_a_terminal() -> None:
    """Catches a bar that shows the last case while something else takes its time."""
    stream = Terminal()
    with progress_on(stream) as progress:
        progress(0, 0, "loading a.py:BN")
        time.sleep(0.15)
        progress(10, 40, "looking for the cause")
        time.sleep(0.15)

    assert "loading a.py:BN" in stream.getvalue()
    assert "left  loading" not in stream.getvalue()  # nobody knows how much is left
    assert "10/40" in stream.getvalue()
    assert "left  looking for the cause" in stream.getvalue()
