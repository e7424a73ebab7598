"""Whether the cache of a forward pass is all that its backward pass needs."""

from dataclasses import replace

from bnproof.engine.judging.comparison import like_first
from bnproof.engine.model.event import EventKind
from bnproof.grading.forms import FORMS
from bnproof.grading.graded_parts import ALT
from bnproof.grading.result import NOT_GRADABLE, NOT_THERE, RIGHT, PartGrade
from bnproof.grading.trials import Trial
from bnproof.grading.verdicts import BLOCKING, PartTrials

CACHE_IS_NONE = "form/cache-is-none"
NO_BACKWARD = "there is no backward pass that uses it"


def look_at_cache(look: PartTrials) -> PartGrade:
    """The verdict on a cache: backward gives the same after other calls of all functions."""
    needed = look.grades[look.part.needs]
    if needed.verdict == NOT_THERE:
        return look.verdict(NOT_THERE, "")
    if needed.verdict in BLOCKING:
        return look.verdict(NOT_GRADABLE, f"{look.part.function} {BLOCKING[needed.verdict]}")
    piece = look.part.piece
    pieces = [piece, replace(piece, backward=ALT), replace(piece, given=True)]
    there = [look.trials.done[piece] for piece in pieces if piece in look.trials.there]
    return _none(look, there) or _replaced(look, there)


def _none(look: PartTrials, trials: list[Trial]) -> PartGrade | None:
    """A cache that is None."""
    for trial in trials:
        raised = trial.raised("train")
        if raised is not None and raised[1].mistake == CACHE_IS_NONE:
            return look.wrong(CACHE_IS_NONE, raised[1].message)
    return None


def _replaced(look: PartTrials, trials: list[Trial]) -> PartGrade:
    """Gradients that are others once other data went through forward."""
    usable = [trial for trial in trials if _tells(trial)]
    for trial in usable:
        look.trial = trial
        for record, call, judged in look.judged(look.part.call):
            check = like_first(record, call, judged)
            if not check.holds:
                return look.off(check, FORMS["form/cache-not-enough"])
    if usable:
        return PartGrade(look.part, RIGHT)
    reason = "no backward pass runs and leaves its arguments alone" if trials else NO_BACKWARD
    return look.verdict(NOT_GRADABLE, reason)


def _tells(trial: Trial) -> bool:
    """Whether a backward pass ran, and can be run again to the same effect."""
    changed = any(event.argument == "dy" for _, event in trial.events(EventKind.CHANGED_INPUT))
    if trial.failure or trial.raised() or changed:
        return False
    return all(
        like_first(record, "train again", judged).holds
        for record in trial.records
        for judged in record.judged.get("train again", {}).values()
    )
