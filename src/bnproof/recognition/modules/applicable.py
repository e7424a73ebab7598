"""What can be tried on the modules of a target, each with the reason where it cannot."""

import sys
from typing import Any

from bnproof.engine.model.demand import Demand
from bnproof.recognition.aliases import AFFINE, PER_CHANNEL, STATISTICS, Role
from bnproof.recognition.modules.promises import (
    Claim,
    claim_of,
    class_of,
    flags_of,
    is_subclass,
    norm_in,
)
from bnproof.recognition.modules.resets import RESETS
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.objects.slots import is_registered, name_of
from bnproof.recognition.objects.traits import Traits
from bnproof.recognition.user_calls import UsersError

SPLIT = "needs batches that are normalised as a whole"
NEEDS_TORCHS_CLASS = "needs a subclass of torch's batch normalizations with its constructor"


def demands_of(recipe: Recipe, traits: Traits, *, fused: bool) -> dict[Demand, str]:
    """What can be tried: each demand with "", or the reason why not; {} for no torch module."""
    if not recipe.lab.modes.is_module:
        return {}
    try:
        owner = recipe.lab.new(traits.ranks[0])
    except UsersError:
        return {}
    if _is_scripted(owner):
        return dict.fromkeys(Demand, "needs a module of Python code; this one is scripted")
    found = dict.fromkeys(Demand, "") | _reasons(owner, recipe, fused=fused)
    if traits.virtual_batch is not None:  # whether each part counts is a module's own matter
        found |= dict.fromkeys((Demand.BATCHES_TRACKED, Demand.CUMULATIVE), SPLIT)
    return found


def _is_scripted(owner: Any) -> bool:
    return any(base.__module__.startswith("torch.jit") for base in type(owner).__mro__)


def _reasons(owner: Any, recipe: Recipe, *, fused: bool) -> dict[Demand, str]:
    """Why a demand is not tried on modules of this kind."""
    claim, paths, maker = claim_of(owner, recipe), recipe.paths, recipe.lab.maker
    given = any(maker.signature.with_role(role) is not None for role in PER_CHANNEL)
    own_class = class_of(maker.target) is not None and not maker.is_instance and not given
    drop_in, norm = claim is Claim.DROP_IN, norm_in(owner, recipe)
    torchs = drop_in and is_subclass(type(owner))
    flags = () if maker.is_instance else flags_of(maker.target)
    way = recipe.lab.modes.train
    needs_more = way.flags or way.passed or any(extra.required for extra in way.extras)
    plain = [name_of(path) for path in paths.values() if not is_registered(owner, path)]
    return {
        Demand.INITIAL_VALUES: _unless(
            own_class, "needs a class; what makes this module chooses what it starts with"
        ),
        Demand.PARAMETERS: _unless(
            drop_in and own_class, "needs a class with torch's flags affine and track_running_stats"
        ),
        Demand.PICKLE: _unless(_is_importable(type(owner)), "needs a class that can be imported"),
        Demand.AFFINE: _unless(
            "affine" in flags and any(role in paths for role in AFFINE),
            "needs gamma or beta and a constructor with affine",
        ),
        Demand.TRACKING: _unless(
            "track_running_stats" in flags and any(role in paths for role in STATISTICS),
            "needs running statistics and a constructor with track_running_stats",
        ),
        Demand.REQUIRES_GRAD: _unless(_trains(owner, recipe) > 0, "needs trainable parameters"),
        Demand.FROZEN: _unless(_trains(owner, recipe) > 0, "needs trainable parameters"),
        Demand.BATCHES_TRACKED: _unless(torchs and _tracks(owner), NEEDS_TORCHS_CLASS),
        Demand.CUMULATIVE: _unless(
            torchs and _tracks(owner) and maker.takes(Role.MOMENTUM), NEEDS_TORCHS_CLASS
        ),
        Demand.SYNC_CONVERSION: _unless(
            is_subclass(type(norm)) and not fused, "needs a subclass of torch's classes"
        ),
        Demand.CHECKPOINTING: _unless(recipe.autograd, "needs gradients by autograd"),
        Demand.SETTINGS: _unless(recipe.settings, "needs eps or momentum as attributes"),
        Demand.RESETS: _unless(
            any(callable(getattr(owner, name, None)) for name in RESETS),
            "needs reset_running_stats or reset_parameters",
        ),
        Demand.NO_GRAD: _unless(
            not recipe.lab.modes.under_no_grad, "needs a module that trains under no_grad"
        ),
        Demand.MODE: _unless(
            not needs_more and not recipe.lab.modes.under_no_grad,
            "needs a module whose mode is chosen by train() and eval() alone",
        ),
        Demand.FUNCTIONAL_CALL: _unless(
            not plain and not needs_more,
            f"needs registered parameters and buffers; {' and '.join(plain) or 'forward'} "
            f"{'is not' if len(plain) < 2 else 'are not'} of that kind",
        ),
    }


def _unless(holds: object, reason: str) -> str:
    return "" if holds else reason


def _is_importable(kind: type) -> bool:
    """Whether pickle finds a class by its name, which is not so in a function."""
    found: Any = sys.modules.get(kind.__module__)
    for name in kind.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is kind


def _trains(owner: Any, recipe: Recipe) -> int:
    """How many of gamma and beta are parameters that take gradients."""
    own = dict(owner.named_parameters())
    names = [".".join(str(s.key) for s in p) for r, p in recipe.paths.items() if r in AFFINE]
    return sum(name in own and own[name].requires_grad for name in names)


def _tracks(owner: Any) -> bool:
    return bool(getattr(owner, "track_running_stats", False))
