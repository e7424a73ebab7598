"""From a found object to implementations: settings, dtypes, ranks, averages, variants."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.properties.formats import FORMATS
from bnproof.targets.aliases import STATISTICS, Role
from bnproof.targets.objects.anatomy import Anatomy, dissect, role_names
from bnproof.targets.objects.arrays import TorchArrays
from bnproof.targets.objects.implementation import ObjectImplementation, Traits
from bnproof.targets.objects.lab import Lab
from bnproof.targets.objects.layer import Recipe
from bnproof.targets.objects.makers import Wanted, is_instance
from bnproof.targets.objects.probing import (
    constant_eps,
    explains,
    is_cumulative,
    meant,
    weight_of_momentum,
)
from bnproof.targets.objects.rectified import Rectified
from bnproof.targets.objects.recognise import Found, NotRecognised, Tried, find
from bnproof.targets.objects.slots import held, is_torch_module
from bnproof.targets.objects.patterns import Pattern, probe
from bnproof.targets.objects.refusals import told
from bnproof.targets.recognition import Origin, Part, Recognition, Unidentified

SIXTEEN = ("float16", "bfloat16")
USUAL_EPS = 1e-5
LEAST_EPS = 1e-30
"""In place of an eps of 0 where that is refused; float32 flushes still smaller ones to 0."""


@dataclass
class Draft:
    """What is settled step by step on the way to an implementation."""

    target: Any
    found: Found
    anatomy: Anatomy
    traits: Traits
    origins: dict[str, Origin]
    remarks: list[str]
    evidence: list[str]

    @property
    def rank(self) -> int:
        """A rank that works."""
        return self.traits.ranks[0]


def build(target: Any) -> list[Any]:
    """The implementations that an object stands for; raises NotRecognised."""
    draft = _drafted(target)
    _settle_ranks(draft)
    _settle_eps(draft)
    _settle_dtypes(draft)
    _settle_momentum(draft)
    _settle_ranges(draft)
    _settle_twice(draft)
    made = [_made(draft), *_sixteen_bits(draft)]
    return [Rectified(each) for each in made] if draft.anatomy.rectified else made


def _drafted(target: Any) -> Draft:
    found = find(target)
    tried = found.tried[0]
    elementwise = all(t.training == Pattern.ELEMENT for t in found.tried)
    anatomy = dissect(found.lab, tried.rank, elementwise=elementwise)
    paths = anatomy.roles.paths
    affine = {
        (True, True): "required",
        (True, False): "gamma only",
        (False, True): "beta only",
        (False, False): "none",
    }[Role.GAMMA in paths, Role.BETA in paths]
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
    origins = dict.fromkeys(("ranks", "affine_parameters"), Origin.IDENTIFIED)
    if max(traits.ranks) > 2:  # noqa: PLR2004  # rank 2 has the channels last in any case
        origins["channel_axis"] = Origin.IDENTIFIED
    return Draft(target, found, anatomy, traits, origins, [], [])


def _settle_ranks(draft: Draft) -> None:
    """Keep the ranks that evaluation takes as well, and say what was left out and why."""
    lab, kept = draft.anatomy.lab, []
    for tried in draft.found.tried:
        refusal = _refusal(lab, tried.rank, training=False) if draft.traits.infers else ""
        if refusal:
            draft.remarks.append(f"rank {tried.rank} is not checked: evaluation raised {refusal}")
        else:
            kept.append(tried.rank)
        draft.evidence.append(f"rank {tried.rank}: y depends on x as {tried.training}")
    draft.traits.ranks = tuple(sorted(kept)) or draft.traits.ranks
    if not any(t.right for t in draft.found.tried) and draft.anatomy.trains:
        told = ", ".join(sorted({str(t.training) for t in draft.found.tried}))
        draft.remarks.append(f"no rank normalises over the values of a channel, but: {told}")


def _refusal(lab: Lab, rank: int, *, training: bool) -> str:
    """What a call in a rank raised, "" if nothing."""
    x = probe(rank, lab.arrays_dtype(lab.dtype), lab.channels)
    try:
        lab.y(lab.new(rank), x, training=training)
    except Exception as error:  # noqa: BLE001  # the user's code may raise anything
        return told(error)
    return ""


# --- eps --------------------------------------------------------------------------------------


def _settle_eps(draft: Draft) -> None:
    """eps is varied if the constructor takes it; else read from the object, else found."""
    maker = draft.anatomy.lab.maker
    argument = maker.signature.with_role(Role.EPS)
    by_name = argument is None or argument.by_name
    if maker.takes(Role.EPS) and (by_name or _has_effect(draft)):
        return
    value, origin, how = _own_eps(draft)
    draft.traits.fixed["eps"] = value
    draft.origins["eps"] = origin
    draft.evidence.append(f"eps is {value:g}: {how}")


def _has_effect(draft: Draft) -> bool:
    """Whether another eps gives another y."""
    lab = draft.anatomy.lab
    x = probe(draft.rank, lab.arrays_dtype(lab.dtype), lab.channels)
    one, other = (
        made.y(made.new(draft.rank), x, training=draft.traits.trains)
        for made in (lab.with_(eps=1e-5), lab.with_(eps=0.5))
    )
    return not np.allclose(one, other, rtol=1e-3)


def _own_eps(draft: Draft) -> tuple[float, Origin, str]:
    """The eps of an object: as it tells, if that explains y, else as probes show it."""
    lab, path = draft.anatomy.lab, draft.anatomy.settings.get(Role.EPS)
    told = held(lab.new(draft.rank), path) if path is not None else None
    if isinstance(told, (int, float)):
        return float(told), Origin.READ, "read from the object"
    if draft.traits.trains and not draft.anatomy.rectified:
        found = constant_eps(_trainer(draft), lab.dtype, draft.rank, lab.channels)
        if found is not None:
            return found, Origin.IDENTIFIED, "data of a small variance shows it"
    draft.remarks.append(f"no eps was found; the check assumes {USUAL_EPS:g}")
    return USUAL_EPS, Origin.DEFAULT, "none was found"


def _trainer(draft: Draft) -> Any:
    lab, rank = draft.anatomy.lab, draft.rank
    return lambda x: lab.y(lab.new(rank), x, training=True)


# --- momentum ---------------------------------------------------------------------------------


def _settle_momentum(draft: Draft) -> None:
    """Which term momentum weighs, and what it is where it cannot be varied."""
    anatomy, maker = draft.anatomy, draft.anatomy.lab.maker
    if not draft.traits.trains or not any(r in anatomy.roles.paths for r in STATISTICS):
        if not maker.takes(Role.MOMENTUM):
            draft.traits.fixed["momentum"] = 0.1
        return
    default = _default_momentum(draft)
    varied = maker.takes(Role.MOMENTUM) or _is_cumulative_instance(draft)
    if not varied:
        draft.traits.fixed["momentum"] = default if isinstance(default, (int, float)) else 0.5
    term, weight, because = weight_of_momentum(_made(draft))
    if not varied and not isinstance(default, (int, float)):
        _fix_momentum(draft, weight, because)
        return
    _choose_term(draft, term, weight, meant(default), default, because, varied=varied)
    if varied and (default is None or anatomy.counter is not None):
        draft.traits.cumulative = is_cumulative(_made(draft))


def _default_momentum(draft: Draft) -> Any:
    """The momentum that the object has without being told, None for the cumulative average."""
    maker = draft.anatomy.lab.maker
    argument = maker.signature.with_role(Role.MOMENTUM)
    if argument is not None and not argument.required and not maker.is_instance:
        return argument.default
    path = draft.anatomy.settings.get(Role.MOMENTUM)
    if path is None:
        return ""
    lab = draft.anatomy.lab.with_(momentum=None)
    return held(lab.new(draft.rank), path)


def _is_cumulative_instance(draft: Draft) -> bool:
    path = draft.anatomy.settings.get(Role.MOMENTUM)
    if path is None or not draft.anatomy.lab.maker.is_instance:
        return False
    return held(draft.target, path) is None


def _fix_momentum(draft: Draft, weight: float | None, because: str) -> None:
    """A weight that the code has of its own, as a momentum of the new value."""
    if weight is None or not 0 < weight < 1:
        draft.remarks.append(f"no momentum was found: {because}; the check assumes 0.1")
        weight = 0.1
    draft.traits.fixed["momentum"] = weight
    draft.traits.momentum_weighs = "new"
    draft.origins["momentum"] = draft.origins["momentum_weighs"] = Origin.IDENTIFIED
    draft.evidence.append(f"momentum is {weight:g} of the new value: {because}")


def _choose_term(
    draft: Draft,
    term: str,
    weight: float | None,
    author: str,
    default: Any,
    because: str,
    *,
    varied: bool,
) -> None:
    """The term by behaviour, unless the default says that the author means the other one."""
    del weight
    if author and term and author != term:
        draft.remarks.append(
            f"its default momentum {default:g} means the weight of the {author} value, "
            f"but it weighs the {term} one"
        )
        draft.evidence.append(f"momentum weighs the {author} value: the default is {default:g}")
    draft.traits.momentum_weighs = author or term or "new"
    draft.origins["momentum_weighs"] = Origin.IDENTIFIED if author or term else Origin.DEFAULT
    if not varied:
        draft.origins["momentum"] = Origin.READ
    if term and author in ("", term):
        draft.evidence.append(f"momentum weighs the {term} value: {because}")


# --- ranges, dtypes ---------------------------------------------------------------------------


def _settle_ranges(draft: Draft) -> None:
    """The ends of the ranges of eps and momentum, where the ends themselves are refused."""
    lab, maker = draft.anatomy.lab, draft.anatomy.lab.maker
    training = draft.traits.trains
    if "eps" not in draft.traits.fixed and maker.takes(Role.EPS):
        if _setting_refused(lab.with_(eps=0.0), draft.rank, training=training):
            draft.traits.accepts["eps"] = (LEAST_EPS, 1e30)
    if "momentum" in draft.traits.fixed or not maker.takes(Role.MOMENTUM):
        return
    low = (
        2.0**-10
        if _setting_refused(lab.with_(momentum=0.0), draft.rank, training=training)
        else 0.0
    )
    high = (
        1 - 2.0**-10
        if _setting_refused(lab.with_(momentum=1.0), draft.rank, training=training)
        else 1.0
    )
    draft.traits.accepts["momentum"] = (low, high)


def _setting_refused(lab: Lab, rank: int, *, training: bool) -> bool:
    return bool(_refusal(lab, rank, training=training))


def _settle_dtypes(draft: Draft) -> None:
    """float32 and float64, as far as all results come back in them."""
    if is_instance(draft.target) and isinstance(draft.found.lab.arrays, TorchArrays):
        own = _own_dtype(draft)
        wanted = (own,) if own != "float32" else ("float32", "float64")
    else:
        wanted = ("float32", "float64")
    kept, why = [], []
    for dtype in wanted:
        refusal = _dtype_refusal(draft, dtype)
        if refusal:
            why.append(f"{dtype} is not checked: {refusal}")
        else:
            kept.append(dtype)
    if not kept:
        raise NotRecognised("; ".join(why))
    draft.remarks += why
    draft.traits.dtypes = tuple(kept)
    draft.origins["dtypes"] = Origin.IDENTIFIED


def _own_dtype(draft: Draft) -> str:
    """The dtype of an instance's own arrays."""
    lab, paths = draft.anatomy.lab, draft.anatomy.roles.paths
    values = [held(draft.target, path) for path in paths.values()]
    arrays = [value for value in values if lab.arrays.is_array(value)]
    return str(arrays[0].dtype).removeprefix("torch.") if arrays else "float32"


def _dtype_refusal(draft: Draft, dtype: str) -> str:
    """Why a dtype cannot be checked, "" if it can."""
    implementation = _made(draft)
    x = probe(draft.rank, FORMATS[dtype].dtype, draft.anatomy.lab.channels)
    given = x if draft.traits.channel_axis == 1 else np.moveaxis(x, 1, -1)
    layer = implementation.default_layer(draft.anatomy.lab.channels, dtype)
    try:
        y, _ = layer.call(given, training=draft.traits.trains)
    except Exception as error:  # noqa: BLE001  # the user's code may raise anything
        return told(error)
    if y.dtype != x.dtype:
        return f"y comes back in {y.dtype}"
    wrong = [f"{n} in {v.dtype}" for n, v in layer.state().items() if _other_dtype(v, dtype)]
    return f"{', '.join(wrong)}" if wrong else ""


def _other_dtype(value: Any, dtype: str) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != FORMATS[dtype].dtype


def _settle_twice(draft: Draft) -> None:
    """Whether backward can be differentiated once more."""
    if not draft.anatomy.autograd or draft.anatomy.rectified:
        return
    draft.traits.differentiates_twice = True
    implementation = _made(draft)
    lab = draft.anatomy.lab
    x = probe(draft.rank, FORMATS[draft.traits.dtypes[0]].dtype, lab.channels)
    given = x if draft.traits.channel_axis == 1 else np.moveaxis(x, 1, -1)
    layer = implementation.default_layer(lab.channels, draft.traits.dtypes[0])
    _, backward = layer.call(given, training=draft.traits.trains)
    ones = np.ones(lab.channels, x.dtype)
    has = [role in draft.anatomy.roles.paths for role in (Role.GAMMA, Role.BETA)]
    try:
        backward.double(given, given, *(ones if there else None for there in has))
    except RuntimeError as error:  # what autograd raises where it has no formula
        draft.traits.differentiates_twice = False
        draft.evidence.append(f"double backward is not offered: {told(error)}")


# --- implementations --------------------------------------------------------------------------


def _made(draft: Draft, suffix: str = "", **changes: Any) -> Any:
    """The implementation as far as it is settled."""
    anatomy = draft.anatomy
    lab = anatomy.lab.with_(axis=draft.found.lab.axis)
    recipe = Recipe(
        lab,
        anatomy.roles.paths,
        anatomy.settings,
        anatomy.counter,
        anatomy.backward,
        autograd=anatomy.autograd or (not anatomy.trains and isinstance(lab.arrays, TorchArrays)),
        once=anatomy.once,
        varies_momentum=_is_cumulative_instance(draft),
    )
    recognition = Recognition(
        form=_form(draft),
        roles=dict(role_names(anatomy)),
        origins=dict(draft.origins),
        unidentified=tuple(anatomy.unidentified),
        remarks=tuple(dict.fromkeys([*anatomy.remarks, *draft.remarks])),
        evidence=tuple(dict.fromkeys([*anatomy.evidence, *draft.evidence])),
    )
    traits = replace(draft.traits, **changes)
    name = _name(draft.target) + suffix
    return ObjectImplementation(recipe, traits, recognition, name, _version(draft))


def _form(draft: Draft) -> str:
    """The form in a few words."""
    target, lab = draft.target, draft.found.lab
    module = is_torch_module(lab.new(draft.rank))
    what = "torch module" if module else f"{lab.arrays.name} object"
    how = "an instance" if lab.maker.is_instance else "made by " + _maker_words(target)
    after = ", followed by a ReLU" if draft.anatomy.rectified else ""
    only = ", for inference only" if not draft.traits.trains else ""
    columns = ", samples are columns" if lab.columns else ""
    return f"{what}, {how}{after}{only}{columns}"


def _maker_words(target: Any) -> str:
    name = getattr(target, "__name__", "") or getattr(getattr(target, "func", None), "__name__", "")
    kind = "its class" if isinstance(target, type) else f"{name or 'a factory'}(...)"
    return kind


def _name(target: Any) -> str:
    """The target's name, as it is written in code."""
    named = getattr(target, "func", target)
    kind = named if hasattr(named, "__qualname__") else type(named)
    module = "" if kind.__module__ in ("__main__", "builtins") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}".replace("torch.nn.modules.batchnorm.", "torch.nn.")


def _version(draft: Draft) -> str:
    arrays = draft.found.lab.arrays
    return str(arrays.torch.__version__) if isinstance(arrays, TorchArrays) else np.__version__


def _sixteen_bits(draft: Draft) -> Iterator[Any]:
    """torch's own modules in 16 bits: with parameters in float32, and wholly in 16 bits.

    Code of other people is not asked for what it does not promise.
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
        yield _made(draft, suffix, **changes)


def _is_torchs_own(draft: Draft) -> bool:
    """Whether forward is torch's own, and float32 was the dtype that it was made in."""
    lab = draft.found.lab
    if not is_torch_module(lab.new(draft.rank)) or "float32" not in draft.traits.dtypes:
        return False
    forward = type(lab.new(draft.rank)).forward
    return str(getattr(forward, "__module__", "")).startswith("torch.nn.modules.batchnorm")
