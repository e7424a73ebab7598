"""How the backward function of a pair is called, and which of its results is which gradient."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.recognition.aliases import AFFINE, STATISTICS, Role, roles_of
from bnproof.recognition.functions.calls import Argument, Backward, Path, at
from bnproof.recognition.functions.leaves import Leaf, leaves, top
from bnproof.recognition.functions.parameters import Parameter, is_vague, parameters_of, words_of
from bnproof.recognition.functions.sources import source_of
from bnproof.recognition.functions.trial import Trial, guarded, is_vector, numbers_of
from bnproof.recognition.recognised import Unidentified
from bnproof.recognition.user_calls import UsersError

INPUTS = (Role.X, *AFFINE, *STATISTICS, Role.EPS, Role.MOMENTUM)
UPSTREAM = (Role.DY, Role.DX)


@dataclass(frozen=True)
class Found:
    """A plan of backward, or why there is none.

    Attributes:
        backward: the plan.
        remark: what a reader has to know.
        error: what its call raised.
        missing: gradients that seem to exist, and that were not found.
    """

    backward: Backward | None
    remark: str = ""
    error: BaseException | None = None
    missing: Unidentified | None = None


def plan_backward(trial: Trial, function: Backward) -> Found:
    """How backward is called after a trial of forward, whose results are already read.

    What ``function`` says of arguments and results is not looked at.
    """
    error: BaseException | None = None
    for arguments in itertools.islice(_options(trial, function), 8):
        try:
            returned = called(trial, replace(function, arguments=arguments), trial.values)
        except UsersError as caught:
            error = error or caught.error
            continue
        made = _read(trial, function, arguments, returned)
        if made is not None:
            return made
    return Found(None, error=error)


# --- arguments ------------------------------------------------------------------------------------


def _options(trial: Trial, function: Backward) -> Iterator[tuple[Argument, ...]]:
    """Ways to call backward, the likeliest first."""
    parameters = parameters_of(_function(trial, function)) or []
    saved = saved_parts(trial)
    named = {p.name: _named(trial, p, saved) for p in parameters}
    upstream = _upstream(parameters, named)
    if not upstream and all(named[p.name] is not None for p in parameters if p.required):
        named |= {p.name: None for p in parameters if p.required and is_vague(p.name)}
    if upstream:
        named[upstream] = Argument(upstream, "dy")
    unknown = [p for p in parameters if named[p.name] is None and p.required]
    cache = [part for part in saved if part.path not in _used(named)]
    for places in itertools.permutations(range(len(unknown))):
        filled = dict(named)
        wanted = _fillings(unknown, cache, dy_missing=not upstream)
        for place, filling in zip(places, wanted, strict=False):
            parameter = unknown[place]
            filled[parameter.name] = replace(filling, name=parameter.name)
        chosen = [(p, filled[p.name]) for p in parameters]
        yield tuple(_in_order(chosen))


def _in_order(chosen: Sequence[tuple[Parameter, Argument | None]]) -> Iterator[Argument]:
    skipped = False
    for parameter, argument in chosen:
        if argument is None:
            skipped = True
        else:
            yield replace(argument, keyword=parameter.keyword or skipped)


def _function(trial: Trial, function: Backward) -> Any:
    return trial.runtime.backward(function, trial.first[0])


@dataclass(frozen=True)
class Part:
    """One direct part of a result, with its names in return statements."""

    path: Path
    names: tuple[str, ...]


def saved_parts(trial: Trial) -> list[Part]:
    """The direct parts of what forward returned, without y, the statistics and functions."""
    call, source = trial.call, source_of(trial.runtime.functions[trial.call.function])
    taken = {call.y, call.running_mean, call.running_var}
    return [
        Part(path, tuple(source.returned.get(path[1:], ())))
        for path, value in top(trial.first[0])
        if not callable(value)
        and path not in taken
        and not any(p is not None and p[: len(path)] == path for p in taken)
    ]


def _named(trial: Trial, parameter: Parameter, saved: Sequence[Part]) -> Argument | None:
    """What a parameter of backward is by its name."""
    name, roles = parameter.name, roles_of(parameter.name)
    for part in saved:
        if any(words_of(own) == words_of(name) for own in part.names):
            return Argument(name, "result", paths=(part.path,))
    if Role.CACHE in roles and saved:
        return Argument(name, "result", paths=tuple(part.path for part in saved))
    for argument in trial.call.arguments:
        if argument.name == name:
            return argument
    held = next((role for role in roles if role in INPUTS), None)
    if held is not None and Role.DY not in roles and parameter.required:
        return Argument(name, str(held))
    return None


def _upstream(parameters: Sequence[Parameter], named: dict[str, Argument | None]) -> str:
    """The name of the parameter that takes dy, "" if no name says it."""
    for role in UPSTREAM:
        for parameter in parameters:
            if role in roles_of(parameter.name) and named[parameter.name] is None:
                return parameter.name
    return ""


def _used(named: dict[str, Argument | None]) -> set[Path]:
    return {path for a in named.values() if a is not None for path in a.paths}


def _fillings(
    unknown: Sequence[Parameter], cache: Sequence[Part], *, dy_missing: bool
) -> list[Argument]:
    """What parameters without a known name may take: dy first, then what forward saved."""
    dy = [Argument("", "dy")] if dy_missing else []
    left = len(unknown) - len(dy)
    if left == len(cache):
        return dy + [Argument("", "result", paths=(part.path,)) for part in cache]
    everything = Argument("", "result", paths=tuple(part.path for part in cache))
    return [*dy, everything] if cache else dy


# --- results --------------------------------------------------------------------------------------


def called(trial: Trial, backward: Backward, values: Any) -> Any:
    """What backward returns after forward on some values."""
    same = values is trial.values
    returned, given, held = trial.first if same else trial.made(x=values["x"])
    runtime = trial.runtime
    upstream = {**held, **given, "dy": runtime.whole(_dy(trial))}
    made = runtime.arguments(backward.arguments, upstream, returned, training=trial.training)
    function = runtime.backward(backward, returned)
    return guarded(lambda: function(*made[0], **made[1]))


def _dy(trial: Trial) -> Any:
    x = trial.values["x"]
    return np.random.default_rng(7).normal(size=x.shape).astype(x.dtype)


def _read(
    trial: Trial, function: Backward, arguments: tuple[Argument, ...], returned: Any
) -> Found | None:
    """Which result is which gradient; None if none of them is like x."""
    source = source_of(_function(trial, function))
    found, shape = leaves(returned, source), tuple(trial.first[2]["x"].shape)
    like_x = [leaf for leaf in found if leaf.shape == shape]
    if not like_x:
        return None
    dx = min(like_x, key=lambda leaf: (not leaf.may_be(Role.DX), leaf.depth))
    channels = len(trial.values["gamma"])
    vectors = [leaf for leaf in found if is_vector(leaf, channels) and leaf is not dx]
    by_name = _by_name(vectors)
    by_behaviour = _by_behaviour(trial, function, arguments, returned, vectors)
    remark = ""
    if by_name and by_behaviour and by_name != by_behaviour:
        names = " and ".join(leaf.names[0] for leaf in by_name if leaf is not None and leaf.names)
        remark = f"the names of the results ({names}) are kept, although the values are exchanged"
    dgamma, dbeta = by_name or by_behaviour or _by_place(vectors)
    paths = [None if leaf is None else leaf.path for leaf in (dx, dgamma, dbeta)]
    dx_at, dgamma_at, dbeta_at = paths
    made = replace(function, arguments=arguments, dx=dx_at, dgamma=dgamma_at, dbeta=dbeta_at)
    return Found(made, remark)


_Pair = tuple[Leaf | None, Leaf | None]


def _by_name(vectors: Sequence[Leaf]) -> _Pair | None:
    """dgamma and dbeta by their names; one that is named leaves the other place to the rest."""
    gammas = [leaf for leaf in vectors if leaf.may_be(Role.DGAMMA) or leaf.may_be(Role.GAMMA)]
    betas = [leaf for leaf in vectors if leaf.may_be(Role.DBETA) or leaf.may_be(Role.BETA)]
    if not gammas and not betas:
        return None
    dgamma = gammas[0] if gammas else next((v for v in vectors if v not in betas), None)
    dbeta = betas[0] if betas else next((v for v in vectors if v is not dgamma), None)
    return dgamma, dbeta


def _by_behaviour(
    trial: Trial,
    function: Backward,
    arguments: tuple[Argument, ...],
    returned: Any,
    vectors: Sequence[Leaf],
) -> _Pair | None:
    """dbeta does not depend on x, dgamma does."""
    if len(vectors) != 2:
        return None
    moved = {**trial.values, "x": np.asarray(trial.values["x"])[::-1].copy()}
    try:
        other = called(trial, replace(function, arguments=arguments), moved)
    except UsersError:
        return None
    one, two = ([numbers_of(at(v.path, r, {})) for v in vectors] for r in (returned, other))
    same = [np.allclose(a, b) for a, b in zip(one, two, strict=True)]
    if sum(same) != 1:
        return None
    dbeta = vectors[same.index(True)]
    return next(v for v in vectors if v is not dbeta), dbeta


def _by_place(vectors: Sequence[Leaf]) -> _Pair:
    """In the usual order."""
    padded = [*vectors[:2], None, None]
    return padded[0], padded[1]


def gradient_names(backward: Backward, source: Any) -> dict[str, str]:
    """What a function calls the gradients of gamma and beta, where it has names for them."""
    found = {}
    for role, path in ((Role.DGAMMA, backward.dgamma), (Role.DBETA, backward.dbeta)):
        names = source.returned.get(path[1:], ()) if path else ()
        keys = [step for step in (path or ())[1:] if isinstance(step, str)]
        if names or keys:
            found[str(role)] = (*keys, *names)[0]
    return found
