"""Added inputs, masks and virtual batches of an object, settled by what they do."""

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from bnproof.engine.model.formats import FORMATS, Array
from bnproof.recognition.aliases import STATISTICS
from bnproof.recognition.objects.data import shape_of
from bnproof.recognition.objects.draft import Draft
from bnproof.recognition.objects.extra_inputs import ExtraInput, forms
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.slots import held, leaves
from bnproof.recognition.recognised import Origin, Part, Unidentified
from bnproof.recognition.user_calls import UsersError

NEAR = 1e-4
"""How near values are that differ by rounding, in single precision as well."""

LARGEST_BATCH = 4096


def settle_extras(draft: Draft) -> None:
    """Find out what forward takes beside x; what is neither added nor a mask keeps its default."""
    lab = draft.anatomy.lab
    settled: list[ExtraInput] = []
    for extra in lab.modes.train.extras:
        found, ranks = _settled(draft, extra)
        if found is None:
            settled.append(extra)
            _leave(draft, extra)
            continue
        settled.append(found)
        draft.traits.ranks = ranks
        draft.found.tried = [t for t in draft.found.tried if t.rank in ranks]
        setattr(draft.traits, "mask" if found.is_mask else "residual", True)
        what = "a mask of what counts" if found.is_mask else "added to y before its activation"
        draft.evidence.append(f"the argument {extra.name} is {what}: y of training shows it")
        draft.origins["mask" if found.is_mask else "residual"] = Origin.IDENTIFIED
    draft.anatomy.lab = lab.with_extras(*settled)
    draft.anatomy.lifted = draft.anatomy.lifted.with_extras(*settled)
    draft.found.lab = draft.found.lab.with_extras(*settled)


def _leave(draft: Draft, extra: ExtraInput) -> None:
    """Say that a parameter is not varied."""
    if not extra.required:
        draft.remarks.append(f"the argument {extra.name} keeps its default: it is not checked")
        return
    why = "it is neither added to y before its activation nor a mask of what counts"
    unknown = Unidentified(f"the argument {extra.name}", Part.OTHER_STATE, why)
    draft.anatomy.unidentified.append(unknown)


def _settled(draft: Draft, extra: ExtraInput) -> tuple[ExtraInput | None, tuple[int, ...]]:
    """What a parameter is in the first rank, and the ranks in which it is that."""
    taken = draft.traits.mask if extra.is_mask else draft.traits.residual
    if taken or draft.anatomy.lab.axis != 1 or draft.anatomy.lab.columns or not draft.traits.trains:
        return None, ()
    shows: Callable[[Draft, ExtraInput, int], bool] = _masks if extra.is_mask else _is_added
    for form in forms(extra) if extra.is_mask else (extra,):
        known = replace(form, known=True)
        ranks = tuple(r for r in draft.traits.ranks if shows(draft, known, r))
        if ranks:
            return known, ranks
    return None, ()


def _is_added(draft: Draft, extra: ExtraInput, rank: int) -> bool:
    """Whether an input is added before the activation, in training and in evaluation."""
    lifted = draft.anatomy.lifted.with_extras(extra)
    raw = draft.anatomy.lab.with_extras(extra)
    x = lifted.probe(rank)
    drawn = np.random.default_rng(5).normal(size=x.shape)
    r = (0.3 * drawn).astype(x.dtype)
    fused = draft.anatomy.fused
    try:
        for training in (True, False) if draft.traits.infers else (True,):
            if not _adds(lifted, x, r, rank, training=training):
                return False
            if fused is not None and _adds(raw, x, r, rank, training=training):
                return False  # added behind the activation, which is another function
    except UsersError:
        return False
    return True


def _adds(lab: Lab, x: Array, r: Array, rank: int, *, training: bool) -> bool:
    """Whether y with an added input is y and the input."""
    lab = lab.steady(rank)
    plain = lab.y(lab.new(rank), x, training=training)
    added = lab.y(lab.new(rank), x, training=training, residual=r)
    return bool(np.allclose(added, plain + r, rtol=NEAR, atol=NEAR))


def _masks(draft: Draft, extra: ExtraInput, rank: int) -> bool:
    """Whether y depends in training on no x that does not count, and on the mask."""
    lab = draft.anatomy.lab.with_extras(extra)
    x = lab.probe(rank)
    counts = np.random.default_rng(6).random((x.shape[0], *x.shape[2:])) < 0.6
    counts.ravel()[:3], counts.ravel()[-1] = True, False
    everywhere = np.broadcast_to(np.expand_dims(counts, 1), x.shape)
    other = np.where(everywhere, x, x + 10).astype(x.dtype)
    try:
        lab = lab.steady(rank)
        one, moved = (
            lab.y(lab.new(rank), given, training=True, mask=counts) for given in (x, other)
        )
        whole = lab.y(lab.new(rank), x, training=True)
    except UsersError:
        return False
    same = np.allclose(one[everywhere], moved[everywhere], rtol=NEAR, atol=NEAR)
    unused = np.allclose(one[everywhere], whole[everywhere], rtol=NEAR, atol=NEAR)
    return bool(same and not unused)


def settle_virtual_batch(draft: Draft) -> None:
    """Find out whether training normalises as many samples together as a number of the object."""
    if not draft.traits.trains or draft.traits.mask or draft.anatomy.lab.columns:
        return
    for path, value in leaves(draft.anatomy.lab.new(draft.rank)):
        name, number = str(path[-1].key), isinstance(value, int) and not isinstance(value, bool)
        if not number or not 2 <= value <= LARGEST_BATCH or not _VIRTUAL.search(name):
            continue
        found = [made for rank in draft.traits.ranks if (made := _averages_of(draft, value, rank))]
        if found:
            draft.traits.virtual_batch, draft.traits.virtual_batch_averages = value, found[0]
            draft.anatomy.counter = None  # whether each part counts as a batch is its own matter
            draft.origins["virtual_batch"] = Origin.IDENTIFIED
            draft.evidence.append(f"{name} samples are normalised together, as y shows")
            return


_VIRTUAL = re.compile(r"virtual|ghost|vbs", re.IGNORECASE)


def _averages_of(draft: Draft, number: int, rank: int) -> str:
    """How two virtual batches move the averages, "" where they are one batch."""
    lab = draft.anatomy.lab.steady(rank)
    shape = (2 * number, *shape_of(rank, lab.channels)[1:])
    x = np.random.default_rng(7).normal(size=shape)
    x[number:] = 2 * x[number:] + 1
    x = x.astype(FORMATS[lab.dtype].dtype)
    whole, parts = lab.new(rank), lab.new(rank)
    try:
        y = lab.y(whole, x, training=True)
        halves = [lab.y(parts, half, training=True) for half in (x[:number], x[number:])]
    except UsersError:
        return ""
    if not np.allclose(y, np.concatenate(halves), rtol=NEAR, atol=NEAR):
        return ""
    slots = [draft.anatomy.roles.paths[r] for r in STATISTICS if r in draft.anatomy.roles.paths]
    moved = [[lab.arrays.plain(held(o, path)) for path in slots] for o in (whole, parts)]
    alike = all(np.allclose(a, b, rtol=NEAR, atol=NEAR) for a, b in zip(*moved, strict=True))
    return "in turn" if alike else "together"
