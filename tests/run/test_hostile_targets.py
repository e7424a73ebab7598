"""Every hostile deed has its verdict, the cases after it run, and nothing of it is left behind."""

import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from tests.run.observing import case, ending, endings, observe

from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.verdicts import evaluate
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.observation import Observation
from bnproof.engine.wording.events import raised
from bnproof.properties.catalogue import chosen
from bnproof.sandbox.session import Session

CRASHES = {
    "Segfault": "killed by SIGSEGV in the call 'train': Fatal Python error",
    "Abort": "killed by SIGABRT in the call 'train'",
    "Exit": "exited with status 7 in the call 'train': about to leave",
    "InterruptsItself": "killed by SIGINT in the call 'train'",
    "Alarm": "killed by SIGALRM in the call 'train'",
    "ClosesAllFiles": "in the call 'train': the worker's connection was closed by the target",
    "AnswersForUs": "wrote into the connection of its worker in the call 'unknown'",
    "Scribbles": "exited with status 7 in the call",
    "Fork": "exited with status 1 in the call 'train'",
}
KILLS = ("KillsItself", "KillsItsGroup", "KillsItsParent")
HANGS = (
    "Hang",
    "HangInC",
    "IgnoresSignals",
    "CatchesEverything",
    "Stops",
    "StopsItsParent",
    "PrintsForEver",
)
NO_DESCRIPTOR = """
import os
from bnproof.reference import BatchNorm as BN
from pathlib import Path
kept = [os.readlink(path) for path in Path("/proc/self/fd").iterdir() if os.path.lexists(path)]
assert not any("memfd" in name for name in kept), kept
assert "memfd:bnproof" in Path("/proc/self/maps").read_text()
"""
RAISES = {
    "SysExit": "SystemExit: 3",
    "Interrupt": "KeyboardInterrupt",
    "Recursion": "RecursionError",
    "Reads": "EOFError",
}
NOTES = {
    "Rounds": ["a call left another rounding mode in the processor, which was put back"],
    "Flushes": [
        "a call left other subnormals in the processor (flush to zero), which was put back"
    ],
    "Raises": ["a call left another handling of errors in NumPy (seterr), which was put back"],
    "Seeds": [
        "a call changed the global random numbers of NumPy",
        "a call changed the global random numbers of Python",
    ],
    "Moves": ["a call left another working directory"],
    "ChangesPath": ["a call left another sys.path"],
    "ChangesEnvironment": ["a call left another environment"],
    "ChangesHandlers": ["a call left other signal handlers"],
    "ForkReturns": ["a call forked, and the copy returned from it as well; the copy was ended"],
}
QUIET = ("Calm", "Chatty", "ClosesOutput", "ForkRaises", "ForkInC")
CASES = 6
JUDGED = ("forward/deterministic", "inference/agreement")
MEGABYTE = 1 << 20


@pytest.mark.parametrize("name", CRASHES)
def test_crash(hostile: Path, name: str) -> None:
    """Catches a crash that ends the run, is laid on another case, or is not explained."""
    observed = observe(f"{hostile}:{name}", timeout=5)

    assert endings(observed) == ["", "", "crashed", "", ""]
    assert CRASHES[name] in ending(observed[2])
    assert "y" in observed[3].results["train"]


@pytest.mark.parametrize("name", KILLS)
def test_kill(hostile: Path, name: str) -> None:
    """Catches a process that the system may have killed, and a case that is not run once more."""
    observed = observe(f"{hostile}:{name}", timeout=5)

    assert endings(observed) == [""] * 5
    assert all("y" in seen.results["train"] for seen in observed)


@pytest.mark.parametrize("name", HANGS)
def test_hang(hostile: Path, name: str) -> None:
    """Catches a hang that blocks the run, whatever the target does to be left alone."""
    began = time.monotonic()
    observed = observe(f"{hostile}:{name}")

    assert endings(observed) == ["", "", "timed-out", "", ""]
    assert "no answer after 0.4 s in the call 'train'" in ending(observed[2])
    assert time.monotonic() - began < 20


def test_hang_after_the_page_was_wiped(hostile: Path) -> None:
    """Catches a target that lives for ever since nothing says any more which call it is in."""
    with Session(f"{hostile}:ScribblesAndHangs", timeout=0.4, loading=6) as session:
        observed = [o for _, o in session.run_many(case(n) for n in range(5))]

    assert endings(observed) == ["", "", "timed-out", "", ""]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_descriptor_of_the_page(write: Callable[[str, str], Path]) -> None:
    """Catches memory of ours that a target finds by trying every descriptor."""
    with Session(f"{write('looks.py', NO_DESCRIPTOR)}:BN") as session:
        assert right(session.run(case()))


@pytest.mark.parametrize("name", RAISES)
def test_exceptions_are_events(hostile: Path, name: str) -> None:
    """Catches sys.exit that ends the worker, and input() that waits for the user's terminal."""
    observed = observe(f"{hostile}:{name}")

    assert [bool(o.of(EventKind.RAISED)) for o in observed] == [False, False, True, False, False]
    assert RAISES[name] in raised(observed[2].of(EventKind.RAISED)[0])
    assert not any(o.failure for o in observed)


def test_all_memory(hostile: Path) -> None:
    """Catches a target that takes the memory of the machine, or a limit that nobody is told of."""
    with Session(f"{hostile}:TakesAllMemory", timeout=20, memory=256 * MEGABYTE) as session:
        observed = [o for _, o in session.run_many(case(n) for n in range(5))]

    (event,) = observed[2].of(EventKind.RAISED)
    assert "MemoryError" in raised(event)
    assert "256M beside its imports: --memory" in raised(event)
    assert not any(o.failure for o in observed)


def test_limit_leaves_room_for_imports(write: Callable[[str, str], Path]) -> None:
    """Catches a limit that counts what a target, such as a framework, takes on import."""
    path = write(
        "large.py",
        """
        from bnproof.reference import BatchNorm as BN
        taken = bytearray(256 << 20)
        """,
    )
    with Session(f"{path}:BN", memory=64 * MEGABYTE) as session:
        assert right(session.run(case()))


@pytest.mark.parametrize("name", QUIET)
def test_harmless(hostile: Path, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Catches printed megabytes, or a copy of the worker, that block it or reach the report."""
    observed = observe(f"{hostile}:{name}", timeout=5)

    assert all(right(o) for o in observed)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", NOTES)
def test_notes(hostile: Path, name: str) -> None:
    """Catches a changed process that nobody is told of, or that spoils other calls."""
    if name == "Flushes":
        pytest.importorskip("torch")
    with Session(f"{hostile}:{name}", timeout=20) as session:
        observed = [o for _, o in session.run_many(case(n) for n in range(CASES))]

    assert session.restarts == 0
    assert all(right(o) for o in observed)
    assert [bits(o) for o in observed[3:]] == undisturbed()[3:]
    assert session.notes == NOTES[name]


def test_arithmetic_is_put_back_before_the_next_call(hostile: Path) -> None:
    """Catches backward, in the same case, that is judged by what train did to the processor."""
    observed = {}
    for name in ("Calm", "Rounds"):
        with Session(f"{hostile}:{name}") as session:
            observed[name] = [session.run(case(n, calls="full")) for n in range(2)]

    def gradients(o: Observation) -> dict[str, bytes]:
        return {k: v.tobytes() for k, v in o.results["train"].items() if k.startswith("d")}

    same = [gradients(a) == gradients(b) for a, b in zip(*observed.values(), strict=True)]
    assert same == [True, True]


def test_import_that_changes_the_processor(write: Callable[[str, str], Path]) -> None:
    """Catches a library built to flush subnormals whose user is not told of it."""
    path = write(
        "fast.py",
        """
        import ctypes, os
        from bnproof.reference import BatchNorm as BN
        up = 0x800 if os.uname().machine == "x86_64" else 0x400000
        ctypes.CDLL(None).fesetround(up)
        """,
    )
    with Session(f"{path}:BN") as session:
        assert session.notes == ["importing the target left another rounding mode in the processor"]


def test_same_random_numbers_in_every_run(hostile: Path) -> None:
    """Catches a run of the same seed that differs, since a target draws random numbers."""
    first, second = (observe(f"{hostile}:Draws", number=2) for _ in range(2))

    assert [bits(o) for o in first] == [bits(o) for o in second]


def test_different_results_each_call(hostile: Path) -> None:
    """Catches a target that draws random numbers and counts as deterministic."""
    with Session(f"{hostile}:Draws") as session:
        judge = Judge(session.declaration, "float32")
        cases = [case(n, calls="full") for n in range(3)]
        records = [judge.judge(c, o) for c, o in session.run_many(cases)]

    every = Records(session.declaration, tuple(records))
    verdicts = {id_: evaluate(chosen((id_,))[0], every, "float32") for id_ in JUDGED}
    assert [result.verdict for result in verdicts.values()] == ["fail", "pass"]
    assert "the same call gave other bits" in verdicts[JUDGED[0]].violations[0].detail
    assert "a call changed the global random numbers of NumPy" in session.notes


@pytest.mark.parametrize("name", ["Daemon", "DaemonAndExit", "DaemonAndHang"])
def test_daemons_are_ended(
    hostile: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches a grandchild in a session of its own that outlives the worker."""
    file = tmp_path / "daemon"
    monkeypatch.setenv("DAEMON_FILE", str(file))
    began = time.monotonic()
    observed = observe(f"{hostile}:{name}", number=3, timeout=2)

    assert time.monotonic() - began < 20
    failure = {"Daemon": "", "DaemonAndExit": "crashed", "DaemonAndHang": "timed-out"}[name]
    assert endings(observed)[2] == failure
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text(encoding="utf-8")), 0)


def test_no_process_is_left(hostile: Path) -> None:
    """Catches a worker that outlives an interrupt of its session."""
    session = Session(f"{hostile}:Hang", timeout=60)
    with pytest.raises(KeyboardInterrupt), session:  # noqa: PT012  # what is raised inside counts
        child = session._child
        assert child is not None
        processes = processes_of(child._process.pid)
        assert len(processes) == 2, "a guard and a worker"
        session._send(case())
        raise KeyboardInterrupt

    for process in processes:
        with pytest.raises(ProcessLookupError):
            os.kill(process, 0)


def right(observed: Observation) -> bool:
    """Whether a case went as if nothing had been done in it."""
    return (
        not observed.failure
        and not observed.of(EventKind.RAISED)
        and "y" in observed.results["train"]
    )


@cache
def undisturbed() -> list[dict[str, bytes]]:
    """The results of the same cases by a target that does nothing else."""
    with Session("reference") as session:
        made = [bits(o) for _, o in session.run_many(case(n) for n in range(CASES))]
        assert session.notes == []
    return made


def bits(observed: Observation) -> dict[str, bytes]:
    """The results of a training call, bit for bit."""
    return {name: array.tobytes() for name, array in observed.results["train"].items()}


def processes_of(parent: int) -> list[int]:
    """A process and its children."""
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
    return [parent, *map(int, text.split())]
