"""eps and momentum that are set on a module after it was made and called."""

from collections.abc import Iterator
from dataclasses import replace

from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.layer import count
from bnproof.recognition.objects.slots import Path, Step, put
from bnproof.recognition.user_calls import called

LATER = {Role.EPS: 0.125, Role.MOMENTUM: 0.625}
"""Far from what a case begins with, so that one is not taken for the other."""


def settings(subject: Subject) -> Iterator[Fact]:
    """eps and momentum hold from the call after they were set, as in torch's modules.

    Momentum becomes None at last, for the cumulative average, in torch's subclasses.
    """
    slots = {role: path for role, path in subject.recipe.settings.items() if role in LATER}
    claim = Claim.DROP_IN if all(_is_torchs(r, p) for r, p in slots.items()) else Claim.NEVER
    names = " and ".join(map(str, slots))
    case = subject.case
    case = case.with_(
        eps=LATER[Role.EPS] if Role.EPS in slots else case.eps,
        momentum=LATER[Role.MOMENTUM] if Role.MOMENTUM in slots else case.momentum,
    )
    module = subject.loaded()
    subject.train(module)
    subject.evaluate(module)
    subject.load(module)
    for role, path in slots.items():
        called(put, module, path, LATER[role])
    demanded = subject.claims(claim)
    y = subject.evaluate(module)
    yield Fact(f"y in evaluation after {names} changed", y, None, demanded, "y", "infer", case)
    y = subject.train(module)
    yield Fact(f"y in training after {names} changed", y, None, demanded, "y", case=case)
    got = subject.statistics(module)
    for fact in subject.stepped(f"after {names} changed", got, got, claim, case):
        yield replace(fact, expected=None)
    if Role.MOMENTUM not in slots or not subject.is_torchs(module) or not subject.recipe.counter:
        return
    subject.load(module)
    count(module, subject.recipe.counter, 0, subject.lab)
    called(put, module, slots[Role.MOMENTUM], None)
    subject.train(module)
    got, first = subject.statistics(module), case.with_(momentum=None, batches_seen=0)
    for fact in subject.stepped("after momentum became None", got, got, claim, first):
        yield replace(fact, expected=None)


def _is_torchs(role: Role, path: Path) -> bool:
    """Whether a setting has torch's name and place."""
    return path == (Step(str(role)),)
