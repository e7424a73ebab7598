"""Gradients of a forward function that comes alone: by a function that it returns.

Gradients that seem to exist and are not found are told, so that they do not pass unchecked.
"""

from dataclasses import replace

import numpy as np

from bnproof.recognition.aliases import STATISTICS
from bnproof.recognition.exceptions import in_words
from bnproof.recognition.functions.backwards import Found, Part, called, plan_backward, saved_parts
from bnproof.recognition.functions.calls import Backward, at
from bnproof.recognition.functions.leaves import callables, leaves, shape_of
from bnproof.recognition.functions.sources import source_of
from bnproof.recognition.functions.trial import Trial, is_vector, numbers_of
from bnproof.recognition.recognised import Part as Missing
from bnproof.recognition.recognised import Unidentified
from bnproof.recognition.user_calls import UsersError

RETURNED = "the function that forward returns"
ADVICE = "name both as file.py:forward,backward, or add --without gradients"


def plan_pullback(trial: Trial) -> Found:
    """How a function that forward returns gives gradients, after a trial that was read."""
    raised: BaseException | None = None
    paths = list(callables(trial.first[0]))
    for path in paths:
        made = plan_backward(trial, Backward(trial.call.function, (), source=path))
        if made.backward is not None:
            return made
        raised = raised or made.error
    return Found(None, missing=_missing(raised)) if paths else Found(None)


def in_evaluation(found: Found, trial: Trial) -> Found:
    """The same with what an evaluation call returns; it has the places of training."""
    paths = list(callables(trial.first[0]))
    if not paths or found.missing is not None:
        return found
    backward = found.backward
    if backward is None:  # training returned none
        made = plan_pullback(trial)
        return made if made.backward is None else Found(None, missing=_missing(None))
    raised: BaseException | None = None
    try:
        if backward.source in paths and _gives_dx(trial, backward):
            return replace(found, backward=replace(backward, evaluates=True))
    except UsersError as caught:
        raised = caught.error
    return replace(found, missing=_missing(raised, " in evaluation"))


def _gives_dx(trial: Trial, backward: Backward) -> bool:
    """Whether dx is where training has it; raises UsersError with what the call raises."""
    returned = called(trial, backward, trial.values)
    like_x = tuple(trial.first[2]["x"].shape)
    found = leaves(returned, source_of(None))
    return any(leaf.path == backward.dx and leaf.shape == like_x for leaf in found)


def _missing(raised: BaseException | None, where: str = "") -> Unidentified:
    why = "no result has the shape of x" if raised is None else in_words(raised)
    return Unidentified(RETURNED + where, Missing.GRADIENTS, why)


def unused_cache(trial: Trial) -> Unidentified | None:
    """What forward returned for a backward that was not given, after a trial that was read."""
    if not any(_is_cache(trial, part) for part in saved_parts(trial)):
        return None
    why = f"forward returns more than y, and no backward takes it; {ADVICE}"
    return Unidentified("the backward function", Missing.GRADIENTS, why)


def _is_cache(trial: Trial, part: Part) -> bool:
    """Whether a part is neither a number, nor a statistic, nor an argument as it was given."""
    value = at(part.path, trial.first[0], {})
    shape = shape_of(value)
    if shape is None:
        return not (value is None or isinstance(value, (str, int, float))) and value not in ((), {})
    if int(np.prod(shape)) == 1:
        return False
    (leaf,) = leaves(value, source_of(None), part.path)
    leaf = replace(leaf, names=part.names)
    if is_vector(leaf, len(trial.values["gamma"])) and any(map(leaf.may_be, STATISTICS)):
        return False
    given = (numbers_of(array) for array in trial.first[2].values() if np.ndim(array) > 0)
    return not any(np.array_equal(numbers_of(value), array) for array in given)
