"""The parts of a found object: roles, gradients, counter, and what was left unidentified."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.aliases import AFFINE, PER_CHANNEL, STATISTICS, Role
from bnproof.recognition.objects.arrays import TorchArrays
from bnproof.recognition.objects.flattened import flattened
from bnproof.recognition.objects.fused_activation import Fused, uncovered
from bnproof.recognition.objects.gradients import (
    Backward,
    Expected,
    backward_of,
    left_behind,
    settled,
)
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.refusals import told
from bnproof.recognition.objects.roles import Roles, assigned, behaviours_of
from bnproof.recognition.objects.slots import (
    Kind,
    Path,
    arrays_in,
    held,
    kind_of,
    leaves,
    name_of,
    roles_of_path,
)
from bnproof.recognition.recognised import Part, Unidentified
from bnproof.recognition.user_calls import UsersError


@dataclass
class Anatomy:
    """What was found out about the objects of a target.

    Attributes:
        lab: how they are made and called, warmed up if they are lazy.
        roles: which array plays which role.
        rank: of the probes.
        trains, evaluates: the modes that can be called and are offered.
        fused: the activation that y is passed through, None where there is none.
        lifted: the lab in which objects are seen without their activation.
        backward, autograd, once: where gradients come from.
        settings, counter: the slots of eps and momentum, and of the number of batches.
        unidentified, remarks, evidence: as in a Recognition.
    """

    lab: Lab
    roles: Roles
    rank: int
    lifted: Lab = field(init=False)
    trains: bool = True
    evaluates: bool = True
    fused: Fused | None = None
    backward: Backward | None = None
    autograd: bool = False
    once: bool = False
    settings: dict[Role, Path] = field(default_factory=dict)
    counter: Path | None = None
    unidentified: list[Unidentified] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)


def dissect(lab: Lab, rank: int, *, elementwise: bool) -> Anatomy:
    """The parts of the objects of a lab, found in one rank.

    ``elementwise`` says that each element of y depends on its own element of x alone, in training
    as well: then the target is for inference only, unless something in it moves.
    """
    evaluates, refusal = _evaluates(lab, rank)
    lab = lab.steady(rank)
    lab = _under_no_grad(lab, rank) if evaluates else lab
    lab, fused = uncovered(lab, rank)
    lab, roles = _roles(lab, rank, evaluates=evaluates)
    made = Anatomy(lab, roles, rank, evaluates=evaluates, fused=fused)
    if fused is None or fused.seen_through:  # else no behaviour is plain enough to doubt a name
        made.remarks += roles.remarks
    made.evidence += roles.evidence
    if fused is not None:
        made.evidence.append(f"the activation is {fused.words}: y of training shows it")
    made.settings = _settings(lab, rank)
    made.counter = _counter(lab, rank)
    _inference_only(made, rank, elementwise=elementwise)
    _check_evaluation(made, rank, refusal)
    if made.trains:
        _find_gradients(made, rank)
    _look_for_the_rest(made, rank)
    _look_at_what_is_passed(made)
    made.lifted, made.lab = made.lab, made.lab.with_(base={}, undone=None)
    return made


def _evaluates(lab: Lab, rank: int) -> tuple[bool, str]:
    """Whether evaluation can be called, and what it raised."""
    if lab.modes.evaluate is None:
        return False, ""
    x = lab.probe(rank)
    try:
        lab.once(rank, x, training=False)
    except UsersError as caught:
        return _after_training(lab, rank, x, told(caught.error))
    return True, ""


def _under_no_grad(lab: Lab, rank: int) -> Lab:
    """The lab with evaluation under torch.no_grad(), where that and nothing else makes it another.

    Some functions take a call without gradients for evaluation.
    """
    if not isinstance(lab.arrays, TorchArrays) or lab.modes.evaluates_only:
        return lab
    x = lab.probe(rank)
    training = lab.once(rank, x, training=True)
    other = lab.with_(modes=replace(lab.modes, under_no_grad=True))
    usual, without = (made.once(rank, x, training=False) for made in (lab, other))
    told_by_it = np.array_equal(usual, training) and not np.array_equal(without, training)
    return other if told_by_it else lab


def _after_training(lab: Lab, rank: int, x: Array, said: str) -> tuple[bool, str]:
    """Whether evaluation can be called once the object was trained."""
    try:
        lab.y(lab.with_(warm_up=True).new(rank), x, training=False)
    except UsersError:
        return False, said
    return True, ""


def _roles(lab: Lab, rank: int, *, evaluates: bool) -> tuple[Lab, Roles]:
    """The roles, with objects that are warmed up if that shows more of them."""
    at_once = _roles_in(lab, rank, evaluates=evaluates)
    if not isinstance(at_once, UsersError) and len(at_once.paths) == len(PER_CHANNEL):
        return lab, at_once
    warm = lab.with_(warm_up=True)
    later = _roles_in(warm, rank, evaluates=evaluates)
    if isinstance(later, UsersError):
        if isinstance(at_once, UsersError):
            raise at_once
        return lab, at_once
    if isinstance(at_once, UsersError) or len(at_once.paths) < len(later.paths):
        return warm.steady(rank), later
    return lab, at_once


def _roles_in(lab: Lab, rank: int, *, evaluates: bool) -> Roles | UsersError:
    """The roles that the objects of a lab show, or what the user's code raised."""
    try:
        steady = lab.steady(rank)
        return assigned(steady, rank, behaviours_of(steady, rank, evaluates=evaluates))
    except UsersError as caught:
        return caught


def _settings(lab: Lab, rank: int) -> dict[Role, Path]:
    """Where an object holds eps and momentum."""
    found: dict[Role, Path] = {}
    example = lab.new(rank)
    for path, value in leaves(example):
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        for role in (Role.EPS, Role.MOMENTUM):
            fits = number or (value is None and role == Role.MOMENTUM)
            if fits and role in roles_of_path(path):
                found.setdefault(role, path)
    return found


def _counter(lab: Lab, rank: int) -> Path | None:
    """Where an object counts batches: a whole number that grows by one with each."""
    owner = lab.new(rank)
    before = _numbers(owner, lab)
    x = lab.probe(rank)
    lab.y(owner, x, training=True)
    after = _numbers(owner, lab)
    grown = [p for p, n in before.items() if after.get(p) == n + 1]
    named = [p for p in grown if Role.BATCHES_SEEN in roles_of_path(p)]
    return next(iter(named), None)


def _numbers(owner: Any, lab: Lab) -> dict[Path, int]:
    made = {}
    for path, value in leaves(owner):
        if isinstance(value, int) and not isinstance(value, bool):
            made[path] = value
        elif (
            lab.arrays.is_array(value)
            and not lab.arrays.is_floating(value)
            and tuple(value.shape) in ((), (1,))
        ):
            made[path] = int(value)
    return made


def _inference_only(made: Anatomy, rank: int, *, elementwise: bool) -> None:
    """Take a target that never uses the batch for what it is, unless it keeps averages or learns.

    A module with parameters that take gradients is meant to train, whatever it does.
    """
    moving = any(b.remembers or b.moves for b in made.roles.behaviours.values())
    takes_momentum = made.lab.maker.takes(Role.MOMENTUM) or Role.MOMENTUM in made.settings
    only = made.lab.modes.evaluates_only
    example = made.lab.new(rank)
    learns = any(_learns(example, path) for path in made.roles.paths.values())
    if not elementwise or ((moving or takes_momentum or learns) and not only):
        return
    made.trains, made.evaluates = False, True
    made.remarks = [text for text in made.remarks if text not in made.roles.remarks]
    made.evidence.append("y of an element depends on that element alone, and nothing moves")
    if made.lab.modes.evaluate is None:
        modes = replace(made.lab.modes, evaluate=made.lab.modes.train)
        made.lab = made.lab.with_(modes=modes)


def _learns(owner: Any, path: Path) -> bool:
    """Whether a slot is a parameter that takes gradients, which frozen modules do not have."""
    return kind_of(owner, path) == Kind.PARAMETER and bool(held(owner, path).requires_grad)


def _check_evaluation(made: Anatomy, rank: int, refusal: str) -> None:
    """Say what is missing where there are statistics and no evaluation, or the other way round."""
    statistics = [role for role in STATISTICS if role in made.roles.paths]
    if statistics and not made.evaluates:
        why = f"evaluation raised {refusal}" if refusal else "no way to evaluate was found"
        made.unidentified.append(Unidentified("evaluation", Part.EVALUATION, why))
    if statistics or not made.trains or not made.evaluates:
        return
    made.evaluates = False
    x = made.lab.probe(rank)
    training, evaluation = (made.lab.once(rank, x, training=t) for t in (True, False))
    if np.allclose(training, evaluation, rtol=1e-5, atol=1e-6):
        made.remarks.append("it has no running statistics: evaluation uses those of the batch")
        return
    why = "evaluation differs from training, and no running statistics were found"
    made.unidentified.append(Unidentified("running statistics", Part.RUNNING_STATISTICS, why))


def _find_gradients(made: Anatomy, rank: int) -> None:
    """Where gradients come from: the object's own backward, else autograd."""
    lab, x = made.lab, made.lab.probe(rank)
    owner = lab.new(rank)
    own = None if lab.modes.is_module else backward_of(owner)
    if own is not None:
        _try_backward(made, own, rank, x)
        return
    if not isinstance(lab.arrays, TorchArrays):
        _no_backward(made, owner)
        return
    native = lab.native(x).detach().requires_grad_()
    for role in AFFINE:
        held_ = held(owner, made.roles.paths.get(role, ())) if role in made.roles.paths else None
        if held_ is not None and held_.is_leaf and made.roles.paths[role]:
            held_.requires_grad_()
    result = lab.run(owner, native, training=True, dtype=lab.dtype)
    y = result[0] if isinstance(result, tuple) else result
    made.autograd = bool(getattr(y, "requires_grad", False))
    if made.autograd:
        made.evidence.append("gradients come from torch's autograd")
    else:
        why = "y of training does not require gradients"
        made.unidentified.append(Unidentified("gradients", Part.GRADIENTS, why))


def _no_backward(made: Anatomy, owner: Any) -> None:
    """Say that gradients are not checked; a method that may give them must not go unnoticed."""
    names = [n for n in dir(type(owner)) if not n.startswith("__") and _GRADIENT_LIKE.search(n)]
    if names:
        why = f"it is not known how to call {' or '.join(names)}"
        made.unidentified.append(Unidentified("gradients", Part.GRADIENTS, why))
    else:
        made.remarks.append("gradients are not checked: the object has no backward")


_GRADIENT_LIKE = re.compile(r"grad|backw|bprop|deriv", re.IGNORECASE)


def _try_backward(made: Anatomy, plan: Backward, rank: int, x: Array) -> None:
    """Call the object's backward once and once more, and settle where its results are."""
    lab = made.lab
    owner = lab.new(rank)
    result = lab.forward(owner, x, training=True)
    dy = np.random.default_rng(2).normal(size=x.shape).astype(x.dtype)
    before = {p: lab.arrays.plain(v) for p, v in arrays_in(owner, lab.arrays)}
    expected = _expected(lab, x, dy)
    try:
        back = plan.call(owner, lab.native(dy, copied=True), result)
    except UsersError as caught:
        why = f"{plan.method} raised {told(caught.error)}"
        made.unidentified.append(Unidentified("gradients", Part.GRADIENTS, why))
        return
    results = [
        (name, lab.arrays.plain(value)) for name, value in flattened(back, lab.arrays.is_array)
    ]
    returned = settled(results, expected, lab.channels)
    left = tuple(
        (role, path)
        for role, path in left_behind(owner, before, lab.arrays, expected, lab.channels)
        if role not in returned
    )
    made.backward = replace(plan, returned=returned, left=left)
    places = [f"{role} is returned" for role in returned if role != Role.CACHE]
    places += [f"{role} is left in {name_of(path)}" for role, path in left]
    made.evidence.append(f"gradients come from {plan.method}: {', '.join(places) or 'none found'}")
    _missing_gradients(made, [*returned, *(role for role, _ in left)])
    try:
        plan.call(owner, lab.native(dy, copied=True), result)
    except UsersError:
        made.once = True


def _missing_gradients(made: Anatomy, found: list[Role]) -> None:
    recorder = made.lab.maker.recorder
    recorded = 0 if recorder is None else len(recorder.given)
    pairs = ((Role.GAMMA, Role.DGAMMA), (Role.BETA, Role.DBETA))
    wanted = [gradient for role, gradient in pairs if role in made.roles.paths]
    missing = [g for g in wanted if g not in found][recorded:]
    for gradient in missing:
        why = "backward neither returns it nor leaves it in an array with a known name"
        made.unidentified.append(Unidentified(str(gradient), Part.GRADIENTS, why))


def _expected(lab: Lab, x: Array, dy: Array) -> Expected:
    """The gradients of a right implementation with gamma = 1 and a negligible eps."""
    axes = tuple(axis for axis in range(x.ndim) if axis != 1)
    wide, up = x.astype(np.float64), dy.astype(np.float64)
    mean, std = wide.mean(axes, keepdims=True), wide.std(axes, keepdims=True)
    xhat = (wide - mean) / std
    dx = (up - up.mean(axes, keepdims=True) - xhat * (up * xhat).mean(axes, keepdims=True)) / std
    laid = lab.laid_out(dx)
    return Expected(laid, (up * xhat).sum(axes), up.sum(axes))


def _look_for_the_rest(made: Anatomy, rank: int) -> None:
    """State that must not go untested: parameters and buffers without a role, arrays that move."""
    lab = made.lab
    example = lab.new(rank)
    gradients = {path for _, path in made.backward.left} if made.backward else set()
    for path in made.roles.left:
        if path not in gradients:
            made.unidentified.append(_rest(example, path))
    seen = {each.what for each in made.unidentified}
    for path, value in arrays_in(example, lab.arrays):
        rest = _rest(example, path)
        unknown = lab.arrays.is_floating(value) and path not in gradients and rest.what not in seen
        if unknown and _may_matter(made, example, path, value):
            made.unidentified.append(rest)


def _look_at_what_is_passed(made: Anatomy) -> None:
    """Say that parameters and statistics which a method is passed are not varied."""
    for name, role in made.lab.modes.train.passed:
        if role in PER_CHANNEL and role not in made.roles.paths:
            part = Part.PARAMETERS if role in AFFINE else Part.RUNNING_STATISTICS
            why = "a check passes the same values in each call"
            made.unidentified.append(Unidentified(f"the argument {name}", part, why))


def _may_matter(made: Anatomy, example: Any, path: Path, value: Any) -> bool:
    """Whether an array without a role must not go unnoticed.

    torch's parameters and buffers always; an array of another kind if it was there from the start,
    nothing writes to it, and a role is left that it might play, as in a layer that forgets beta.
    """
    if path in made.roles.paths.values() or _is_gradient(path):
        return False
    if kind_of(example, path) != Kind.ATTRIBUTE:
        return path not in made.roles.behaviours
    missing = any(role not in made.roles.paths for role in PER_CHANNEL)
    behaviour = made.roles.behaviours.get(path)
    inert = behaviour is None or (behaviour.early and not behaviour.moves)
    early = held(made.lab.with_(warm_up=False, base={}).new(made.rank), path) is not None
    return missing and early and inert and tuple(value.shape) != () and not _written(made, path)


def _written(made: Anatomy, path: Path) -> bool:
    """Whether a training call writes to an array, which then is an intermediate."""
    owner = made.lab.new(made.rank)
    before = made.lab.arrays.plain(held(owner, path))
    x = made.lab.probe(made.rank)
    made.lab.y(owner, x, training=made.trains)
    after = held(owner, path)
    if after is None or not made.lab.arrays.is_array(after):
        return True
    return not np.array_equal(before, made.lab.arrays.plain(after))


def _is_gradient(path: Path) -> bool:
    return any(role in (Role.DX, Role.DGAMMA, Role.DBETA) for role in roles_of_path(path))


def _rest(example: Any, path: Path) -> Unidentified:
    value = held(example, path)
    what = f"the {kind_of(example, path)} {name_of(path)} of shape {tuple(value.shape)}"
    return Unidentified(what, Part.OTHER_STATE, "it plays none of the known roles")


def role_names(made: Anatomy) -> Iterator[tuple[str, str]]:
    """The target's own name of each role."""
    for role, path in made.roles.paths.items():
        yield str(role), name_of(path)
    for role, path in made.settings.items():
        yield str(role), name_of(path)
