"""From what happened in the trials to the verdict on a part, before causes are looked for.

A part is judged by the first thing that is wrong with it, in the order of `_LOOKS`: it is not there
or cannot be graded; a call did not come back or raised; a result has another form; numbers are
wrong; later calls give others; inputs were changed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from bnproof.engine.judging.comparison import (
    Comparison,
    Element,
    Row,
    in_text,
    like_first,
    of_judged,
)
from bnproof.engine.judging.record import Judged, Record
from bnproof.engine.model.calls import Call
from bnproof.engine.model.event import Aspect, EarlyEnd, EventKind
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.model.result import Cause
from bnproof.engine.wording.events import how_it_ended, malformed
from bnproof.engine.wording.events import raised as in_one_line
from bnproof.engine.wording.text import clipped
from bnproof.grading.forms import FORMS
from bnproof.grading.graded_parts import BY_ID, Part
from bnproof.grading.result import (
    NOT_GRADABLE,
    NOT_THERE,
    NOT_WRITTEN,
    RAISES,
    RIGHT,
    WRONG,
    PartGrade,
)
from bnproof.grading.trials import Trial, Trials
from bnproof.implementations.course_exercise import (
    FailedError,
    MissingError,
    NotWrittenError,
    Piece,
)
from bnproof.mutants.catalogue import mutant_of

LATER: Mapping[Call, tuple[Call, ...]] = {
    "train": ("train again", "train repeated"),
    "infer": ("infer one",),
}
"""The calls whose results have to be those of the first call."""

NAMES = {"y": "out", "dy": "dout"}
"""What the exercise calls results and arguments that have other names here."""

BLOCKING = {
    NOT_THERE: "is not there",
    NOT_WRITTEN: "is not written yet",
    RAISES: "raises",
    "crashed": "crashes",
    "timed-out": "does not come back",
    NOT_GRADABLE: "cannot be graded",
}
"""What keeps other parts from being graded, in words."""


MALFORMED = {Aspect.SHAPE: "form/shape", Aspect.DTYPE: "form/dtype"}
"""The mistake of form by what is wrong with a result."""

SAID = 64
"""Characters of what a function printed before it crashed."""


@dataclass
class PartTrials:
    """One part with the trial of its piece, to be looked at.

    Attributes:
        part: which one.
        trials: all trials.
        grades: of the parts before it, by id.
        given: whether to look at the piece that is given right helpers.
    """

    part: Part
    trials: Trials
    grades: Mapping[str, PartGrade]
    given: bool = False

    @property
    def piece(self) -> Piece:
        """The piece that is looked at."""
        return replace(self.part.piece, given=self.given)

    @cached_property
    def trial(self) -> Trial:
        """The trial of the piece."""
        return self.trials.done[self.piece]

    def judged(self, *calls: Call) -> Iterator[tuple[Record, Call, Judged]]:
        """The part's judged outputs of some calls, in all records."""
        for record in self.trial.records:
            for call in calls:
                for output in self.part.outputs:
                    judged = record.of(call, output)
                    if judged is not None:
                        yield record, call, judged

    def verdict(self, verdict: str, found: str, record: Record | None = None) -> PartGrade:
        """A verdict with what was found, and where."""
        return PartGrade(self.part, verdict, found, described(record))

    def wrong(self, mistake: str, found: str, record: Record | None = None) -> PartGrade:
        """Wrong by a mistake of form."""
        return PartGrade(self.part, WRONG, found, described(record), causes=(FORMS[mistake],))

    def off(self, check: Comparison, *causes: Cause) -> PartGrade:
        """Wrong by its numbers."""
        elements = _elements(check)
        index, got, due, *_ = elements[0]
        found = f"{_name(check.output)}{index} is {got}, due {due}"
        return PartGrade(self.part, WRONG, found, described(check.record), elements, causes)


def look_at(look: PartTrials) -> PartGrade:
    """The verdict on a part, with the causes that are plain from what was seen."""
    for find in _LOOKS:
        found = find(look)
        if found is not None:
            return found
    return PartGrade(look.part, RIGHT)


# --- what can be found, in order ------------------------------------------------------------------


def _not_there(look: PartTrials) -> PartGrade | None:
    return None if look.piece in look.trials.there else look.verdict(NOT_THERE, "")


def _blocked(look: PartTrials) -> PartGrade | None:
    """A part that cannot be graded since the one that it needs gives nothing to go on."""
    part = look.part
    if not part.needs:
        return None
    needed = look.grades[part.needs]
    reason = BLOCKING.get(needed.verdict)
    if reason is None:
        return None
    return look.verdict(NOT_GRADABLE, f"{needed.part.function} {reason}")


def _failed(look: PartTrials) -> PartGrade | None:
    failure = look.trial.failure
    return look.verdict(failure.kind, in_words(failure)) if failure else None


def _raised(look: PartTrials) -> PartGrade | None:
    raised = look.trial.raised()
    if raised is None:
        return None
    record, event = raised
    if look.part.needs and not event.backward:
        return look.verdict(NOT_GRADABLE, event.message)
    if event.actual == NotWrittenError.__name__:
        return look.verdict(NOT_WRITTEN, event.message)
    if event.actual == MissingError.__name__:
        return look.verdict(NOT_GRADABLE, event.message)
    if event.mistake:
        return look.wrong(event.mistake, event.message, record)
    failed = event.actual == FailedError.__name__  # which says where the student's code raised
    return look.verdict(RAISES, event.message if failed else in_one_line(event), record)


def _malformed(look: PartTrials) -> PartGrade | None:
    for record, event in look.trial.events(EventKind.MALFORMED):
        if event.argument in look.part.outputs:
            mistake = MALFORMED.get(event.aspect, "form/not-an-array")
            found = f"{_name(event.argument)}: {malformed(event)}"
            return look.wrong(mistake, found, record)
    return None


def _absent(look: PartTrials) -> PartGrade | None:
    """Results that are None; running statistics that bn_param does not have."""
    record = look.trial.records[0]
    offered = record.observation.results.get(look.part.call, {})
    absent = [_name(output) for output in look.part.outputs if output not in offered]
    if not absent:
        return None
    if look.part.name == "running-statistics":
        found = f"bn_param has no {' and no '.join(absent)} after the call"
        return look.wrong("form/statistics-not-stored", found, record)
    return look.verdict(NOT_WRITTEN, f"{' and '.join(absent)} is None")


def _numbers(look: PartTrials) -> PartGrade | None:
    checks = [of_judged(record, call, j) for record, call, j in look.judged(look.part.call)]
    wrong = [check for check in checks if not check.holds]
    return look.off(wrong[0]) if wrong else None


def _created(look: PartTrials) -> PartGrade | None:
    """Running statistics where bn_param came without any, and its other keys."""
    if look.part.name != "running-statistics":
        return None
    trial = look.trials.done[replace(look.piece, created=True)]
    base = PartTrials(look.part, look.trials, look.grades)
    base.trial = trial
    found = None if trial.failure else _raised(base)
    if found is not None and found.causes:
        return found
    if found is not None or trial.failure:
        reason = in_words(trial.failure) if trial.failure else f"{found.found}" if found else ""
        return look.wrong("form/statistics-not-created", f"without running statistics: {reason}")
    for find in (_absent, _numbers):
        found = find(base)
        if found is not None:
            return look.wrong("form/statistics-not-created", f"at the first call, {found.found}")
    return None


def _later(look: PartTrials) -> PartGrade | None:
    """The same call once more, or with one example alone."""
    if look.trial.events(EventKind.CHANGED_INPUT):
        return None  # which explains any difference
    for record, call, judged in look.judged(*LATER[look.part.call]):
        check = like_first(record, call, judged)
        if not check.holds:
            same_cache = call == "train again"
            mistake = "form/changes-cache" if same_cache else "form/depends-on-earlier-calls"
            return look.off(check, FORMS[mistake])
    return None


def _changed(look: PartTrials) -> PartGrade | None:
    """Inputs that are modified, told at the main result of the function that does it."""
    if look.part.name not in ("train-output", "test-output", "dx"):
        return None
    before = look.trials.done.get(BY_ID[look.part.needs].piece) if look.part.needs else None
    earlier = before.events(EventKind.CHANGED_INPUT) if before else []
    known = {event.argument for _, event in earlier}
    for record, event in look.trial.events(EventKind.CHANGED_INPUT):
        if event.argument not in known:
            found = f"{_name(event.argument)} is modified in place; the numbers are right otherwise"
            return look.wrong("form/changes-inputs", found, record)
    return None


def _moved(look: PartTrials) -> PartGrade | None:
    """Running statistics that test mode changes."""
    if look.part.name != "test-output":
        return None
    for record in look.trial.records:
        results = record.observation.results.get("infer", {})
        for name in STATISTICS:
            kept = getattr(record.case, name)
            if name in results and not np.array_equal(results[name], kept):
                moves = mutant_of("mode/inference-moves-statistics")
                cause = Cause(moves.id, moves.mistake, moves.repair, moves.issues)
                found = f"{name} is another one after a call in test mode"
                return PartGrade(look.part, WRONG, found, described(record), causes=(cause,))
    return None


_LOOKS: tuple[Callable[[PartTrials], PartGrade | None], ...] = (
    _not_there,
    _blocked,
    _failed,
    _raised,
    _malformed,
    _absent,
    _numbers,
    _created,
    _later,
    _changed,
    _moved,
)


def in_words(failure: EarlyEnd) -> str:
    """How a call ended, without the name that the call has here.

    >>> in_words(EarlyEnd("timed-out", "train backward", 5.0))
    'no answer after 5 s'
    """
    said = f": {failure.said}" if failure.said else ""
    return clipped(how_it_ended(failure) + said, SAID)


def _name(output: str) -> str:
    return NAMES.get(output, output)


def described(record: Record | None) -> str:
    """The data of a record as the exercise speaks of it, "" for none."""
    if record is None:
        return ""
    case = record.case
    layout = ", not contiguous" if case.layouts else ""
    settings = f"eps {case.eps:g}, momentum {case.momentum:g}"
    return f"{case.name}: x of shape {case.x.shape}{layout}, {settings}"


def _elements(check: Comparison) -> tuple[Row, ...]:
    """The worst numbers, with the index that they have in the exercise's array."""
    shape, elements = check.record.case.x.shape, check.elements()
    if len(shape) == 2:
        return in_text(elements)
    moved: list[Element] = [(_index(index, shape), *numbers) for index, *numbers in elements]  # type: ignore[misc]  # four numbers
    return in_text(moved)


def _index(index: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """(value, channel) as (n, c, h, w).

    >>> _index((7, 1), (2, 3, 2, 2))
    (1, 1, 1, 1)
    """
    if len(index) == 1:
        return index
    value, channel = index
    n, h, w = (int(part) for part in np.unravel_index(value, (shape[0], *shape[2:])))
    return n, channel, h, w
