"""A saved failure as a script that needs NumPy and the implementation only."""

import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bnproof.engine.execution.transcript import Call
from bnproof.engine.judging.comparison import Comparison
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.judging.verdicts import by_output, violation
from bnproof.engine.model.event import name_in
from bnproof.properties.catalogue import chosen
from bnproof.recognition.frames import exit_in_words, last_words
from bnproof.replay.current_target import CannotRun, opened, selected
from bnproof.replay.expectations import Expectation, Returns, expectations
from bnproof.replay.literals import NoScript
from bnproof.replay.script_exit import ScriptExit
from bnproof.replay.selection import all_before, needed
from bnproof.replay.source import Source
from bnproof.sandbox.session import TIMEOUT
from bnproof.sandbox.transcription import Transcription
from bnproof.store.replay_file import Replay
from bnproof.targets.declarations import text_of
from bnproof.targets.text import TargetError

FIRST_LINE = "# A failure of batch normalization, written by bnproof replay --script."
PATIENCE = 10  # a script makes several calls, and imports the target
SHOWN = 300


@dataclass(frozen=True)
class Script:
    """A script.

    Attributes:
        text: the source.
        ends: how it ends when it is run now, in words.
    """

    text: str
    ends: str


def script_of(replay: Replay, *, timeout: float = TIMEOUT, folder: Path | None = None) -> Script:
    """The shortest script that shows a failure: the calls that it takes, or else all before it.

    Each is run once to see whether it fails.  ``folder`` is where the script will be; without
    one, the target's file is found by its absolute path.  Raises CannotRun.
    """
    (property_,) = chosen((replay.property,))
    if replay.counterexample.case.demand is not None:
        raise CannotRun(
            "no script can show this: a script makes calls, and this is about the whole module; "
            f"bnproof replay {replay.id()} tries it again"
        )
    try:
        with opened(replay, timeout) as session:
            selected(session, replay)
            cases = replay.counterexample.cases
            transcription = session.transcribe(cases)
            declaration = session.declaration
    except TargetError as error:
        raise CannotRun(str(error)) from error
    judge = Judge(declaration, replay.dtype)
    transcript = transcription.transcript
    records = [r for c, o, _ in transcript.ran for r in judged(judge, c, o)]
    check = _violated(replay, property_, Records(declaration, tuple(records)))
    due = expectations(transcript, records, check, replay.counterexample.name)
    if not due:
        found = replay.detail if check is None else violation(check).detail
        raise CannotRun(f"no script can show this: {found[:SHOWN]}")
    try:
        return _first_that_fails(replay, property_, transcription, due, timeout, folder)
    except NoScript as error:
        raise CannotRun(f"no script can be written: {error}") from error


def _violated(replay: Replay, property_: Property, records: Records) -> Comparison | None:
    """The violated comparison that the replay is about; the simplest, if that one holds."""
    found = replay.counterexample.judged(property_, records)
    groups = by_output([check for check in found if not check.holds])
    first = [group[0] for group in groups]
    same = [check for check in first if check.output == name_in(replay.output)]
    return next(iter(same or first), None)


def _first_that_fails(
    replay: Replay,
    property_: Property,
    transcription: Transcription,
    due: Sequence[Expectation],
    timeout: float,
    folder: Path | None,
) -> Script:
    raising = any(isinstance(e, Returns) for e in due)
    comment = list(_comment(replay, property_, raising=raising))
    transcript = transcription.transcript
    ways = [needed(transcript, due), all_before(transcript, due)]

    def text(calls: Sequence[Call], where: Path | None) -> str:
        return _source(transcription, where).text(comment, calls, due)

    ended = [PASSES]
    for calls in ways:
        ended.append(_ended(text(calls, None), timeout, raising=raising))
        if ended[-1] == FAILS:
            return Script(text(calls, folder), FAILS)
    return Script(text(ways[0], folder), ended[1])


def _source(transcription: Transcription, folder: Path | None) -> Source:
    dtypes = {"bfloat16": "float32"} if transcription.on_torch else {}
    return Source(transcription.target, transcription.standalone, folder, dtypes)


def _comment(replay: Replay, property_: Property, *, raising: bool) -> Iterator[str]:
    yield FIRST_LINE.removeprefix("# ")
    yield ""
    found = {
        "": f"{replay.property}, {replay.dtype}: {property_.statement}",
        "target   ": replay.target,
        "case     ": replay.counterexample.case.describe(),
        "found    ": replay.detail[:SHOWN],
        "by       ": f"bnproof {version('bnproof')}; want is exact, the bound is derived",
    }
    for head, said in found.items():
        yield from textwrap.wrap(said, 96, initial_indent=head, subsequent_indent=" " * len(head))
    for name, value in replay.outside.declared.items():
        yield f"declared  {name}={text_of(value)}"
    yield ""
    fails = "raises, crashes or hangs" if raising else f"exits with {ScriptExit.FAILS}"
    yield f"It needs NumPy and the implementation only. It {fails} while the failure is there,"
    yield f"and exits with {ScriptExit.FIXED} once it is fixed."


def _ended(text: str, timeout: float, *, raising: bool) -> str:
    """How a script ends; an exception or a crash is a failure only where that is what fails."""
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
            return FAILS if raising else f"does not end within {timeout * PATIENCE:g} s"
    if ended.returncode == ScriptExit.FIXED:
        return PASSES
    if raising or ended.returncode == ScriptExit.FAILS:
        return FAILS
    said = last_words(ended.stderr.decode(errors="replace"), lines=1)
    return f"ends with an error: {said or exit_in_words(ended.returncode)}"


FAILS = "fails, as the failure does"
PASSES = "passes: what fails is fixed, or comes from calls before it in the run"


def is_ours(text: str) -> bool:
    """Whether a text is that of a script of ours, which may be replaced."""
    return text.startswith(FIRST_LINE)
