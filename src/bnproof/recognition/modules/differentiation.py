"""Modules under autograd: what is frozen stays frozen, and a checkpointed call is the same call."""

import copy
import inspect
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.engine.model.names import Output
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import GRADIENT_OF_ROLE, Subject
from bnproof.recognition.user_calls import called


def requires_grad(subject: Subject) -> Iterator[Fact]:
    """Calls, modes, copies and other dtypes leave ``requires_grad`` as it was set."""
    module = subject.loaded()
    expected = _flags(subject, module)
    subject.differentiated(module)
    subject.evaluate(module)
    where = "after training and evaluation"
    yield from _kept(subject, where, module, expected, Claim.DROP_IN)
    _freeze(subject, module)
    frozen = dict.fromkeys(expected, False)
    subject.differentiated(module)
    subject.evaluate(module)
    yield from _kept(
        subject, "after training and evaluation, both frozen", module, frozen, Claim.NAMES
    )
    twin = called(copy.deepcopy, module)
    yield from _kept(subject, "in a deep copy, frozen before", twin, frozen, Claim.NAMES)
    called(module.load_state_dict, called(module.state_dict))
    where = "after load_state_dict, frozen before"
    yield from _kept(subject, where, module, frozen, Claim.NAMES)
    moved = called(module.to, subject.torch.float64)
    yield from _kept(subject, "after to(float64), frozen before", moved, frozen, Claim.NAMES)


def _flags(subject: Subject, module: Any) -> dict[Role, bool]:
    return {role: bool(p.requires_grad) for role, p in subject.parameters(module).items()}


def _freeze(subject: Subject, module: Any, *roles: Role) -> None:
    for role, parameter in subject.parameters(module).items():
        if not roles or role in roles:
            called(parameter.requires_grad_, False)


def _kept(
    subject: Subject, where: str, module: Any, expected: dict[Role, bool], claim: Claim
) -> Iterator[Fact]:
    found = _flags(subject, module)
    for role, flag in expected.items():
        what = f"{subject.name(role)}.requires_grad {where}"
        yield Fact(what, str(found.get(role, "none")), str(flag), subject.claims(claim))


def frozen(subject: Subject) -> Iterator[Fact]:
    """With one parameter frozen, the other gradients are the same, and it gets none itself."""
    module = subject.loaded()
    there = list(subject.parameters(module))
    expected = subject.differentiated(module)
    for role in there:
        part = subject.loaded()
        _freeze(subject, part, role)
        got = subject.differentiated(part)
        where = f"with {subject.name(role)} frozen"
        own = GRADIENT_OF_ROLE[role]
        yield Fact(f"{own} {where}", "an array" if own in got else "none", "none")
        yield from _same(where, got, {n: v for n, v in expected.items() if n != own})
    whole = subject.loaded()
    _freeze(subject, whole)
    got, demanded = subject.differentiated(whole), subject.claims(Claim.DROP_IN)
    where, own_ = "with all parameters frozen", [GRADIENT_OF_ROLE[role] for role in there]
    for fact in _same(where, got, {n: v for n, v in expected.items() if n not in own_}):
        yield replace(fact, demanded=demanded)
    moved = subject.statistics(whole), subject.statistics(module)
    yield from subject.stepped(where, *moved, Claim.DROP_IN)


def _same(where: str, got: dict[Output, Array], expected: dict[Output, Array]) -> Iterator[Fact]:
    """Results of a training call and its backward are those of another one."""
    for name, value in expected.items():
        yield Fact(f"{name} {where}", got.get(name, "none"), value, True, name)


def checkpointing(subject: Subject) -> Iterator[Fact]:
    """Under gradient checkpointing results and gradients are the same.

    forward runs once more in the backward pass, so that torch's own modules move the statistics
    twice by the same batch; once is right as well, and no other number.
    """
    from torch.utils.checkpoint import checkpoint  # noqa: PLC0415  # optional

    # without the wrapper that hides it from torch.compile, which takes a second to import, as does
    # use_reentrant=False; a module that takes no_grad for evaluation needs that all the same
    plain_checkpoint = inspect.unwrap(checkpoint)
    reentrant = _trains_without_gradients(subject)

    def through(forward: Any, x: Any) -> Any:
        return plain_checkpoint(forward, x, use_reentrant=reentrant)

    module, plain = subject.loaded(), subject.loaded()
    got, expected = subject.differentiated(module, through), subject.differentiated(plain)
    yield from _same("under checkpointing", got, expected)
    yield from _moved(subject, subject.statistics(module), plain)


def _trains_without_gradients(subject: Subject) -> bool:
    """Whether training under no_grad gives the y of training."""
    expected = subject.train(subject.loaded())
    with subject.torch.no_grad():
        return np.array_equal(subject.train(subject.loaded()), expected)


def _moved(subject: Subject, got: dict[Role, Array], plain: Any) -> Iterator[Fact]:
    """The statistics are those after one training call of a plain module, or after two."""
    once = subject.statistics(plain)
    if set(once) != {Role.RUNNING_MEAN, Role.RUNNING_VAR}:
        return
    subject.train(plain)
    twice = subject.statistics(plain)
    case = subject.case.with_(
        running_mean=once[Role.RUNNING_MEAN], running_var=once[Role.RUNNING_VAR]
    )
    first = sum(_off(got, once)) <= sum(_off(got, twice))
    where = f"after {'one update' if first else 'two updates'} under checkpointing"
    nearest, bound = (once, None) if first else (twice, case)
    yield from subject.stepped(where, got, nearest, Claim.ANY, bound)


def _off(got: dict[Role, Array], expected: dict[Role, Array]) -> Iterator[float]:
    for role, value in expected.items():
        wide = np.asarray(value, np.float64)
        yield float(np.abs(np.asarray(got.get(role, value * 0), np.float64) - wide).sum())
