"""train(), eval(), no_grad and inference_mode: what selects a mode, and what does not."""

from collections.abc import Iterator
from typing import Any

from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.call_modes import returned
from bnproof.recognition.user_calls import called


def mode(subject: Subject) -> Iterator[Fact]:
    """eval() and train() return the module, and select the mode each time."""
    plain, module = subject.loaded(), subject.loaded()
    expected = subject.evaluate(plain)
    yield _itself("eval", called(module.eval), module, subject)
    yield subject.evaluated("after eval()", _called(subject, module), expected, Claim.NAMES)
    yield _itself("train", called(module.train), module, subject)
    y = subject.train(plain)
    demanded = subject.claims(Claim.NAMES)
    where = "in training after eval() and train()"
    yield Fact(f"y {where}", _called(subject, module), y, demanded, "y")
    got, expected_statistics = subject.statistics(module), subject.statistics(plain)
    yield from subject.stepped(where, got, expected_statistics, Claim.NAMES)


def _itself(name: str, returned_: Any, module: Any, subject: Subject) -> Fact:
    got = "the module" if returned_ is module else "None" if returned_ is None else "another object"
    return Fact(f"what {name}() returns", got, "the module", subject.claims(Claim.DROP_IN))


def _called(subject: Subject, module: Any) -> Array:
    """y of a module in the mode that it is in."""
    lab, x = subject.lab, subject.native(subject.case.x)
    y = returned(called(module, x), tuple(x.shape), lab.arrays).y
    return lab.canonical(lab.arrays.plain(y))


def no_grad(subject: Subject) -> Iterator[Fact]:
    """Without gradients training is the same, so that averages can be estimated anew."""
    plain, module = subject.loaded(), subject.loaded()
    expected = subject.train(plain)
    with subject.torch.no_grad():
        got = subject.train(module)
    where = "in training under no_grad"
    yield Fact(f"y {where}", got, expected, subject.claims(Claim.DROP_IN), "y")
    moved, expected_statistics = subject.statistics(module), subject.statistics(plain)
    yield from subject.stepped(where, moved, expected_statistics, Claim.DROP_IN)
    if not subject.infers:
        return
    plain, module = subject.loaded(), subject.loaded()
    with subject.torch.inference_mode():
        got = subject.evaluate(module)
    where = "in evaluation under inference_mode"
    yield subject.evaluated(where, got, subject.evaluate(plain), Claim.DROP_IN)
