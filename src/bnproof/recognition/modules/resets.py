"""reset_running_stats and reset_parameters: a module as it was when it was new."""

from collections.abc import Iterator
from typing import Any

from bnproof.engine.model.formats import Array
from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import AFFINE, STATISTICS, Role
from bnproof.recognition.modules.promises import Claim
from bnproof.recognition.modules.start import STARTS, described
from bnproof.recognition.modules.subject import Subject, uniform
from bnproof.recognition.user_calls import called

RESETS = ("reset_running_stats", "reset_parameters")


def resets(subject: Subject) -> Iterator[Fact]:
    """reset_running_stats begins new averages and no more; reset_parameters begins everything anew.

    The values are torch's, or those that the module itself started from.  In a module that is not
    derived from torch's, reset_parameters may leave the averages as they are.
    """
    new = subject.fresh()
    start = {} if subject.lab.warm_up else subject.values(new)  # a lazy module was called once
    for name in RESETS:
        if not callable(getattr(new, name, None)):
            continue
        module = subject.loaded()
        subject.train(module)
        before = subject.values(module)
        called(getattr(module, name))
        after, where = subject.values(module), f"after {name}()"
        whole = name == "reset_parameters"
        if not whole:
            kept = {role: v for role, v in before.items() if role in AFFINE}
            yield from subject.equal(where, after, kept, Claim.NAMES)
        for role in (*AFFINE, *STATISTICS) if whole else STATISTICS:
            if role in before:
                own = not (whole and role in STATISTICS) or subject.is_torchs(module)
                demanded = own and subject.claims(Claim.NAMES)
                yield from _new(subject, role, where, after, start, before, demanded=demanded)
        yield from _counted(subject, module, where)


def _new(
    subject: Subject,
    role: Role,
    where: str,
    after: dict[Role, Array],
    start: dict[Role, Array],
    before: dict[Role, Array],
    *,
    demanded: bool,
) -> Iterator[Fact]:
    """A value is as in a new module, in the dtype that the module has."""
    name = subject.name(role)
    if role not in after:
        yield Fact(f"{name} {where}", "none", "an array", demanded)
        return
    got, own, torchs = after[role], start.get(role), f"{STARTS[role]:g}"
    drawn = own is not None and uniform(own) is None and uniform(got) is None
    if drawn and got.tobytes() != before[role].tobytes():
        return
    fine = (torchs, torchs if own is None else described(own))
    said = described(got)
    yield Fact(f"{name} {where}", said, said if said in fine else fine[-1], demanded)
    yield Fact(f"{name}.dtype {where}", str(got.dtype), str(before[role].dtype), demanded)


def _counted(subject: Subject, module: Any, where: str) -> Iterator[Fact]:
    counted = subject.counted(module)
    if counted is not None:
        demanded = subject.is_torchs(module)
        yield Fact(f"batches counted {where}", str(int(counted)), "0", demanded)
