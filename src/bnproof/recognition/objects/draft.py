"""What is settled step by step on the way from a found object to an implementation."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS
from bnproof.recognition.aliases import Role
from bnproof.recognition.objects.anatomy import Anatomy, role_names
from bnproof.recognition.objects.arrays import TorchArrays
from bnproof.recognition.objects.data import probe
from bnproof.recognition.objects.discovery import Found
from bnproof.recognition.objects.implementation import ObjectImplementation
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.layer import Recipe
from bnproof.recognition.objects.refusals import told
from bnproof.recognition.objects.slots import held
from bnproof.recognition.objects.traits import Traits
from bnproof.recognition.recognised import Origin, Recognition
from bnproof.recognition.user_calls import UsersError


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
    compiled: bool = False

    @property
    def rank(self) -> int:
        """A rank that works."""
        return self.traits.ranks[0]


def implementation(draft: Draft, suffix: str = "", **changes: Any) -> Any:
    """The implementation as far as it is settled."""
    anatomy = draft.anatomy
    lab = anatomy.lab
    recipe = Recipe(
        lab,
        anatomy.roles.paths,
        anatomy.settings,
        anatomy.counter,
        anatomy.backward,
        autograd=anatomy.autograd or (not anatomy.trains and isinstance(lab.arrays, TorchArrays)),
        once=anatomy.once,
        varies_momentum=is_cumulative_instance(draft),
        adds=draft.traits.residual,
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
    what = "torch module" if lab.modes.is_module else f"{lab.arrays.name} object"
    what = f"compiled {what}" if draft.compiled else what
    how = "an instance" if lab.maker.is_instance else "made by " + _maker_words(target)
    fused = draft.anatomy.fused
    after = "" if fused is None else f", followed by {fused.words}"
    only = ", for inference only" if not draft.traits.trains else ""
    columns = ", samples are columns" if lab.columns else ""
    return f"{what}, {how}{after}{only}{columns}"


def _maker_words(target: Any) -> str:
    name = getattr(target, "__name__", "") or getattr(getattr(target, "func", None), "__name__", "")
    return "its class" if isinstance(target, type) else f"{name or 'a factory'}(...)"


def _name(target: Any) -> str:
    """The target's name, as it is written in code."""
    named = getattr(target, "func", target)
    kind = named if hasattr(named, "__qualname__") else type(named)
    module = "" if kind.__module__ in ("__main__", "builtins") else f"{kind.__module__}."
    return f"{module}{kind.__qualname__}".replace("torch.nn.modules.batchnorm.", "torch.nn.")


def _version(draft: Draft) -> str:
    arrays = draft.found.lab.arrays
    return str(arrays.torch.__version__) if isinstance(arrays, TorchArrays) else np.__version__


def is_cumulative_instance(draft: Draft) -> bool:
    """Whether the target is an instance that was made with momentum=None."""
    path = draft.anatomy.settings.get(Role.MOMENTUM)
    if path is None or not draft.anatomy.lab.maker.is_instance:
        return False
    return held(draft.target, path) is None


def refusal_in(lab: Lab, rank: int, *, training: bool) -> str:
    """What a call in a rank raised, "" if nothing."""
    x = lab.probe(rank)
    try:
        lab.once(rank, x, training=training)
    except UsersError as caught:
        return told(caught.error)
    return ""


def called(draft: Draft, rank: int, dtype: str = "") -> tuple[Any, Any]:
    """Data of a rank in the first dtype and the declared layout, and a layer to call with it."""
    dtype, channels = dtype or draft.traits.dtypes[0], draft.anatomy.lab.channels
    x = probe(rank, FORMATS[dtype].dtype, channels)
    last = draft.traits.channel_axis == -1
    given = np.ascontiguousarray(np.moveaxis(x, 1, -1)) if last else x
    return given, implementation(draft, trains=True).layer(
        channels,
        momentum=draft.traits.fixed.get("momentum", 0.5),
        eps=draft.traits.fixed.get("eps", 0.5),
        dtype=dtype,
        rank=rank,
    )
