"""What a module holds when it is new: initial values, parameters and buffers."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import AFFINE, STATISTICS, Role
from bnproof.recognition.modules.promises import TORCH_NAMES, Claim, is_subclass
from bnproof.recognition.modules.subject import Subject, uniform
from bnproof.recognition.objects.slots import Kind, held, kind_of
from bnproof.recognition.user_calls import UsersError, called

STARTS = {Role.GAMMA: 1.0, Role.BETA: 0.0, Role.RUNNING_MEAN: 0.0, Role.RUNNING_VAR: 1.0}


def initial_values(subject: Subject) -> Iterator[Fact]:
    """gamma is 1, beta 0, the running mean 0 and the running variance 1.

    A gamma that is drawn at random is an author's choice, except in torch's own classes; an average
    that the first batch replaces may start from anything.
    """
    new = subject.as_made()
    if subject.lab.warm_up:  # it has its parameters after the first call only
        new = subject.fresh()
    free = _replaced_by_the_first_batch(subject)
    for role, path in subject.recipe.paths.items():
        value = held(new, path)
        moved = role in STATISTICS and subject.lab.warm_up
        if not subject.lab.arrays.is_array(value) or role in free or moved:
            continue
        values = subject.lab.arrays.plain(value)
        derived = is_subclass(type(new))
        chosen = uniform(values) is None and role in AFFINE and not derived
        demanded = derived or (subject.claims(Claim.NAMES) and not chosen)
        what = f"{subject.name(role)} in a new module"
        yield Fact(what, described(values), f"{STARTS[role]:g}", demanded)


def described(values: Array) -> str:
    """The values of an array in words."""
    same = uniform(values)
    if same is not None:
        return f"{same:g}"
    return f"values from {np.min(values):g} to {np.max(values):g}"


def _replaced_by_the_first_batch(subject: Subject) -> list[Role]:
    """The statistics that do not depend on what they were before the first batch."""
    one, other = subject.fresh(), subject.fresh()
    held_ = subject.statistics(other)
    moved = {subject.recipe.paths[r]: v + v.dtype.type(1) for r, v in held_.items()}
    subject.lab.load(other, moved)
    before = subject.statistics(one)
    for owner in (one, other):
        subject.train(owner)
    trained, apart = subject.statistics(one), subject.statistics(other)
    return [
        r
        for r in STATISTICS
        if r in apart
        and r in trained
        and np.array_equal(trained[r], apart[r])
        and not (r in before and np.array_equal(trained[r], before[r]))
    ]


def parameters(subject: Subject) -> Iterator[Fact]:
    """gamma and beta are parameters, statistics are buffers, all in torch's default dtype.

    In torch's subclasses they have torch's names and the shape (C,).
    """
    new = subject.as_made()
    there = {r: p for r, p in subject.recipe.paths.items() if held(new, p) is not None}
    demanded = subject.claims(Claim.DROP_IN)
    default = str(subject.torch.get_default_dtype()).removeprefix("torch.")
    for role, path in there.items():
        name, value = subject.name(role), held(new, path)
        kind = Kind.PARAMETER if role in AFFINE else Kind.BUFFER
        yield Fact(name, f"a {_kind(kind_of(new, path))}", f"a {_kind(kind)}", demanded)
        if not subject.lab.arrays.is_array(value):
            continue  # it has no shape before the first batch
        dtype = str(value.dtype).removeprefix("torch.")
        yield Fact(f"{name}.dtype", dtype, default, demanded)
        if is_subclass(type(new)):
            yield Fact(f"name for {role}", name, TORCH_NAMES[role], demanded)
            shape = (subject.case.channels,)
            yield Fact(f"{name}.shape", str(tuple(value.shape)), str(shape), demanded)
    yield from _trainable(subject, new)
    if is_subclass(type(new)):
        names = [subject.name(role) for role in AFFINE if role in there]
        order = [name for name, _ in new.named_parameters() if name in names]
        yield Fact("the order in parameters()", ", ".join(order), ", ".join(names), demanded)
    try:
        called(repr, new)
    except UsersError as error:
        yield subject.raised("repr(module)", error, Claim.DROP_IN)


def _kind(kind: Kind) -> str:
    return "plain attribute" if kind is Kind.ATTRIBUTE else str(kind)


def _trainable(subject: Subject, new: Any) -> Iterator[Fact]:
    """gamma and beta take gradients; one that takes none, beside one that does, is forgotten."""
    found = {role: p.requires_grad for role, p in subject.parameters(new).items()}
    for role, trains in found.items():
        demanded = any(found.values()) and subject.claims(Claim.DROP_IN)
        yield Fact(f"{subject.name(role)}.requires_grad", str(trains), "True", demanded)
