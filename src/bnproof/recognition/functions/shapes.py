"""In which ranks and shapes a forward function works, as what y depends on shows."""

import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.frames import ALL, is_ours
from bnproof.recognition.functions.backwards import Found, plan_backward
from bnproof.recognition.functions.calls import Backward, FunctionCall, Functions, Plan, at
from bnproof.recognition.functions.pullbacks import in_evaluation, plan_pullback, unused_cache
from bnproof.recognition.functions.results import read_evaluation, read_forward
from bnproof.recognition.functions.trial import (
    Trial,
    copied,
    data,
    numbers_of,
    run_of,
    with_plan,
)
from bnproof.recognition.patterns import RANKS, Pattern, pattern
from bnproof.recognition.user_calls import UsersError

STYLES = {
    2: ("vector", "row"),
    3: ("vector", "broadcast"),
    4: ("vector", "broadcast"),
    5: ("vector", "broadcast"),
}


@dataclass(frozen=True, eq=False)
class Shaped:
    """What came of one rank, channel axis and shape of vectors.

    Attributes:
        plan: with the calls read and that shape.
        pattern: of training (of evaluation where there is no training), None if it does not work.
        consistent: whether statistics and gradients have the shapes of what was given.
        backward: how backward was found.
        error: what was raised, None if nothing.
        evaluation_error: what evaluation raised, None if nothing.
    """

    rank: int
    style: str
    plan: Plan
    pattern: Pattern | None = None
    consistent: bool = False
    backward: Found | None = None
    error: BaseException | None = None
    evaluation_error: BaseException | None = None

    @property
    def in_kind(self) -> bool:
        """Whether y depends on x as a batch normalization over the channel axis does."""
        return self.pattern is Pattern.CHANNEL


@dataclass(frozen=True, eq=False)
class Wanted:
    """The calls to try, before their results are read."""

    runtime: Functions
    train: FunctionCall | None
    infer: FunctionCall | None
    backward: int | None
    without_gradients: bool


def tried(wanted: Wanted, *, columns: bool) -> list[Shaped]:
    """The best shape of vectors for each rank that works at all; errors where none does."""
    if columns:
        return [_tried(wanted, 2, 1, "column", columns=True)]
    found = []
    for rank in RANKS:
        shapes = _of_rank(wanted, rank)
        found.append(best(shapes))
    return found


def _of_rank(wanted: Wanted, rank: int) -> list[Shaped]:
    shapes: list[Shaped] = []
    for axis in (1,) if rank == 2 else (1, -1):
        for style in STYLES[rank]:
            made = _tried(wanted, rank, axis, style, columns=False)
            shapes.append(made)
            if made.in_kind and made.consistent and made.evaluation_error is None:
                return shapes
        if any(made.in_kind for made in shapes):
            break
    return shapes


def best(shapes: Sequence[Shaped]) -> Shaped:
    """The first that is right in kind, evaluated without an error, and consistent."""

    def worth(made: Shaped) -> tuple[bool, ...]:
        works = made.pattern is not None
        return made.in_kind, works and made.evaluation_error is None, made.consistent, works

    return max(shapes, key=worth)


def _tried(wanted: Wanted, rank: int, axis: int, style: str, *, columns: bool) -> Shaped:
    plan = Plan(
        None,
        shapes=((rank, style),),
        channel_axis=axis,
        columns=columns,
        without_gradients=wanted.without_gradients,
    )
    try:
        return _read(wanted, replace(plan, train=wanted.train), rank, style)
    except UsersError as caught:
        return Shaped(rank, style, plan, error=caught.error)


def _read(wanted: Wanted, plan: Plan, rank: int, style: str) -> Shaped:
    """One way to call: results read, backward found, the pattern seen; raises UsersError."""
    values = data(rank, plan.channel_axis)
    train = None
    if wanted.train is not None:
        trial = Trial(with_plan(wanted.runtime, plan), wanted.train, values)
        train = read_forward(trial)
        if train is None:
            return Shaped(rank, style, plan)
    error: BaseException | None = None
    if wanted.infer is not None:
        evaluation = Trial(with_plan(wanted.runtime, plan), wanted.infer, values, training=False)
        try:
            plan = replace(plan, infer=read_evaluation(evaluation, train))
        except UsersError as caught:
            error = caught.error
    if train is None:
        if error is not None:
            raise UsersError(error)
        seen = _pattern_of_evaluation(with_plan(wanted.runtime, plan), values, plan.channel_axis)
        found = Found(None)
        if plan.infer is not None:
            found = plan_pullback(replace(evaluation, call=plan.infer))
        if found.backward is not None:
            plan = replace(plan, backward=replace(found.backward, evaluates=True))
        return Shaped(rank, style, plan, seen, consistent=seen is not None, backward=found)
    called = replace(trial, call=train)
    evaluated = None if plan.infer is None else replace(evaluation, call=plan.infer)
    backward = _backward(wanted, called, evaluated)
    plan = replace(plan, train=train, backward=backward.backward)
    runtime = with_plan(wanted.runtime, plan)
    seen = _pattern_of_training(Trial(runtime, train, values), plan.channel_axis)
    compared = seen is not None and (seen is Pattern.CHANNEL or rank == 2)
    good = compared and _is_consistent(runtime, values)
    return Shaped(rank, style, plan, seen, good, backward, None, error)


def _backward(wanted: Wanted, trial: Trial, evaluation: Trial | None) -> Found:
    """How gradients are had, after trials of training and of evaluation that were read."""
    if wanted.backward is not None:
        return plan_backward(trial, Backward(wanted.backward, ()))
    found = plan_pullback(trial)
    if evaluation is not None:
        found = in_evaluation(found, evaluation)
    if found.backward is None and found.missing is None and type(trial.runtime) is Functions:
        return replace(found, missing=unused_cache(trial))  # others differentiate by themselves
    return found


def _pattern_of_training(trial: Trial, axis: int) -> Pattern | None:
    """The pattern of training, OTHER if gamma reaches beyond its channel; None without y."""
    runtime, path, values = trial.runtime, trial.call.y, dict(trial.values)

    def forward(x: Array, **changes: Array) -> Array:
        returned, given, _ = trial.made(**changes, x=x)
        return numbers_of(runtime.whole_back(at(path, returned, given)))

    if forward(values["x"]).shape != values["x"].shape:
        return None
    return pattern(forward, values["x"], axis) if _within(forward, values, axis) else Pattern.OTHER


def _pattern_of_evaluation(runtime: Functions, values: dict[str, Any], axis: int) -> Pattern | None:
    """CHANNEL if each channel's gamma and running mean reach its own elements only."""
    given = {name: value for name, value in values.items() if name != "momentum"}

    def forward(x: Array, **changes: Array) -> Array:
        y: Array = run_of(
            lambda: np.asarray(runtime.infer(**copied({**given, **changes, "x": x}))[0])
        )
        return y

    if forward(values["x"]).shape != values["x"].shape:
        return None
    reached = all(_within(forward, values, axis, name) for name in ("gamma", "running_mean"))
    return Pattern.CHANNEL if reached else Pattern.OTHER


def _within(
    forward: Callable[..., Array], values: dict[str, Any], axis: int, name: str = "gamma"
) -> bool:
    """Whether a change of the last value of a vector changes nothing beyond its channel."""
    moved = values[name].copy()
    moved[-1] += 1
    changed = forward(values["x"]) != forward(values["x"], **{name: moved})
    others = np.moveaxis(changed, axis, 0)[:-1]
    return not others.any()


def _is_consistent(runtime: Functions, values: dict[str, Any]) -> bool:
    """Whether statistics and gradients come back in the shapes of what they belong to."""
    _, mean, var, backward = run_of(lambda: runtime.train(**copied(values)))
    found = [mean, var]
    if backward is not None:
        try:
            dx, dgamma, dbeta = run_of(lambda: backward(values["x"].copy()))
        except UsersError:
            return False
        found += [dgamma, dbeta]
        if dx is not None and np.shape(dx) != values["x"].shape:
            return False
    return all(a is None or np.shape(a) == values["gamma"].shape for a in found)


def first_error(shapes: Sequence[Shaped]) -> BaseException | None:
    """What the way to call that came furthest raised; None if one came back without an array.

    Code for images fails with rows in its first lines, which tells nothing of its mistake.
    """
    errors = [made.error for made in shapes if made.error is not None]
    if len(errors) < len(shapes):
        return None
    return max(errors, key=_line_reached, default=None)


def _line_reached(error: BaseException) -> int:
    """The number of the first line outside of bnproof that an exception came through."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((f.lineno or 0 for f in frames if not is_ours(f.filename, ALL)), 0)
