"""A saved failure as a script that needs NumPy and the implementation only."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bnproof.properties.catalogue import chosen
from bnproof.properties.judging import Judge
from bnproof.properties.known import family
from bnproof.properties.property import Check, Property, Records
from bnproof.properties.rerun import judged
from bnproof.properties.verdicts import by_output
from bnproof.replay.expectations import Expectation, expectations
from bnproof.replay.replaying import CannotRun, opened, placed, selected
from bnproof.replay.selection import all_before, needed
from bnproof.replay.source import NoScript, Source
from bnproof.replay.transcript import Call, Transcript
from bnproof.run.session import TIMEOUT
from bnproof.run.target import TargetError, parse
from bnproof.store.replay import Replay

FIRST_LINE = "# A failure of batch normalization, written by bnproof replay --script."
PATIENCE = 10  # a script makes several calls, and imports the target
SHOWN = 300


@dataclass(frozen=True)
class Script:
    """A script.

    Attributes:
        text: the source.
        fails: whether it fails now.
    """

    text: str
    fails: bool


def script_of(replay: Replay, *, timeout: float = TIMEOUT, folder: Path | None = None) -> Script:
    """The shortest script that shows a failure: the calls that it takes, or else all before it.

    Each is run once to see whether it fails.  ``folder`` is where the script will be; without
    one, the target's file is found by its absolute path.  Raises CannotRun.
    """
    (property_,) = chosen((replay.property,))
    try:
        with opened(replay, timeout) as session:
            selected(session, replay)
            cases = replay.counterexample.cases
            transcript = session.transcribe(cases)
            declaration = session.declaration
    except TargetError as error:
        raise CannotRun(str(error)) from error
    judge = Judge(declaration, replay.dtype)
    records = [r for c, o, _ in transcript.ran for r in judged(judge, c, o)]
    check = _violated(replay, property_, Records(declaration, tuple(records)))
    due = expectations(transcript, records, check, replay.counterexample.name)
    if not due:
        found = replay.detail if check is None else check.detail
        raise CannotRun(f"no script can show this: {found[:SHOWN]}")
    try:
        return _first_that_fails(replay, property_, transcript, due, timeout, folder)
    except NoScript as error:
        raise CannotRun(f"no script can be written: {error}") from error


def _violated(replay: Replay, property_: Property, records: Records) -> Check | None:
    """The violated comparison that the replay is about; the simplest, if that one holds."""
    found = replay.counterexample.judged(property_, records)
    groups = by_output([check for check in found if not check.holds])
    first = [group[0] for group in groups]
    same = [check for check in first if family(check.output) == family(replay.output)]
    return next(iter(same or first), None)


def _first_that_fails(
    replay: Replay,
    property_: Property,
    transcript: Transcript,
    due: Sequence[Expectation],
    timeout: float,
    folder: Path | None,
) -> Script:
    comment = list(_comment(replay, property_))
    ways = [needed(transcript, due), all_before(transcript, due)]

    def text(calls: Sequence[Call], where: Path | None) -> str:
        return _source(replay, transcript, where).text(comment, calls, due)

    for calls in ways:
        if _fails(text(calls, None), timeout):
            return Script(text(calls, folder), fails=True)
    return Script(text(ways[0], folder), fails=False)


def _source(replay: Replay, transcript: Transcript, folder: Path | None) -> Source:
    is_torch = "torch." in transcript.standalone
    dtypes = {"bfloat16": "float32"} if is_torch else {}
    return Source(parse(placed(replay)), transcript.standalone, folder, dtypes)


def _comment(replay: Replay, property_: Property) -> Iterator[str]:
    yield FIRST_LINE.removeprefix("# ")
    yield ""
    yield f"{replay.property}, {replay.dtype}: {property_.statement}"
    yield f"target   {replay.target}"
    yield f"case     {replay.counterexample.case.describe()}"
    yield f"found    {replay.detail[:SHOWN]}"
    yield f"by       bnproof {version('bnproof')}; want is exact, the bound is derived"
    yield ""
    yield "It needs NumPy and the implementation only. It exits with 1 while the failure is there,"
    yield "and with 0 once it is fixed."


def _fails(text: str, timeout: float) -> bool:
    """Whether a script fails: by its exit status, or since it ends in no other way."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "failure.py"
        path.write_text(text, encoding="utf-8")
        try:
            ended = subprocess.run(  # noqa: S603  # this Python, a script of ours
                [sys.executable, str(path)],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout * PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return True
    return ended.returncode != 0


def said(script: Script) -> str:
    """What a user is told of a script."""
    if script.fails:
        return "the script fails, as the failure does"
    return "the script passes: what fails is fixed, or comes from calls before it in the run"


def is_ours(text: str) -> bool:
    """Whether a text is that of a script of ours, which may be replaced."""
    return text.startswith(FIRST_LINE)
