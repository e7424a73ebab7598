"""Modules saved, copied, pickled and moved to another dtype: they stay what they are."""

import copy
import pickle
from collections.abc import Iterator, Sequence
from typing import Any

from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import BATCHES, Subject
from bnproof.recognition.objects.layer import count
from bnproof.recognition.objects.slots import held, is_registered, put
from bnproof.recognition.user_calls import UsersError, called


def state_dict(subject: Subject) -> Iterator[Fact]:
    """A new module that loads ``state_dict()``, strictly, holds the same and evaluates the same.

    Statistics that are not in it are lost.  Some modules mean that: those without torch's
    constructor do not promise otherwise.
    """
    old, new = subject.loaded(), subject.unused()
    lost = subject.unsaved(old)
    for role in lost:
        what = f"{subject.name(role)} in state_dict()"
        yield Fact(what, "not saved", "saved", subject.claims(Claim.DROP_IN))
    try:
        called(new.load_state_dict, called(old.state_dict), strict=True)
    except UsersError as error:
        # what is made with the first batch is a promise of drop-ins, such as torch's lazy modules
        claim = Claim.DROP_IN if subject.lab.warm_up else Claim.NAMES
        yield subject.raised("load_state_dict(state_dict())", error, claim)
        return
    claim = Claim.DROP_IN if subject.lab.warm_up else Claim.ANY
    where = "after load_state_dict(state_dict())"
    yield from _same(subject, where, new, old, lost, claim)
    if subject.is_torchs(old) and not subject.lab.warm_up:
        yield from _settings_kept(subject)
        yield from _strictly(subject, old)
        yield from _from_old_torch(subject, old)


def _settings_kept(subject: Subject) -> Iterator[Fact]:
    """A checkpoint leaves eps and momentum as they are, to all digits, if it holds them at all."""
    old, new = subject.unused(), subject.unused()
    slots = {role: path for role, path in subject.recipe.settings.items() if role in _DIGITS}
    for module in (old, new):
        for role, path in slots.items():
            called(put, module, path, _DIGITS[role])
    called(new.load_state_dict, called(old.state_dict))
    for role, path in slots.items():
        where = "after load_state_dict() between equal modules"
        yield Fact(f"{role} {where}", str(held(new, path)), str(_DIGITS[role]))


_DIGITS = {Role.EPS: 1.2345678e-05, Role.MOMENTUM: 0.12345678}


def _strictly(subject: Subject, old: Any) -> Iterator[Fact]:
    """A checkpoint that lacks an average, or has what no module has, is refused."""
    state = dict(called(old.state_dict))
    lacking = {name: v for name, v in state.items() if name != "running_var"}
    beside = {**state, "of_another_layer": subject.torch.zeros(1)}
    for what, given in (("without running_var", lacking), ("with an unknown entry", beside)):
        if len(given) == len(state):  # this one has no averages
            continue
        try:
            called(subject.unused().load_state_dict, given, strict=True)
        except UsersError:
            continue
        yield Fact(f"load_state_dict(strict=True) {what}", "no exception", "an exception")


def _from_old_torch(subject: Subject, old: Any) -> Iterator[Fact]:
    """A checkpoint without num_batches_tracked, as before torch 0.4.1, has all the rest."""
    new, state = subject.unused(), dict(called(old.state_dict))
    if state.pop("num_batches_tracked", None) is None:
        return
    try:
        called(new.load_state_dict, state, strict=True)
    except UsersError as error:
        yield subject.raised("loading without num_batches_tracked", error, Claim.NEVER)
        return
    where = "after loading without num_batches_tracked"
    yield from subject.equal(where, subject.values(new), subject.values(old), Claim.DROP_IN)


def _same(
    subject: Subject,
    where: str,
    new: Any,
    old: Any,
    lost: Sequence[Role] = (),
    claim: Claim = Claim.ANY,
) -> Iterator[Fact]:
    """A module holds and evaluates what another one does, but for what was lost."""
    kept = {role: v for role, v in subject.values(old).items() if role not in lost}
    yield from subject.equal(where, subject.values(new), kept, claim)
    counted, path = subject.counted(old), subject.recipe.counter
    if counted is not None and path is not None:
        demanded = is_registered(old, path) or subject.claims(Claim.DROP_IN)
        seen = _number(subject.counted(new))
        yield Fact(f"batches counted {where}", seen, _number(counted), demanded)
    if not lost:
        y = subject.evaluate(new), subject.evaluate(old)
        yield subject.evaluated(where, *y, claim)


def _number(count: Any) -> str:
    return "none" if count is None else str(int(count))


def copies(subject: Subject) -> Iterator[Fact]:
    """A deep copy is the same module, and shares nothing with the one that it was made from."""
    old = subject.loaded()
    twin = called(copy.deepcopy, old)
    yield from _same(subject, "in a deep copy", twin, old)
    before, counted = subject.values(old), _number(subject.counted(old))
    subject.train(twin)
    where = "in a module whose deep copy was trained"
    yield from subject.equal(where, subject.values(old), before, Claim.ANY)
    yield Fact(f"batches counted {where}", _number(subject.counted(old)), counted)
    apart = subject.loaded()
    subject.train(apart)
    where = "in a deep copy that was trained"
    trained = subject.statistics(apart)
    yield from subject.stepped(where, subject.statistics(twin), trained, Claim.ANY)
    before = subject.values(twin)
    subject.train(old)
    where = "in a deep copy whose module was trained"
    yield from subject.equal(where, subject.values(twin), before, Claim.ANY)
    called(old.train, False)
    yield from _in_evaluation("in a deep copy", called(copy.deepcopy, old), old)


def _in_evaluation(where: str, twin: Any, old: Any) -> Iterator[Fact]:
    """A copy of a module in evaluation is in evaluation."""
    got, expected = (f"training = {module.training}" for module in (twin, old))
    yield Fact(f"the mode {where}", got, expected)


def pickled(subject: Subject) -> Iterator[Fact]:
    """A module that was pickled and loaded is the same module."""
    old = subject.loaded()
    try:
        twin = called(pickle.loads, called(pickle.dumps, old))
    except UsersError as error:
        yield subject.raised("pickle.loads(pickle.dumps(module))", error, Claim.DROP_IN)
        return
    yield from _same(subject, "after pickling", twin, old)
    called(old.train, False)
    again = called(pickle.loads, called(pickle.dumps, old))
    yield from _in_evaluation("after pickling", again, old)


def dtype(subject: Subject) -> Iterator[Fact]:
    """``to(dtype)`` moves parameters and statistics, leaves the counter, and keeps the values.

    Plain attributes stay behind, as in every torch module.
    """
    module = subject.as_made()
    if subject.lab.warm_up:  # it has its arrays after the first call only
        module = subject.lab.new(subject.case.x.ndim, subject.lab.dtype)
    if subject.recipe.counter is not None and subject.counted(module) is not None:
        count(module, subject.recipe.counter, BATCHES, subject.lab)
    before, counted = subject.values(module), _number(subject.counted(module))
    module = called(module.to, subject.torch.float64)
    yield from _moved(subject, "after to(float64)", module, "float64")
    module = called(module.to, getattr(subject.torch, subject.dtype))
    where = f"after to(float64) and to({subject.dtype})"
    yield from _moved(subject, where, module, subject.dtype)
    after = subject.values(module)
    kept = {r: before[r].astype(v.dtype) for r, v in after.items() if r in before}
    yield from subject.equal(where, after, kept, Claim.ANY)  # rounded if it was made in float64
    demanded = subject.claims(Claim.DROP_IN)
    yield Fact(f"batches counted {where}", _number(subject.counted(module)), counted, demanded)
    subject.load(module)
    try:
        y = subject.evaluate(module)
    except UsersError as error:
        yield subject.raised(f"evaluation {where}", error, Claim.DROP_IN)
        return
    claim = Claim.NAMES if not subject.unsaved(module) else Claim.DROP_IN
    yield subject.evaluated(where, y, subject.evaluate(subject.loaded()), claim)


def _moved(subject: Subject, where: str, module: Any, expected: str) -> Iterator[Fact]:
    """Parameters and statistics have a dtype, and the counter is a whole number still."""
    demanded = subject.claims(Claim.DROP_IN)
    for role, path in subject.recipe.paths.items():
        value = held(module, path)
        if subject.lab.arrays.is_array(value):
            got = str(value.dtype).removeprefix("torch.")
            yield Fact(f"{subject.name(role)}.dtype {where}", got, expected, demanded)
    counted = subject.counted(module)
    if hasattr(counted, "dtype"):
        got = str(counted.dtype).removeprefix("torch.")
        yield Fact(f"the counter's dtype {where}", got, "int64", demanded)
