"""Which of the arrays that a forward function returns is y, and which are the running statistics.

Names come first; behaviour settles what they leave open: a running statistic depends on the one
that was given.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from bnproof.recognition.aliases import STATISTICS, Role
from bnproof.recognition.functions.calls import Argument, FunctionCall, Path
from bnproof.recognition.functions.leaves import Leaf
from bnproof.recognition.functions.trial import Trial, is_vector


def y_of(trial: Trial) -> Leaf | None:
    """The leaf that is y: of the shape of x, the outermost, by its name or else the first."""
    shape = tuple(trial.first[2]["x"].shape)
    fitting = [leaf for leaf in trial.leaves if leaf.shape == shape]
    outside = [leaf for leaf in fitting if not leaf.saved] or fitting
    ranked = sorted(outside, key=lambda leaf: (leaf.depth, not leaf.may_be(Role.Y)))
    return ranked[0] if ranked else None


def parameter_of(arguments: tuple[Argument, ...], role: str) -> Path | None:
    """Where an argument of a role is: its name, or a container's and the key in it."""
    for argument in arguments:
        if argument.role == role:
            return (argument.name,)
        inner = parameter_of(argument.members, role)
        if inner is not None:
            step = [m.name for m in argument.members].index(str(inner[0]))
            return (argument.name, step if argument.kind == "tuple" else inner[0])
    return None


def read_forward(trial: Trial) -> FunctionCall | None:
    """The call with the places of its results; None if nothing of the shape of x comes back."""
    return _read(trial, _statistic)


def read_evaluation(trial: Trial, trained: FunctionCall | None) -> FunctionCall | None:
    """The same of an evaluation call, after training was read.

    All that evaluation computes depends on the running statistics, such as 1/sqrt(var + eps) in a
    cache, so behaviour does not show which result is one.  They are where training has them, or
    where names say so; or else in the arguments.
    """
    same = trained if trained is not None and trained.function == trial.call.function else None
    return _read(trial, partial(_kept, same))


def _read(trial: Trial, find: Callable[[Trial, Role], Path | None]) -> FunctionCall | None:
    y = y_of(trial)
    if y is None:
        return None
    mean, var = (find(trial, role) for role in STATISTICS)
    return replace(trial.call, y=y.path, running_mean=mean, running_var=var)


def _kept(trained: FunctionCall | None, trial: Trial, role: Role) -> Path | None:
    """Where a statistic is after evaluation; None if none was given."""
    name = parameter_of(trial.call.arguments, role)
    if name is None:
        return None
    vectors = _vectors(trial, role)
    place = None if trained is None else getattr(trained, role)
    if place is not None and (place[0] != "returned" or place in [v.path for v in vectors]):
        return tuple(place)
    called = [leaf.path for leaf in vectors if leaf.is_called(str(name[-1]))]
    named = [leaf.path for leaf in vectors if leaf.may_be(role)]
    return (called or named or [name])[0]


def _vectors(trial: Trial, role: Role) -> list[Leaf]:
    """The results with one value per channel, outside of caches."""
    channels = len(trial.values[role])
    return [leaf for leaf in trial.leaves if is_vector(leaf, channels) and not leaf.saved]


def _statistic(trial: Trial, role: Role) -> Path | None:
    """Where a running statistic is after the call; None if none was given.

    It has the name of the parameter; or else it depends on what was given; or it is in the
    argument, if the call changed that; or it has such a name.  Where nothing of this is, the
    argument is what is judged: it is never updated.
    """
    name = parameter_of(trial.call.arguments, role)
    if name is None:
        return None
    vectors = _vectors(trial, role)
    called = [leaf.path for leaf in vectors if leaf.is_called(str(name[-1]))]
    buffer = [name] if _buffer_changed(trial, role, name) else []
    named = [leaf.path for leaf in vectors if leaf.may_be(role)]
    found = called or _moved(trial, role, vectors) or buffer or named or _by_place(vectors, role)
    return (found or [name])[0]


def _moved(trial: Trial, role: Role, vectors: Sequence[Leaf]) -> list[Path]:
    """The results that depend on the statistic that was given, the one of its name first."""
    other = Role.RUNNING_VAR if role is Role.RUNNING_MEAN else Role.RUNNING_MEAN
    moved = [leaf for leaf in vectors if trial.depends(leaf, role)]
    own = [leaf for leaf in moved if leaf.may_be(role)]
    return [leaf.path for leaf in own or moved if leaf in own or not leaf.may_be(other)]


def _by_place(vectors: Sequence[Leaf], role: Role) -> list[Path]:
    """Of two results without names the first is the mean."""
    unnamed = [leaf.path for leaf in vectors if not leaf.names]
    if len(unnamed) != 2:
        return []
    return unnamed[:1] if role is Role.RUNNING_MEAN else unnamed[1:]


def _buffer_changed(trial: Trial, role: Role, name: Path) -> bool:
    """Whether the call changed the statistic that it was given."""
    held = next((leaf for leaf in trial.in_arguments if leaf.path == name), None)
    if held is None:
        return False
    return not np.array_equal(trial.array(held).reshape(-1), trial.values[role])


def returns_statistics(call: FunctionCall) -> bool:
    """Whether the statistics come back as results, and not in an argument."""
    return call.running_mean is not None and call.running_mean[0] == "returned"
