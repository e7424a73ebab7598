"""torch's flags: ``affine`` and ``track_running_stats``, given to the constructor or set later."""

from collections.abc import Iterator

import numpy as np

from bnproof.engine.model.module_fact import Fact
from bnproof.recognition.aliases import Role
from bnproof.recognition.modules.promises import Claim, norm_in
from bnproof.recognition.modules.subject import GRADIENT_OF_ROLE, Subject
from bnproof.recognition.objects.slots import held
from bnproof.recognition.user_calls import called


def affine(subject: Subject) -> Iterator[Fact]:
    """With ``affine=False`` nothing is trained, and y is that of gamma = 1 and beta = 0."""
    without = subject.fresh(affine=False)
    if subject.is_torchs(without):
        trained = [name for name, p in without.named_parameters() if p.requires_grad]
        what = "trainable parameters with affine=False"
        yield Fact(what, ", ".join(trained) or "none", "none")
    for name, gradient in subject.differentiated(subject.fresh(affine=False)).items():
        if name in GRADIENT_OF_ROLE.values():  # parameters that are there and not used get none
            moved = "another number" if np.any(gradient) else "none or 0"
            yield Fact(f"{name} with affine=False", moved, "none or 0")
    case = subject.case
    ones, zeros = np.ones_like(case.running_mean), np.zeros_like(case.running_mean)
    plain = case.with_(
        gamma=None if case.gamma is None else ones, beta=None if case.beta is None else zeros
    )
    with_both = subject.loaded()
    subject.load(with_both, **_present(subject, gamma=ones, beta=zeros))
    got, expected = subject.train(without), subject.train(with_both)
    yield Fact("y with affine=False", got, expected, True, "y", case=plain)


def _present(subject: Subject, **values: np.ndarray) -> dict[str, np.ndarray]:
    return {name: v for name, v in values.items() if Role(name) in subject.recipe.paths}


def tracking(subject: Subject) -> Iterator[Fact]:
    """With ``track_running_stats=False`` evaluation uses the batch.

    Set later to False, training leaves the statistics as they are, in torch's subclasses.
    """
    without, module = subject.fresh(track_running_stats=False), subject.loaded()
    if subject.is_torchs(module):
        for role in subject.statistics(module):
            value = held(without, subject.recipe.paths[role])
            what = f"{subject.name(role)} with track_running_stats=False"
            yield Fact(what, "None" if value is None else "an array", "None")
    affine_ = {r: v for r, v in subject.values(module).items() if r in (Role.GAMMA, Role.BETA)}
    subject.lab.load(without, {subject.recipe.paths[r]: v for r, v in affine_.items()})
    expected = subject.train(subject.loaded())
    what = "with track_running_stats=False"
    yield Fact(f"y in evaluation {what}", subject.evaluate(without), expected, True, "y")
    yield Fact(f"y in training {what}", subject.train(without), expected, True, "y")
    yield Fact(
        f"y in evaluation after training {what}", subject.evaluate(without), expected, True, "y"
    )
    if subject.is_torchs(module):
        before = subject.statistics(module)
        called(setattr, norm_in(module, subject.recipe), "track_running_stats", False)
        subject.train(module)
        where = "after training with track_running_stats set to False"
        yield from subject.equal(where, subject.statistics(module), before, Claim.DROP_IN)
