"""From a class, factory or instance to implementations of the contract."""

import inspect
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bnproof.engine.contract.declaration import ContractError
from bnproof.recognition.aliases import STATISTICS, Role, affine_words
from bnproof.recognition.errors import NotRecognised
from bnproof.recognition.modules.applicable import demands_of
from bnproof.recognition.objects.anatomy import dissect
from bnproof.recognition.objects.arrays import TorchArrays
from bnproof.recognition.objects.discovery import find
from bnproof.recognition.objects.draft import Draft, implementation
from bnproof.recognition.objects.extra_settings import settle_extras, settle_virtual_batch
from bnproof.recognition.objects.inner_module import Inside, inside
from bnproof.recognition.objects.limits import (
    settle_dtypes,
    settle_ranges,
    settle_ranks,
    settle_single_value,
    settle_strides,
    settle_twice,
)
from bnproof.recognition.objects.object_settings import settle_eps, settle_momentum
from bnproof.recognition.objects.traits import Traits
from bnproof.recognition.patterns import Pattern
from bnproof.recognition.recognised import Origin, Part, Unidentified

SIXTEEN = ("float16", "bfloat16")


def build(target: Any) -> list[Any]:
    """The implementations that a class, factory or instance stands for.

    Raises `Unusable`, with what the user's code raised, if objects cannot be made or called, and
    `NotRecognised` if the target is nothing of the kind.
    """
    within = inside(target)
    if within is not None and within.followed:
        whole = _with_known_activation(target)
        if whole is not None:
            return _finished(whole)
        remark = f"an activation follows the batch norm {within.name}, and is not checked"
        finished = [_with(made, remarks=(remark,)) for made in _finished(_drafted(within.module))]
        for made in finished:
            made.followed = within.name
        return finished
    try:
        draft = _drafted(target)
    except ContractError:
        if within is None:
            raise
        return _apart(target, within)
    right = draft.anatomy.fused is not None or any(tried.right for tried in draft.found.tried)
    if within is not None and within.others and not right:
        return _apart(target, within)
    return _finished(draft)


def _with_known_activation(target: Any) -> Draft | None:
    """A module with a norm and an activation as a whole, where a check knows the activation."""
    with suppress(ContractError):
        draft = _drafted(target)
        if draft.anatomy.fused is not None and draft.anatomy.fused.seen_through:
            return draft
    return None


def _apart(target: Any, within: Inside) -> list[Any]:
    """The batch norm inside a module that is not one itself; the rest is told as not identified."""
    kind = getattr(target, "__name__", type(target).__name__)
    names = ", ".join(within.others[:3]) or "what is around it"
    rest = Unidentified(
        f"the rest of {kind} ({names})",
        Part.OTHER_STATE,
        f"the batch norm {within.name} inside is checked alone",
    )
    made = _finished(_drafted(within.module))
    return [_with(each, unidentified=(rest,)) for each in made]


def _with(made: Any, *, remarks: tuple[str, ...] = (), unidentified: Any = ()) -> Any:
    """An implementation with more to tell."""
    told = made.recognition
    made.recognition = replace(
        told,
        remarks=(*remarks, *told.remarks),
        unidentified=(*unidentified, *told.unidentified),
    )
    return made


def _finished(draft: Draft) -> list[Any]:
    """The implementations of a target as it stands."""
    settle_extras(draft)
    settle_virtual_batch(draft)
    settle_ranks(draft)
    settle_eps(draft)
    settle_dtypes(draft)
    settle_momentum(draft)
    settle_ranges(draft)
    settle_twice(draft)
    settle_strides(draft)
    settle_single_value(draft)
    made = [implementation(draft), *_sixteen_bits(draft)]
    fused = draft.anatomy.fused is not None
    for each in made:
        each.module_demands = demands_of(each.recipe, each.traits, fused=fused)
    if draft.compiled:
        _compile(made)
    return made


def _drafted(target: Any) -> Draft:
    original = getattr(target, "_orig_mod", target)  # of torch.compile: probed uncompiled
    found = find(original)
    tried = found.tried[0]
    elementwise = all(t.training == Pattern.ELEMENT for t in found.tried)
    anatomy = dissect(found.lab, tried.rank, elementwise=elementwise)
    paths = anatomy.roles.paths
    if not paths and not any(tried.right for tried in found.tried):
        raise NotRecognised(target)
    affine = affine_words(gamma=Role.GAMMA in paths, beta=Role.BETA in paths)
    traits = Traits(
        ranks=tuple(sorted(t.rank for t in found.tried)),
        channel_axis=found.lab.axis,
        affine_parameters=affine,
        keeps_strides="positive" if isinstance(found.lab.arrays, TorchArrays) else True,
        trains=anatomy.trains,
        infers=anatomy.evaluates and (not anatomy.trains or any(r in paths for r in STATISTICS)),
    )
    if found.lab.maker.is_instance:
        traits.fixed["channels"] = found.lab.channels
    if anatomy.fused is not None:
        traits.activation, traits.activation_slope = anatomy.fused.name, anatomy.fused.slope
    origins = dict.fromkeys(("ranks", "affine_parameters"), Origin.IDENTIFIED)
    if anatomy.fused is not None:
        origins["activation"] = Origin.IDENTIFIED
    if max(traits.ranks) > 2:  # rank 2 has the channels last in any case
        origins["channel_axis"] = Origin.IDENTIFIED
    return Draft(original, found, anatomy, traits, origins, [], [], compiled=original is not target)


def _compile(made: list[Any]) -> None:
    """Have torch compile the objects, as the target is; they were probed uncompiled."""
    import torch  # noqa: PLC0415  # a compiled module came from it

    for each in made:
        lab = each.recipe.lab.with_(modes=replace(each.recipe.lab.modes, wrap=torch.compile))
        each.recipe = replace(each.recipe, lab=lab)


def _sixteen_bits(draft: Draft) -> Iterator[Any]:
    """torch's own modules in 16 bits: with parameters in float32, and wholly in 16 bits.

    Code of other people is not asked for what it does not promise.  torch 2.13 on the CPU sums in
    16 bits in backward where a 16-bit x or dy is neither contiguous nor channels-last, or the two
    are not laid out alike, and in double backward throughout.  No accuracy class has sums in 16
    bits, so everything is copied here, and double backward is not offered.
    """
    if not _is_torchs_own(draft):
        return
    for suffix, parameters, accuracy in (
        (" (16-bit input)", dict.fromkeys(SIXTEEN, "float32"), "streaming"),
        (" (wholly in 16 bits)", {d: d for d in SIXTEEN}, "low-precision statistics"),
    ):
        changes = {
            "dtypes": SIXTEEN,
            "parameter_dtypes": parameters,
            "accuracy": accuracy,
            "keeps_strides": False,
            "differentiates_twice": False,
        }
        yield implementation(draft, suffix, **changes)


def _is_torchs_own(draft: Draft) -> bool:
    """Whether forward is torch's own, and float32 was the dtype that it was made in."""
    lab = draft.found.lab
    if not lab.modes.is_module or "float32" not in draft.traits.dtypes:
        return False
    forward = inspect.getattr_static(type(lab.new(draft.rank)), "forward")
    if not inspect.isroutine(forward):  # of a scripted module
        return False
    return forward.__module__.startswith("torch.nn.modules.batchnorm")
