"""Whatever a target does to its process, each case gets an observation and the run goes on."""

import time
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.run.observing import case, ending, endings, observe

from bnproof.engine.model.formats import FORMATS
from bnproof.sandbox.session import HarnessError, Session
from bnproof.targets.text import TargetError


def test_crash_names_the_line(hostile: Path) -> None:
    """Catches a segmentation fault without the line of the user's file that it happened in."""
    detail = ending(observe(f"{hostile}:Segfault")[2])

    assert "hostile.py, line" in detail
    assert "in train" in detail


def test_gives_up(hostile: Path) -> None:
    """Catches a run that restarts a hopeless target for every one of a thousand cases."""
    with Session(f"{hostile}:AlwaysExits") as session:
        observed = [o for _, o in session.run_many(case(n) for n in range(50))]

        assert endings(observed) == ["crashed"] * 50
        assert session.restarts < 12
        assert session.skipped == 40


def test_gives_up_by_dtype(hostile: Path) -> None:
    """Catches a dtype that is condemned for the crashes of another one."""
    with Session(f"{hostile}:AlwaysExits") as session:
        for number in range(12):
            session.run(case(number))

        assert "not tried" in ending(session.run(case()))
        assert "not tried" not in ending(session.run(case(dtype="float64")))


def test_hang_in_the_first_calls(hostile: Path) -> None:
    """Catches a hang at the start that is waited for at every case as if it were a compiler."""
    began = time.monotonic()
    with Session(f"{hostile}:AlwaysHangs", timeout=0.3) as session:
        session.try_out()
        observed = [session.run(case(n)) for n in range(20)]

    assert endings(observed) == ["timed-out"] * 20
    assert time.monotonic() - began < 12


@pytest.mark.parametrize("dtype", list(FORMATS))
def test_every_dtype_crosses_the_boundary(dtype: str) -> None:
    """Catches a dtype, such as bfloat16, that is lost between the processes."""
    with Session("reference") as session:
        observed = session.run(case(dtype=dtype))

    assert observed.results["train"]["y"].dtype == FORMATS[dtype].dtype


def test_large_cases_ahead() -> None:
    """Catches both sides writing to full pipes and waiting for each other for ever."""
    with Session("reference", timeout=20) as session:
        cases = [case(n, size=200_000) for n in range(4)]
        observed = [o for _, o in session.run_many(cases)]

    assert not any(o.failure for o in observed)


def test_other_cases_between() -> None:
    """Catches observations that are mixed up when a case is run in the middle of others."""
    with Session("reference") as session:
        alone = [session.run(case(n)).results["train"]["y"].tolist() for n in range(4)]
        mixed = []
        for number, (given, observed) in enumerate(session.run_many(case(n) for n in range(4))):
            between = session.run(case(3)).results["train"]["y"].tolist()
            mixed.append(observed.results["train"]["y"].tolist())

            assert given.name == f"case {number}"
            assert between == alone[3]

    assert mixed == alone


def test_works_ahead() -> None:
    """Catches a session that lets the worker wait while the caller looks at an observation."""
    with Session("reference") as session:
        running = session.run_many(case(n) for n in range(4))
        assert isinstance(running, Generator)
        next(running)

        assert [ticket.case.name for ticket in session._sent] == ["case 1", "case 2", "case 3"]
        running.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import os; os.abort()", "killed by SIGABRT on import"),
        ("import os; os._exit(0)", "exited with status 0 on import"),
    ],
)
def test_crash_on_import(tmp_path: Path, text: str, said: str) -> None:
    """Catches a crash on import that is no error of the target but one of ours."""
    path = tmp_path / "crash.py"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TargetError, match=said) as caught, Session(f"{path}:BN"):
        pass

    assert len(str(caught.value).splitlines()) <= 2


def test_faults_of_ours_are_ours() -> None:
    """Catches a mistake of the harness that is reported as one of the target."""
    with Session("reference") as session, pytest.raises(HarnessError, match="no-such-plan"):
        session.run(case(calls="no-such-plan"))  # type: ignore[arg-type]  # there is no such plan
