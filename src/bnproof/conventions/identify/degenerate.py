"""What training does with one value per channel, and with none."""

import numpy as np

from bnproof.conventions.identify.finding import (
    AMBIGUOUS,
    FAILED,
    FOUND,
    NOT_OFFERED,
    NOT_PROBED,
    Finding,
    by_rank,
)
from bnproof.conventions.identify.normalisation import axis_of, normalising_variance, working_ranks
from bnproof.conventions.identify.probes import Probes, Seen
from bnproof.engine.model.case import Case
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.portfolio.degenerate import EMPTY, SINGLE

GAMMA, BETA = 2.0, 100.0
"""Far apart, so that beta cannot come out by chance."""


def single_value(probes: Probes) -> Finding:
    """Training with N = 1: an error before statistics change, beta, or undefined."""
    made = _by_rank(probes, "single_value", 1)
    if made.value == "beta" and normalising_variance(probes).value == "unbiased":
        because = f"{made.because}, where the unbiased variance is 0 / 0"
        return Finding("single_value", FOUND, "undefined", because)
    return made


def empty(probes: Probes) -> Finding:
    """Training with N = 0: an error, an empty y with the statistics unchanged, or undefined."""
    return _by_rank(probes, "empty", 0)


def _by_rank(probes: Probes, convention: str, count: int) -> Finding:
    if not probes.trains:
        return Finding(convention, NOT_OFFERED, because="train is not offered")
    if "shape" in probes.declared.fixed:
        return Finding(convention, NOT_PROBED, because="the shape is fixed")
    findings: dict[int, Finding] = {}
    for rank in working_ranks(probes):
        findings[rank] = _of(probes, convention, rank, count)
        if findings[rank].verdict == FAILED:
            return findings[rank]  # a crash or a hang: other ranks would cost as much again
    made = by_rank(convention, findings)
    if isinstance(made.value, dict):
        told = ", ".join(f"{value} in rank {rank}" for rank, value in made.value.items())
        return Finding(convention, AMBIGUOUS, None, f"{told}: no attribute declares both")
    return made


def _of(probes: Probes, convention: str, rank: int, count: int) -> Finding:
    shape = (SINGLE if count else EMPTY)[rank]
    case = degenerate_case(probes, rank, shape)
    seen = probes.run(case, channel_axis=axis_of(probes))
    if seen.observation.failure:
        return Finding(convention, FAILED, because=seen.failed)
    raised = [
        e for e in seen.observation.of(EventKind.RAISED) if e.call == "train" and not e.backward
    ]
    if raised:
        if seen.updates_buffers:
            because = f"{raised[0].exception}, raised after the statistics were changed"
            return Finding(convention, FOUND, "undefined", because)
        return Finding(convention, FOUND, "error", f"raised {raised[0].exception}")
    return _single(seen, convention) if count else _empty(seen, convention)


def degenerate_case(probes: Probes, rank: int, shape: tuple[int, ...]) -> Case:
    """Ones in this shape, canonical, with the channels that the target has."""
    made = probes.case(rank, "degenerate", gamma=GAMMA, beta=BETA, calls="short")
    shape = (shape[0], made.channels, *shape[2:])
    x = np.full(shape, 1, made.x.dtype)
    return made.with_(x=x, dy=x.copy())


def _single(seen: Seen, convention: str) -> Finding:
    """Judge y = beta, dx = 0 and finite statistics, which the policy "beta" promises."""
    y, dx = seen.result("train", "y"), seen.result("train", "dx")
    var = seen.statistic("running_var")
    if y is None:
        return Finding(convention, FAILED, because=seen.failed or "no y comes back")
    wide = y.astype(np.float64)
    wrong = [
        f"y is {wide.flat[0]:g}, beta {BETA:g}" if not (wide == BETA).all() else "",
        "dx is not 0" if dx is not None and dx.astype(np.float64).any() else "",
        "the running variance is not finite"
        if var is not None and not np.isfinite(var.astype(np.float64)).all()
        else "",
    ]
    told = ", ".join(filter(None, wrong))
    if told:
        return Finding(convention, FOUND, "undefined", told)
    return Finding(convention, FOUND, "beta", "y is beta")


def _empty(seen: Seen, convention: str) -> Finding:
    y = seen.result("train", "y")
    if y is None:
        return Finding(convention, FAILED, because=seen.failed or "no y comes back")
    changed = [
        name
        for name in STATISTICS
        if (held := seen.statistic(name)) is not None
        and not np.array_equal(held, getattr(seen.case, name))
    ]
    if changed or seen.updates_buffers:
        names = " and ".join(name.replace("_", " ") for name in changed) or "buffers"
        return Finding(convention, FOUND, "undefined", f"the {names} changed")
    return Finding(convention, FOUND, "empty", "an empty y, statistics unchanged")
