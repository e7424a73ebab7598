"""Running the pieces of an exercise: each in turn, until it crashes or hangs."""

from dataclasses import dataclass, field

from bnproof.check.meter import Progress
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.record import Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EarlyEnd, Event, EventKind
from bnproof.engine.model.observation import Observation
from bnproof.grading.grade_cases import cases, created, single
from bnproof.implementations.course_exercise import BY_ID, FUNCTIONS, Piece
from bnproof.sandbox.session import Session

ORDINARY = Piece("forward, train", FUNCTIONS[0])
"""The piece that is also run on a single example."""


@dataclass(eq=False)
class Trial:
    """What was seen of one piece.

    Attributes:
        records: of the cases that were run to their end, or until something was raised.
        failure: how a case ended before its last call, None if none did.
    """

    records: list[Record] = field(default_factory=list)
    failure: EarlyEnd | None = None

    def raised(self, *calls: Call) -> tuple[Record, Event] | None:
        """The first exception, of some calls or of any, and where it was."""
        for record in self.records:
            for event in record.observation.of(EventKind.RAISED):
                if not calls or (event.call in calls and not event.backward):
                    return record, event
        return None

    def events(self, kind: EventKind) -> list[tuple[Record, Event]]:
        """All events of a kind, each with the record that it was seen in."""
        return [(r, event) for r in self.records for event in r.observation.of(kind)]


@dataclass
class Trials:
    """The trials of a file, by piece, and what happened with a single example.

    Attributes:
        there: the pieces that the file has.
        done: trials by the piece.
        single: the record of a single example, None if it was not tried or did not come back.
        left: what calls left behind them, a line each.
    """

    there: tuple[Piece, ...]
    done: dict[Piece, Trial]
    single: Record | None = None
    left: list[str] = field(default_factory=list)


def run_pieces(session: Session, progress: Progress) -> Trials:
    """Run every piece of a file, and the case of a single example."""
    there = tuple(BY_ID[declaration.name] for declaration in session.declarations)
    trials = Trials(there, {})
    for number, (piece, declaration) in enumerate(zip(there, session.declarations, strict=True)):
        progress(number, len(there), piece.id)
        session.select(number)
        trials.done[piece] = _failed_before(trials, piece) or _trial(session, piece, declaration)
        if piece == ORDINARY and not trials.done[piece].failure:
            trials.single = _single(session, declaration)
        trials.left += [note for note in session.notes if note not in trials.left]
    return trials


def _failed_before(trials: Trials, piece: Piece) -> Trial | None:
    """The failure of the forward pass that a piece begins with, so that it is waited for once."""
    needed = trials.done.get(Piece("forward", piece.forward))
    if needed is None or not needed.failure or piece.mode == "test":
        return None
    return Trial(failure=needed.failure)


def _trial(session: Session, piece: Piece, declaration: Declaration) -> Trial:
    trial = Trial()
    judge = Judge(declaration, "float64")
    chosen = cases(declaration)
    if piece.created:
        chosen = [created(case, 0.0) for case in chosen[:2]]
    for case in chosen:
        observation = session.run(case)
        if observation.failure:
            trial.failure = observation.failure
            break
        trial.records.append(_judged(judge, piece, case, observation))
        if observation.of(EventKind.RAISED):
            break
    return trial


def _judged(judge: Judge, piece: Piece, case: Case, observation: Observation) -> Record:
    """The record of a case; running variances that are created may start at 1 as well."""
    record = judge.judge(case, observation)
    if not piece.created or record.worst <= 1:
        return record
    other = judge.judge(created(case, 1.0), observation)
    return other if other.worst <= 1 else record


def _single(session: Session, declaration: Declaration) -> Record | None:
    case = single(declaration)
    observation = session.run(case)
    if observation.failure:
        return None
    return Judge(declaration, "float64").judge(case, observation)
