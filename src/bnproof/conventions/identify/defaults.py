"""Defaults: eps, momentum and the first statistics of a target that is made without settings."""

from fractions import Fraction

import numpy as np

from bnproof.conventions.identify.averages import momentum_weighs
from bnproof.conventions.identify.finding import (
    AMBIGUOUS,
    FAILED,
    FOUND,
    NOT_OFFERED,
    NOT_PROBED,
    UNEXPLAINED,
    Finding,
)
from bnproof.conventions.identify.formulas import STANDARD, Formula, Problem, moved, simplest
from bnproof.conventions.identify.normalisation import axis_of, working_ranks
from bnproof.conventions.identify.probes import Probes
from bnproof.engine.execution.default_layer import DefaultBehaviour
from bnproof.engine.model.case import Case, columns
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import CHANNEL_ARGUMENTS, STATISTICS
from bnproof.engine.truth.bounds.expected import Settings, make_subject
from bnproof.engine.truth.oracle import error

BATCHES = 3
SMALL = 2.0**-8
"""Scale of the channel that shows eps: its variance is of the order of usual values of eps."""


def _cases(probes: Probes, rank: int) -> list[Case]:
    """Batches in the layout of axis 1; channel 0 is small and centred, the others are not."""
    made = []
    for number in range(BATCHES):
        case = probes.case(rank, f"batch {number}", eps=0.5)
        x = case.x.astype(np.float64) + number
        x[:, 0] = SMALL * np.where(np.arange(x[:, 0].size) % 2, 1, -1).reshape(x[:, 0].shape)
        made.append(case.with_(x=x.astype(case.x.dtype)))
    return made


def _life(probes: Probes) -> tuple[list[Case], DefaultBehaviour] | Finding:
    """The life of a layer made without settings, or a finding that says why there is none."""
    found: tuple[list[Case], DefaultBehaviour] | Finding = probes.once("default_behaviour", _made)
    return found


def _made(probes: Probes) -> tuple[list[Case], DefaultBehaviour] | Finding:
    works = working_ranks(probes)
    if not probes.trains:
        return Finding("", NOT_OFFERED, because="train is not offered")
    if not works or "shape" in probes.declared.fixed:
        why = "the shape is fixed" if works else "training works in no rank"
        return Finding("", NOT_PROBED, because=why)
    cases = _cases(probes, works[0])
    batches = [np.moveaxis(case.x, 1, axis_of(probes)).copy() for case in cases]
    life = probes.session.default_behaviour(batches, probes.channels)
    if life.raised:
        called = life.origin or "made without settings"
        return Finding("", FAILED, because=f"{called}: {life.raised}")
    if not life.origin:
        return Finding("", NOT_OFFERED, because="it has no defaults: each setting has to be given")
    return cases, life


# --- one function per convention --------------------------------------------------------------


def default_eps(probes: Probes) -> Finding:
    """eps where it is not given, as y shows it."""
    found = _life(probes)
    if isinstance(found, Finding):
        return _named(found, "default_eps")
    cases, life = found
    told = life.told.get("eps")
    if "eps" in life.given:
        return Finding("default_eps", NOT_OFFERED, because="eps has no default")
    y = moved(life.outputs[0], axis_of(probes))
    shown = Problem(_one(cases[0], 0), y[:, :1], probes.weakest)
    constant = shown.constant(Formula(1, "batch", "biased", STANDARD))
    if constant is None:
        because = f"no constant that is added to the variance explains y; {_told(told)}"
        return Finding("default_eps", UNEXPLAINED, None, because)
    value, pinned = constant
    if not pinned:
        because = f"too small to show in y, at most about {value:g}; {_told(told)}"
        return Finding("default_eps", AMBIGUOUS, None, because)
    because = f"y of a channel of variance {SMALL**2:.1g}"
    return Finding("default_eps", FOUND, value, because, declared=told, explicit=True)


def default_momentum(probes: Probes) -> Finding:
    """momentum where it is not given, as the running mean of several batches shows it."""
    found = _life(probes)
    if isinstance(found, Finding):
        return _named(found, "default_momentum")
    cases, life = found
    if "momentum" in life.given:
        return Finding("default_momentum", NOT_OFFERED, because="momentum has no default")
    weights = _weights(probes, cases, life)
    if not life.states[-1]:
        because = "no running statistics come back"
        return Finding("default_momentum", NOT_OFFERED, because=because)
    if not weights:
        because = f"no one weight explains the running mean in {probes.dtype}"
        return Finding(
            "default_momentum", UNEXPLAINED, None, f"{because}; {_told(life.told.get('momentum'))}"
        )
    return _of_weights(probes, weights, life)


def _of_weights(probes: Probes, weights: dict[int, Fraction], life: DefaultBehaviour) -> Finding:
    told = "None" if life.told.get("momentum", "") is None else life.told.get("momentum")
    listed = ", ".join(f"{float(weight):g}" for weight in weights.values())
    because = f"the batches weigh {listed}"
    counts = [1 / weight - number for number, weight in weights.items()]
    if len(counts) > 1 and len(set(counts)) == 1 and counts[0].denominator == 1:
        return Finding("default_momentum", FOUND, "None", because, "", told, explicit=True)
    if len(set(weights.values())) > 1:
        return Finding("default_momentum", UNEXPLAINED, None, f"{because}: no one momentum does so")
    weight = next(iter(weights.values()))
    term = momentum_weighs(probes).value
    if term not in ("new", "old"):
        because += ", and it is not known which term momentum weighs"
        return Finding("default_momentum", AMBIGUOUS, None, because)
    value = float(weight if term == "new" else 1 - weight)
    return Finding("default_momentum", FOUND, value, because, declared=told, explicit=True)


def initial_statistics(probes: Probes) -> Finding:
    """The running mean and variance before the first batch."""
    found = _life(probes)
    if isinstance(found, Finding):
        return _named(found, "initial_statistics")
    cases, life = found
    if life.given_statistics:
        because = "the caller gives the running statistics"
        return Finding("initial_statistics", NOT_OFFERED, because=because)
    if set(life.states[0]) == {*STATISTICS}:
        values = {name: np.unique(held).tolist() for name, held in life.states[0].items()}
        if any(len(held) > 1 for held in values.values()):
            because = "they differ from channel to channel: those of an instance in use"
            return Finding("initial_statistics", AMBIGUOUS, None, because)
        because = "the state before the first batch"
        value = {name: float(held[0]) for name, held in values.items()}
        return Finding("initial_statistics", FOUND, value, because)
    return _from_first_step(probes, cases, life)


def _from_first_step(probes: Probes, cases: list[Case], life: DefaultBehaviour) -> Finding:
    """What the running statistics after one batch came from, where none are held before."""
    weights = _weights(probes, cases, life)
    if not weights or len(life.states[1]) < 2:
        return Finding("initial_statistics", NOT_OFFERED, because="no statistics are held before")
    weight = next(iter(weights.values()))
    settings = Settings(0.5, 1 - weight, weight)
    value = {}
    for name in STATISTICS:
        starts = [s for s in (0.0, 1.0) if _starts(probes, cases[0], life, name, s, settings)]
        if len(starts) != 1:
            because = f"the first step of the {name.replace('_', ' ')} starts from neither 0 nor 1"
            return Finding("initial_statistics", UNEXPLAINED, None, because)
        value[name] = starts[0]
    return Finding("initial_statistics", FOUND, value, "what the first step started from")


def _starts(
    probes: Probes, case: Case, life: DefaultBehaviour, name: str, start: float, settings: Settings
) -> bool:
    old = np.full(case.channels, start, case.running_mean.dtype)
    made = case.with_(running_mean=old, running_var=old)
    for unbiased in (False, True):
        subject = make_subject(made, settings, inference=False, unbiased=unbiased)
        bound = subject.bound(probes.weakest, name)
        truth = subject.quantities.truth.values[name]
        if (error(life.states[1][name], truth) <= bound).all() and np.isfinite(bound).all():
            return True
    return False


# --- weights ----------------------------------------------------------------------------------


def _weights(probes: Probes, cases: list[Case], life: DefaultBehaviour) -> dict[int, Fraction]:
    """The weight of each batch whose statistics before and after are held; {} if one fails."""
    weights: dict[int, Fraction] = {}
    for number, case in enumerate(cases):
        before, after = (life.states[at].get("running_mean") for at in (number, number + 1))
        if before is None:
            continue
        weight = None if after is None else _weight(probes, case, before, after)
        if weight is None:
            return {}
        weights[number] = weight
    return weights


def _weight(probes: Probes, case: Case, before: Array, after: Array) -> Fraction | None:
    """The weight 1/n, or else of fewest digits, that explains a step of the running mean."""
    channel = min(1, case.channels - 1)
    one, held = _one(case, channel), slice(channel, channel + 1)
    made = one.with_(running_mean=before[held], running_var=np.ones(1, before.dtype))

    def holds(weight: Fraction) -> bool:
        subject = make_subject(made, Settings(0.5, 1 - weight, weight), inference=False)
        bound = subject.bound(probes.weakest, "running_mean")
        truth = subject.quantities.truth.values["running_mean"]
        return bool(np.isfinite(bound).all() and (error(after[held], truth) <= bound).all())

    mean = float(columns(made.x).astype(np.float64).mean())
    reach = mean - float(before[channel])
    estimate = (float(after[channel]) - float(before[channel])) / reach if reach else 0.0
    part = Fraction(1, max(1, round(1 / estimate))) if estimate > 0 else Fraction(0)
    if part and holds(part) and not holds(part * Fraction(15, 16)):
        return part
    found = simplest(estimate, lambda value: holds(Fraction(f"{value:.9g}")))
    return Fraction(f"{found[0]:.9g}") if found is not None and found[1] else None


def _one(case: Case, channel: int) -> Case:
    """One channel of a case."""
    one = slice(channel, channel + 1)
    held = {n: getattr(case, n) for n in CHANNEL_ARGUMENTS}
    chosen = {n: a[one] for n, a in held.items() if a is not None}
    return case.with_(x=case.x[:, one], dy=case.dy[:, one]).with_arrays(chosen)


def _named(finding: Finding, convention: str) -> Finding:
    return Finding(convention, finding.verdict, because=finding.because)


def _told(told: float | None) -> str:
    return "nothing tells it" if told is None else f"it is told to be {told:g}"
