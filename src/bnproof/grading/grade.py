"""Grading one file: run its pieces, look at each part, and find the causes."""

import time
from dataclasses import replace
from pathlib import Path

from bnproof.check.meter import Progress
from bnproof.check.one_target import environment
from bnproof.grading.cache import look_at_cache
from bnproof.grading.causes import Library, as_causes, in_single_precision
from bnproof.grading.forms import FORMS
from bnproof.grading.graded_parts import PARTS, Part
from bnproof.grading.notes import notes
from bnproof.grading.result import NOT_GRADABLE, RIGHT, WRONG, Grade, PartGrade
from bnproof.grading.trials import Trials, run_pieces
from bnproof.grading.verdicts import PartTrials, look_at
from bnproof.mutants.mutant import Mutant
from bnproof.sandbox.session import HarnessError, Session
from bnproof.targets.text import WHOLE, TargetError

TIMEOUT = 5.0
"""Seconds for one call of a function; on the data of an exercise even slow ones take far less."""

MEMORY = 2**30
"""Bytes for the functions, beside what the imports take."""

LOADING = 30.0
"""Seconds for the import of the file."""

GIVEN = "right if the functions of the exercise that it calls were right"
CONSISTENT = "right for what its forward pass has cached, which is wrong"


def grade(
    file: str,
    *,
    timeout: float = TIMEOUT,
    memory: int = MEMORY,
    progress: Progress = lambda done, total, text: None,
) -> Grade:
    """Grade a file; what cannot be graded at all gives a grade that says so.

    The file is run in a worker process, with ``timeout`` seconds for each call of a function, and
    ``memory`` bytes beside what its imports take.
    """
    began = time.monotonic()
    if Path(file).is_dir():
        return Grade(
            file, error=f"{file} is a folder; name a file in it", environment=environment()
        )
    place = file if "/" in file or file.endswith(".py") else f"./{file}"
    target = f"{place}:{WHOLE}"
    try:
        with Session(target, 0, timeout, memory, compiling=1, loading=LOADING) as session:
            trials = run_pieces(session, progress)
    except TargetError as error:
        text = str(error).replace(target, file)
        return Grade(file, error=text, environment=environment())
    except HarnessError as error:
        return Grade(file, error=_damaged(file, error), environment=environment())
    parts = tuple(Grader(trials).grades())
    return Grade(
        file,
        parts,
        notes(trials, parts),
        environment=environment(),
        seconds=time.monotonic() - began,
    )


def _damaged(file: str, error: HarnessError) -> str:
    """What to say where our own code fails around a file that may have changed what it rests on."""
    said = str(error).strip().splitlines()[-1]
    return (
        f"{file} cannot be graded: it changes what bnproof itself needs, such as a function of "
        f"NumPy, or bnproof is at fault\n{said}"
    )


class Grader:
    """The grades of one file, part after part, each in the light of those before."""

    def __init__(self, trials: Trials) -> None:
        self._trials = trials
        self._library = Library()
        self._grades: dict[str, PartGrade] = {}
        self._candidates: dict[str, list[Mutant]] = {}

    def grades(self) -> list[PartGrade]:
        """The grades of all parts."""
        for part in PARTS:
            self._grades[part.id] = self._graded(part)
        return [self._named(grade) for grade in self._grades.values()]

    def _graded(self, part: Part) -> PartGrade:
        look = PartTrials(part, self._trials, self._grades)
        if part.name == "cache":
            return look_at_cache(look)
        found = look_at(look)
        if not found.right and self._right_if_given(part):
            return PartGrade(part, RIGHT, note=GIVEN)
        if found.verdict == WRONG and found.elements and not found.causes:
            return self._explained(look, found)
        return found

    def _right_if_given(self, part: Part) -> bool:
        """Whether a spatial part is right once what it calls is replaced by what is right."""
        given = PartTrials(part, self._trials, self._grades, given=True)
        return given.piece in self._trials.there and look_at(given).right

    def _explained(self, look: PartTrials, found: PartGrade) -> PartGrade:
        """A wrong part with its causes, or right for what the forward pass has cached."""
        part, library = look.part, self._library
        forward = self._grades.get(part.needs)
        if forward is not None and forward.verdict == WRONG and part.name != "dbeta":
            return self._after_forward(look, found, forward)
        self._candidates[part.id] = library.alone(look)
        if self._candidates[part.id]:
            return found
        if in_single_precision(look):
            return replace(found, causes=(FORMS["form/dtype"],))
        pair = next(library.pairs(look), None)
        return replace(found, causes=as_causes(pair), together=True) if pair else found

    def _after_forward(self, look: PartTrials, found: PartGrade, forward: PartGrade) -> PartGrade:
        """A gradient whose forward pass is wrong: judged in the light of that mistake."""
        known = self._candidates.get(forward.part.id, [])
        if FORMS["form/dtype"] in forward.causes and in_single_precision(look):
            return PartGrade(found.part, RIGHT, note=CONSISTENT)
        explained = self._library.after(known, look)
        if not explained:
            reason = f"{forward.part.function} is wrong, and with it what this is computed from"
            return PartGrade(found.part, NOT_GRADABLE, reason)
        _, *step = explained[0]
        if not step:
            return PartGrade(found.part, RIGHT, note=CONSISTENT)
        return replace(found, causes=as_causes(step))

    def _named(self, grade: PartGrade) -> PartGrade:
        """A wrong part with those of its causes that explain most of all parts, right ones too."""
        candidates = self._candidates.get(grade.part.id)
        if not candidates:
            return grade
        counts = {mutant.id: self._explained_parts(mutant, grade.part) for mutant in candidates}
        best = [m for m in candidates if counts[m.id] == max(counts.values())]
        return replace(grade, causes=as_causes(best))

    def _explained_parts(self, mutant: Mutant, part: Part) -> int:
        """How many parts on the same kind of data come out as they would with a mistake."""
        looks = (
            PartTrials(other, self._trials, self._grades)
            for other in PARTS
            if other.spatial == part.spatial and other.name != "cache"
        )
        return sum(
            self._library.explains((mutant,), look)
            for look in looks
            if look.piece in self._trials.there
        )
