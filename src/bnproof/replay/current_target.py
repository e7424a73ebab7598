"""Running a saved failure again on the target as it is now."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bnproof.engine.judging.property import Property
from bnproof.engine.judging.rerun import UNJUDGEABLE, Runs, alone, cannot_take, in_place
from bnproof.engine.model.result import Result
from bnproof.properties.catalogue import chosen
from bnproof.sandbox.session import TIMEOUT, HarnessError, Session
from bnproof.store.replay_file import Replay
from bnproof.targets.text import TargetError, parse

Announce = Callable[[str], None]


class CannotRun(Exception):  # noqa: N818  # a verdict, as much as an error
    """The case cannot be given to the target; the message says why, in one or two lines."""


@dataclass(frozen=True)
class Outcome:
    """What a case that was run again showed.

    Attributes:
        result: of the property, on this case alone.
        is_alone: whether the case alone shows it, without the cases that came before it.
    """

    result: Result
    is_alone: bool = True

    @property
    def fails(self) -> bool:
        """Whether the property is still violated."""
        return bool(self.result.violations)


def run_again(
    replay: Replay, *, timeout: float = TIMEOUT, told: Announce = lambda text: None
) -> Outcome:
    """Run the case of a replay again: alone, and then where it stood in its run if that passes.

    What earlier calls leave behind may be what fails, so that passing alone is not enough.
    ``told`` hears what is being done.  Raises CannotRun.
    """
    (property_,) = chosen((replay.property,))
    outcome = Outcome(_result(replay, property_, timeout))
    if outcome.fails:
        return outcome
    told("it passes alone; running the cases that came before it")
    after = _result(replay, property_, timeout, in_its_place=True)
    return Outcome(after, is_alone=False) if after.violations else outcome


def opened(replay: Replay, timeout: float = TIMEOUT) -> Session:
    """A session about the implementation that a replay is about, not entered yet."""
    return Session(placed(replay), timeout=timeout, outside=replay.outside)


def placed(replay: Replay) -> str:
    """The target, with its file where it was if it is not here."""
    with suppress(TargetError):
        target = parse(replay.target)
        there = Path(replay.folder) / target.path
        if target.is_file and not target.path.exists() and there.is_file():
            return target.at(str(there))
    return replay.target


def selected(session: Session, replay: Replay) -> None:
    """Select the variant that a replay is about; CannotRun if no variant takes the case."""
    case = replay.counterexample.case
    fitting = [n for n, d in enumerate(session.declarations) if not cannot_take(d, case)]
    if not fitting:
        raise CannotRun(cannot_take(session.declarations[0], case))
    named = [n for n in fitting if session.declarations[n].name == replay.variant]
    session.select((named or fitting)[0])


def _result(
    replay: Replay, property_: Property, timeout: float, *, in_its_place: bool = False
) -> Result:
    try:
        with opened(replay, timeout) as session:
            selected(session, replay)
            reason = property_.unsupported(session.declaration)
            if reason:
                raise CannotRun(f"{replay.property} does not apply any more: {reason}")
            return _judged(session, replay, property_, in_its_place=in_its_place)
    except TargetError as error:
        raise CannotRun(str(error)) from error


def _judged(session: Session, replay: Replay, property_: Property, *, in_its_place: bool) -> Result:
    runs: Runs = session
    found = replay.counterexample
    try:
        if in_its_place:
            quick = replay.profile == "quick"
            result, _ = in_place(
                runs, session.declaration, property_, found, seed=replay.seed, quick=quick
            )
        else:
            result, _ = alone(runs, session.declaration, property_, found)
    except (*UNJUDGEABLE, HarnessError) as error:
        said = (str(error).strip().splitlines() or [""])[-1][:100]
        raise CannotRun(
            f"the saved case cannot be judged ({type(error).__name__}: {said}); "
            "check the target again to save it anew"
        ) from error
    if not result.examples:
        raise CannotRun(
            f"{replay.property} is not judged on this case any more; check the target again"
        )
    return result
