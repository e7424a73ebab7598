"""Which array of an object is gamma, beta, running mean and running variance.

Each array with one value per channel is moved in turn, and the calls made again: gamma scales y,
beta shifts it, in both modes; the statistics change y in evaluation alone, the mean by a shift.
An array on which nothing depends, not even its own next value, is an intermediate that forward
leaves behind.  Names are a first guess: where a name and the behaviour disagree, the name stands
and the disagreement is told, so that a mistake is judged and not explained away.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from bnproof.engine.model.formats import Array
from bnproof.recognition.aliases import AFFINE, PER_CHANNEL, STATISTICS, Role
from bnproof.recognition.objects.lab import Lab
from bnproof.recognition.objects.slots import Kind, Path, kind_of, name_of, per_channel_roles
from bnproof.recognition.user_calls import UsersError

MOVED = np.array([0.5, 1.25, 2.5])
"""By how much an array is moved, channel by channel; positive, since a variance may be moved."""


class Effect(StrEnum):
    """What moving an array does to y."""

    NOTHING = "has no effect on y"
    SHIFT = "shifts y"
    SCALE = "scales y"
    RAISED = "cannot be moved"


@dataclass(frozen=True)
class Behaviour:
    """What an array does.

    Attributes:
        training, evaluation: what moving it does to y in each mode.
        moves: whether training changes it.
        remembers: whether its value after training depends on that before.
        early: whether it is there before the first call.
        hidden: whether it is 0 and y is not constant: then not its value scales y, but 1 + value
            or the like.
    """

    training: Effect
    evaluation: Effect
    moves: bool
    remembers: bool
    early: bool
    hidden: bool = False

    @property
    def role_like(self) -> Role | None:
        """The role that behaves so."""
        if self.training == Effect.SCALE:
            return Role.GAMMA
        if self.training == Effect.SHIFT:
            return Role.BETA
        if self.evaluation == Effect.SHIFT:
            return Role.RUNNING_MEAN
        if self.evaluation == Effect.SCALE:
            return Role.RUNNING_VAR
        return None


@dataclass
class Roles:
    """The roles that were found.

    Attributes:
        paths: the slot of each role that there is.
        behaviours: of all candidates.
        remarks: where a name and the behaviour disagree.
        evidence: how each was found.
        left: candidates that have an effect, or are declared state, and were not given a role.
    """

    paths: dict[Role, Path] = field(default_factory=dict)
    behaviours: dict[Path, Behaviour] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    left: list[Path] = field(default_factory=list)


def behaviours_of(lab: Lab, rank: int, *, evaluates: bool) -> dict[Path, Behaviour]:
    """What each array with one value per channel does, each found with objects of its own."""
    x = lab.probe(rank)
    base = lab.new(rank)
    early = lab.per_channel(lab.with_(warm_up=False).new(rank)) if lab.warm_up else None
    y0 = lab.y(base, x, training=True)
    after = lab.per_channel(base)
    start = lab.per_channel(lab.new(rank))
    e0 = lab.once(rank, x, training=False) if evaluates else None
    made = {}
    for path in start:
        moved = {path: start[path] + np.resize(MOVED, lab.channels).astype(start[path].dtype)}
        trained = lab.prepared(rank, moved)
        try:
            training = _effect(lab.y(trained, x, training=True), y0)
            held = lab.per_channel(trained).get(path)
            evaluation = Effect.NOTHING
            if e0 is not None:
                y = lab.y(lab.prepared(rank, moved), x, training=False)
                evaluation = _effect(y, e0)
        except UsersError:
            made[path] = Behaviour(Effect.RAISED, Effect.RAISED, False, False, True)
            continue
        usual = after.get(path)
        known = held is not None and usual is not None
        made[path] = Behaviour(
            training,
            evaluation,
            moves=usual is None or not _same(usual, start[path]),
            remembers=known and not _same(held, usual) and not _same(usual, start[path]),  # type: ignore[arg-type]  # known
            early=early is None or path in early,
            hidden=training == Effect.SCALE and not start[path].any() and bool(np.ptp(y0) > 0),
        )
    return made


def _same(a: Array, b: Array) -> bool:
    return bool(np.allclose(a, b, rtol=1e-6, atol=1e-7, equal_nan=True))


def _effect(y: Array, base: Array) -> Effect:
    """What happened to y: a shift is the same for all values of a channel."""
    with np.errstate(all="ignore"):
        off = y.astype(np.float64) - base.astype(np.float64)
    largest = np.nanmax(np.abs(off), initial=0.0)
    size = max(1.0, float(np.nanmax(np.abs(base.astype(np.float64)), initial=0.0)))
    if np.isfinite(off).all() and largest <= 1e-5 * size:
        return Effect.NOTHING
    spread = np.ptp(np.moveaxis(off, 1, -1).reshape(-1, off.shape[1]), axis=0)
    return Effect.SHIFT if bool((spread <= 1e-4 * largest).all()) else Effect.SCALE


def assigned(lab: Lab, rank: int, behaviours: dict[Path, Behaviour]) -> Roles:
    """Give each role a slot: one that is called and behaves so, else called, else behaves so."""
    made = Roles(behaviours=behaviours)
    example = lab.new(rank)
    for role in PER_CHANNEL:
        taken = made.paths.values()
        free = {p: b for p, b in behaviours.items() if p not in taken and not b.hidden}
        _choose(made, role, free, example)
    for path, behaviour in behaviours.items():
        if path not in made.paths.values() and _counts(path, behaviour, example):
            made.left.append(path)
    return made


def _counts(path: Path, behaviour: Behaviour, example: object) -> bool:
    """Whether an array without a role is state that must not go untested."""
    if kind_of(example, path) != Kind.ATTRIBUTE:
        return True
    return behaviour.role_like is not None or behaviour.remembers


def _choose(made: Roles, role: Role, free: dict[Path, Behaviour], example: object) -> None:
    behaving = [p for p, b in free.items() if b.role_like == role]
    called = [p for p in free if role in per_channel_roles(p)]
    both = [p for p in called if p in behaving]
    nameless = [p for p in behaving if not _called_otherwise(p, role)]
    persistent = [p for p in called if _persists(p, free[p], role, example)]
    moving = [
        p
        for p, b in free.items()
        if role in STATISTICS and b.remembers and b.role_like is None and not per_channel_roles(p)
    ]
    if both:
        _take(made, role, _first(both, role), f"{_EFFECT[role]}, and its name says so")
    elif persistent:
        path = _first(persistent, role)
        _take(made, role, path, "by its name")
        made.remarks.append(
            f"{name_of(path)} was taken for {role} by its name, but {_does(free[path])}"
        )
    elif nameless:
        _take(made, role, nameless[0], _EFFECT[role])
    elif len(moving) == 1 or (moving and role == Role.RUNNING_MEAN):
        _take(made, role, moving[0], "training moves it")


def _take(made: Roles, role: Role, path: Path, why: str) -> None:
    made.paths[role] = path
    made.evidence.append(f"{name_of(path)} is {role}: {why}")


_EFFECT = {
    Role.GAMMA: "it scales y in training",
    Role.BETA: "it shifts y in training",
    Role.RUNNING_MEAN: "it shifts y in evaluation alone",
    Role.RUNNING_VAR: "it scales y in evaluation alone",
}


def _first(paths: list[Path], role: Role) -> Path:
    """The path with the plainest name: that of the role itself, else the shortest path."""
    return min(paths, key=lambda p: (p[-1].key != str(role), len(p)))


def _called_otherwise(path: Path, role: Role) -> bool:
    """Whether a name clearly stands for another role."""
    roles = per_channel_roles(path)
    return bool(roles) and role not in roles


def _persists(path: Path, behaviour: Behaviour, role: Role, example: object) -> bool:
    """Whether a slot that is called so, and does not behave so, is more than an intermediate."""
    if behaviour.role_like is not None or behaviour.remembers:
        return True
    if kind_of(example, path) != Kind.ATTRIBUTE:
        return True
    # what forward makes anew is an intermediate, unless its name is that of a running average
    return behaviour.early and (role in AFFINE or not behaviour.moves or _is_running(path))


def _is_running(path: Path) -> bool:
    text = name_of(path).lower()
    return any(word in text for word in ("run", "mov", "ema", "exp", "avg", "pop", "global"))


def _does(behaviour: Behaviour) -> str:
    """What an array does, in words."""
    if behaviour.training == behaviour.evaluation:
        return f"it {behaviour.training}"
    return f"it {behaviour.training} in training, and {behaviour.evaluation} in evaluation"
