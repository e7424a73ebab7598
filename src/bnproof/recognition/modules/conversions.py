"""What torch does with modules: conversion to SyncBatchNorm, and calls with other parameters."""

import copy
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.names import STATISTICS
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.call_modes import returned
from bnproof.recognition.user_calls import called

ABOUT = 1e-2
"""What tells a batch normalization from one with an activation; no verdict depends on it."""

KEPT = ("eps", "momentum", "affine", "track_running_stats")


def sync_conversion(subject: Subject) -> Iterator[Fact]:
    """SyncBatchNorm made of a module holds what it held and evaluates the same, and so back.

    torch has no function for the way back; state_dict goes there.  What a subclass does beside the
    normalisation, such as an activation, is lost in a SyncBatchNorm, so y is not compared there.
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
    if subject.lab.axis == 1 and _is_plain(subject.case, y):
        yield subject.evaluated(where, subject.evaluate(sync), y, Claim.DROP_IN)
    back = subject.fresh()
    called(back.load_state_dict, called(sync.state_dict))
    where = "after conversion to SyncBatchNorm and back"
    yield from subject.equal(where, subject.values(back), expected, Claim.DROP_IN)
    yield subject.evaluated(where, subject.evaluate(back), y, Claim.DROP_IN)


def _is_plain(case: Case, y: Array) -> bool:
    """Whether y of evaluation is that of a batch normalization and nothing else, about."""
    shape = (1, case.channels, *(1,) * (case.x.ndim - 2))
    x, mean, var = (
        np.asarray(a, np.float64) for a in (case.x, case.running_mean, case.running_var)
    )
    expected = (x - mean.reshape(shape)) / np.sqrt(var.reshape(shape) + case.eps)
    if case.gamma is not None:
        expected = expected * np.asarray(case.gamma, np.float64).reshape(shape)
    if case.beta is not None:
        expected = expected + np.asarray(case.beta, np.float64).reshape(shape)
    return y.shape == expected.shape and np.allclose(y, expected, rtol=ABOUT, atol=ABOUT)


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
