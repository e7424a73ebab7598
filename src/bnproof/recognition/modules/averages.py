"""The counter of batches, and the cumulative average that it is for."""

from collections.abc import Iterator
from dataclasses import replace

from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.subject import Subject
from bnproof.recognition.objects.makers import CUMULATIVE
from bnproof.recognition.user_calls import called

COUNTER = "num_batches_tracked"


def batches_tracked(subject: Subject) -> Iterator[Fact]:
    """num_batches_tracked is a whole number that is saved, starts at 0, and counts training."""
    module = subject.fresh()
    counter = getattr(module, COUNTER, None)
    saved = COUNTER in dict(module.named_buffers())
    yield Fact(COUNTER, "a buffer" if saved else "none", "a buffer")
    if not saved:
        return
    yield Fact(f"{COUNTER}.dtype", str(getattr(counter, "dtype", "")), "torch.int64")
    if not subject.lab.warm_up:  # one that is lazy was called once
        yield Fact(f"{COUNTER} in a new module", _described(counter), "0")
    before = int(getattr(module, COUNTER))
    subject.train(module)
    subject.train(module)
    after = _described(getattr(module, COUNTER))
    yield Fact(f"{COUNTER} after two training calls", after, str(before + 2))
    subject.evaluate(module)
    after = _described(getattr(module, COUNTER))
    yield Fact(f"{COUNTER} after evaluation", after, str(before + 2))


def _described(counter: object) -> str:
    return str(int(counter))  # type: ignore[call-overload]  # a tensor of one whole number


def cumulative(subject: Subject) -> Iterator[Fact]:
    """With momentum=None each of t batches weighs 1 / t, whatever the statistics were before.

    So it does in a module that goes on from a checkpoint of another one.
    """
    lab = subject.lab.with_(momentum=CUMULATIVE)
    module = lab.new(subject.case.x.ndim, subject.dtype)
    subject.load(module)
    counter = getattr(module, COUNTER)
    counter.zero_()
    for seen, x in enumerate(_batches(subject.case)):
        if seen and subject.claims(Claim.DROP_IN):  # a run that goes on from a checkpoint
            saved, module = module, lab.new(subject.case.x.ndim, subject.dtype)
            called(module.load_state_dict, called(saved.state_dict))
        before = subject.statistics(module)
        subject.train(module, x)
        step = subject.case.with_(
            x=x,
            running_mean=before[Role.RUNNING_MEAN],
            running_var=before[Role.RUNNING_VAR],
            momentum=None,
            batches_seen=seen,
        )
        where = f"with momentum=None after batch {seen + 1}"
        got = subject.statistics(module)
        facts = subject.stepped(where, got, got, subject.claim, step)
        yield from (replace(fact, expected=None) for fact in facts)


def _batches(case: Case) -> list[Array]:
    half = case.x.dtype.type(0.5)
    return [case.x, case.x[::-1] * half, case.x - half]
