"""How much a module claims to be like torch's own, which decides what is demanded of it.

What torch's own modules do around their numbers is a promise of torch, and not of everybody who
writes a batch normalization.  A module makes it

- as a *drop-in*: its constructor takes ``affine`` and ``track_running_stats``, so that it stands
  where torch's classes stand;
- by *torch's names*: weight, bias, running_mean and running_var, the last two as buffers, so that
  checkpoints go from one to the other.

Any other module, such as one of a course with plain averages, promises nothing of the kind: what
differs there is noted in the report, and no violation.  So is what differs in a module that
contains the batch normalization, since its author may have prepared the inner one on purpose.
Some demands hold for every module; see `bnproof.properties.modules`.
"""

import functools
import inspect
from dataclasses import replace
from enum import IntEnum
from typing import Any

from bnproof.recognition.aliases import AFFINE, STATISTICS, Role
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.objects.signatures import parameters_of
from bnproof.recognition.objects.slots import Kind, held, is_torch_module, kind_of
from bnproof.recognition.user_calls import UsersError

TORCH_NAMES = {
    Role.GAMMA: "weight",
    Role.BETA: "bias",
    Role.RUNNING_MEAN: "running_mean",
    Role.RUNNING_VAR: "running_var",
}
FLAGS = ("affine", "track_running_stats")


class Claim(IntEnum):
    """How much a module claims; each claim includes those before it."""

    ANY = 0
    NAMES = 1
    DROP_IN = 2
    NEVER = 3
    """What no module claims: a difference is noted only."""


def norm_in(owner: Any, recipe: Recipe) -> Any:
    """The module that holds the parameters and statistics: the whole one, or one inside it."""
    for role in (*STATISTICS, *AFFINE):
        path = recipe.paths.get(role)
        if path is not None:
            inner = held(owner, path[:-1]) if len(path) > 1 else owner
            return inner if is_torch_module(inner) else owner
    return owner


def claim_of(owner: Any, recipe: Recipe) -> Claim:
    """How much a module claims."""
    if norm_in(owner, recipe) is not owner:
        return Claim.ANY
    if set(FLAGS) <= set(flags_of(type(owner))) and _takes_flags(recipe):
        return Claim.DROP_IN
    return Claim.NAMES if _has_torch_names(owner, recipe) else Claim.ANY


def flags_of(maker: Any) -> tuple[str, ...]:
    """Which of torch's flags a class or factory takes, or passes on to the class above.

    >>> flags_of(lambda channels, affine=True: None)
    ('affine',)
    """
    kind = class_of(maker)
    classes = [k for k in kind.__mro__ if "__init__" in k.__dict__] if kind else []
    own = [k.__dict__["__init__"] for k in classes] or [maker]
    named: list[str] = []
    for function in own:
        parameters = parameters_of(function) or []
        named += [p.name for p in parameters]
        if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
            break
    return tuple(flag for flag in FLAGS if flag in named)


def _takes_flags(recipe: Recipe) -> bool:
    """Whether a class can be given both flags; a constructor may set what it seems to pass on."""
    maker = recipe.lab.maker
    if maker.is_instance or class_of(maker.target) is None:
        return True
    flagged = functools.partial(maker.target, **dict.fromkeys(FLAGS, True))
    try:
        replace(recipe.lab, maker=replace(maker, target=flagged), warm_up=False).new(2)
    except UsersError:
        return False
    return True


def is_subclass(kind: Any) -> bool:
    """Whether a class is derived from torch's own batch normalizations."""
    return isinstance(kind, type) and any(
        base.__module__ == "torch.nn.modules.batchnorm" and base.__name__ == "_NormBase"
        for base in kind.__mro__
    )


def class_of(maker: Any) -> type | None:
    """The class that a maker calls, None for a factory or an instance."""
    while isinstance(maker, functools.partial):
        maker = maker.func
    return maker if isinstance(maker, type) else None


def _has_torch_names(owner: Any, recipe: Recipe) -> bool:
    paths = recipe.paths
    named = all(path[-1].key == TORCH_NAMES[role] for role, path in paths.items())
    return named and all(
        role in paths and kind_of(owner, paths[role]) is Kind.BUFFER for role in STATISTICS
    )
