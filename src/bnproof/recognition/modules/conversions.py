"""What torch does with modules: conversion to SyncBatchNorm, and calls with other parameters."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.names import STATISTICS
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.call_modes import returned
from bnproof.recognition.user_calls import called

KEPT = ("eps", "momentum", "affine", "track_running_stats")


def sync_conversion(subject: Subject) -> Iterator[Fact]:
    """SyncBatchNorm made of a module holds what it held and evaluates the same, and so back.

    torch has no function for the way back; state_dict goes there.
    """
    old = subject.loaded()
    convert = subject.torch.nn.SyncBatchNorm.convert_sync_batchnorm
    sync = called(convert, called(copy.deepcopy, old))
    where = "after conversion to SyncBatchNorm"
    expected = subject.values(old)
    yield from subject.equal(where, subject.values(sync), expected, Claim.DROP_IN)
    for name in KEPT:
        got, due = (str(getattr(module, name, "none")) for module in (sync, old))
        yield Fact(f"{name} {where}", got, due, subject.claims(Claim.DROP_IN))
    y = subject.evaluate(old)
    if subject.lab.axis == 1:
        yield subject.evaluated(where, subject.evaluate(sync), y, Claim.DROP_IN)
    back = subject.fresh()
    called(back.load_state_dict, called(sync.state_dict))
    where = "after conversion to SyncBatchNorm and back"
    yield from subject.equal(where, subject.values(back), expected, Claim.DROP_IN)
    yield subject.evaluated(where, subject.evaluate(back), y, Claim.DROP_IN)


def functional_call(subject: Subject) -> Iterator[Fact]:
    """torch.func.functional_call uses the parameters and buffers that it is given, and moves them.

    The module's own stay as they are.
    """
    source, module = subject.loaded(), subject.fresh()
    own = subject.values(module)
    got = _called_with(subject, module, source, training=False)[0]
    where = "by functional_call"
    claim = Claim.NAMES
    yield subject.evaluated(where, got, subject.evaluate(source), claim)
    if subject.trains:
        y, left = _called_with(subject, module, source, training=True)
        expected = subject.train(source)
        yield Fact(f"y in training {where}", y, expected, subject.claims(claim), "y")
        where = "given to functional_call, after training"
        yield from subject.stepped(where, left, subject.statistics(source), claim)
    where = "in a module after functional_call"
    yield from subject.equal(where, subject.values(module), own, claim)


def _called_with(
    subject: Subject, module: Any, source: Any, *, training: bool
) -> tuple[Array, dict[Role, Array]]:
    """y of a module with the parameters and buffers of another, and the statistics it leaves."""
    torch, lab = subject.torch, subject.lab
    held = {**dict(source.named_parameters()), **dict(source.named_buffers())}
    given = {
        name: value.detach().clone().requires_grad_(value.requires_grad)
        for name, value in held.items()
    }
    called(module.train, training)
    x = subject.native(subject.case.x)
    silent = not training and lab.modes.under_no_grad
    with torch.no_grad() if silent else nullcontext():
        made = called(torch.func.functional_call, module, given, (x,))
    y = lab.canonical(lab.arrays.plain(returned(made, tuple(x.shape), lab.arrays).y))
    paths = {role: path for role, path in subject.recipe.paths.items() if role in STATISTICS}
    names = {role: ".".join(str(step.key) for step in path) for role, path in paths.items()}
    left = {r: lab.arrays.plain(given[n]).reshape(-1) for r, n in names.items() if n in given}
    return y, left
