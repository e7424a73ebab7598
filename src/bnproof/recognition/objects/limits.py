"""What an object can be given: ranks, ranges of settings, dtypes, memory, one value per channel."""

from typing import Any

import numpy as np

from bnproof.engine.model.formats import FORMATS
from bnproof.recognition.aliases import AFFINE, Role
from bnproof.recognition.errors import Unusable
from bnproof.recognition.objects.arrays import TorchArrays
from bnproof.recognition.objects.data import probe
from bnproof.recognition.objects.draft import Draft, called, implementation, refusal_in
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.makers import is_instance
from bnproof.recognition.objects.refusals import told
from bnproof.recognition.objects.slots import held
from bnproof.recognition.patterns import Pattern, pattern
from bnproof.recognition.recognised import Origin
from bnproof.recognition.user_calls import UsersError

LEAST_EPS = 1e-30
"""In place of an eps of 0 where that is refused; float32 flushes still smaller ones to 0."""

INSIDE = 2.0**-10
"""How far inside 0 and 1 momentum stays where the ends are refused."""


def settle_ranks(draft: Draft) -> None:
    """Keep the ranks that evaluation and gradients take as well, and say what was left out."""
    lab, kept = draft.anatomy.lab, []
    differentiable = {t.rank: _gradients_refused(draft, t.rank) for t in draft.found.tried}
    some = "" in differentiable.values()
    for tried in draft.found.tried:
        refusal = refusal_in(lab, tried.rank, training=False) if draft.traits.infers else ""
        if refusal:
            draft.remarks.append(f"rank {tried.rank} is not checked: evaluation raised {refusal}")
        elif some and differentiable[tried.rank]:
            said = f"a call with gradients raised {differentiable[tried.rank]}"
            draft.remarks.append(f"rank {tried.rank} is not checked: {said}")
        else:
            kept.append(tried.rank)
        draft.evidence.append(f"rank {tried.rank}: an element of x changes {tried.training} in y")
    draft.traits.ranks = tuple(sorted(kept)) or draft.traits.ranks
    patterns = _patterns(draft)
    if Pattern.CHANNEL not in patterns and draft.anatomy.trains:
        told = " or ".join(sorted(map(str, patterns)))
        draft.remarks.append(
            f"an element of x changes {told} in y, and not the elements of its channel"
        )


def _gradients_refused(draft: Draft, rank: int) -> str:
    """What a call with gradients raised in a rank, "" if nothing.

    A frozen module may have two ways, one of them written for images alone.
    """
    if not isinstance(draft.anatomy.lab.arrays, TorchArrays):
        return ""
    x, layer = called(draft, rank, draft.anatomy.lab.dtype)
    try:
        layer.tried(x, training=draft.traits.trains)
    except UsersError as caught:
        return told(caught.error)
    return ""


def _patterns(draft: Draft) -> set[Pattern]:
    """How y depends on x in training, seen before an activation where there is one."""
    anatomy = draft.anatomy
    if anatomy.fused is None or not anatomy.fused.seen_through:
        return {tried.training for tried in draft.found.tried}
    lab, rank = anatomy.lifted, draft.rank
    x = lab.probe(rank)
    return {pattern(lambda given: lab.once(rank, given, training=True), x, 1)}


def settle_ranges(draft: Draft) -> None:
    """The ends of the ranges of eps and momentum, where the ends themselves are refused."""
    lab, maker = draft.anatomy.lab, draft.anatomy.lab.maker
    training = draft.traits.trains
    varies_eps = "eps" not in draft.traits.fixed and maker.takes(Role.EPS)
    if varies_eps and _refused(lab.with_(eps=0.0), draft.rank, training=training):
        draft.traits.accepts["eps"] = (LEAST_EPS, 1e30)
    if "momentum" in draft.traits.fixed or not maker.takes(Role.MOMENTUM):
        return
    zero, one = (_refused(lab.with_(momentum=m), draft.rank, training=training) for m in (0.0, 1.0))
    low, high = (INSIDE if zero else 0.0), (1 - INSIDE if one else 1.0)
    draft.traits.accepts["momentum"] = (low, high)


def _refused(lab: Lab, rank: int, *, training: bool) -> bool:
    return bool(refusal_in(lab, rank, training=training))


def settle_dtypes(draft: Draft) -> None:
    """float32 and float64, as far as all results come back in them."""
    if is_instance(draft.target) and isinstance(draft.found.lab.arrays, TorchArrays):
        own = _own_dtype(draft)
        wanted = (own,) if own != "float32" else ("float32", "float64")
        if FORMATS[own].is_16_bit:  # as the whole of a torch module in 16 bits, see `build`
            draft.traits.parameter_dtypes = {own: own}
            draft.traits.accuracy = "low-precision statistics"
            draft.traits.keeps_strides = False
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
        raise Unusable("; ".join(why))
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
    x = probe(draft.rank, FORMATS[dtype].dtype, draft.anatomy.lab.channels)
    given = x if draft.traits.channel_axis == 1 else np.moveaxis(x, 1, -1)
    layer = implementation(draft).default_layer(draft.anatomy.lab.channels, dtype)
    try:
        y, _ = layer.tried(given, training=draft.traits.trains)
    except UsersError as caught:
        return told(caught.error)
    if y.dtype != x.dtype:
        return f"y comes back in {y.dtype}"
    wrong = [f"{n} in {v.dtype}" for n, v in layer.state().items() if _other_dtype(v, dtype)]
    return f"{', '.join(wrong)}" if wrong else ""


def _other_dtype(value: Any, dtype: str) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != FORMATS[dtype].dtype


def settle_twice(draft: Draft) -> None:
    """Whether backward can be differentiated once more."""
    if not draft.anatomy.autograd or draft.anatomy.fused is not None:
        return
    if draft.traits.residual or draft.traits.mask or draft.traits.parameter_dtypes:
        return
    draft.traits.differentiates_twice = True
    given, layer = called(draft, draft.rank)
    _, backward = layer.tried(given, training=draft.traits.trains)
    ones = np.ones(draft.anatomy.lab.channels, given.dtype)
    has = [role in draft.anatomy.roles.paths for role in AFFINE]
    try:
        backward.double(given, given, *(ones if there else None for there in has))
    except RuntimeError as error:  # what autograd raises where it has no formula
        draft.traits.differentiates_twice = False
        draft.evidence.append(f"double backward is not offered: {told(error)}")


def settle_strides(draft: Draft) -> None:
    """Whether x may lie in memory in another order; code with view() takes contiguous x alone."""
    for rank in draft.traits.ranks:
        x, layer = called(draft, rank)
        try:
            layer.tried(np.asfortranarray(x), training=draft.traits.trains)
        except UsersError as caught:
            draft.traits.keeps_strides = False
            draft.origins["keeps_strides"] = Origin.IDENTIFIED
            draft.remarks.append(
                f"x is copied before each call: another order in memory raised {told(caught.error)}"
            )
            return


def settle_single_value(draft: Draft) -> None:
    """Say that one value per channel is undefined where an error comes after the state moved.

    What training does otherwise with one value per channel is found before a check.
    """
    if not draft.traits.trains:
        return
    x, layer = called(draft, draft.rank)
    before = layer.state()
    try:
        layer.tried(x[(slice(1), slice(None), *(slice(1),) * (x.ndim - 2))], training=True)
    except UsersError as caught:
        after = layer.state()
        names = [str(role) for role in draft.anatomy.roles.paths]
        moved = [name for name in names if not np.array_equal(before[name], after[name])]
        if moved:
            draft.traits.single_value = "undefined"
            draft.origins["single_value"] = Origin.IDENTIFIED
            draft.remarks.append(
                "one value per channel in training raises after "
                f"{' and '.join(moved)} moved: {told(caught.error)}"
            )
