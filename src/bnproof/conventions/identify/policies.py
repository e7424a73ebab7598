"""What training does with one value per channel and with an empty batch, where nothing declares it.

A policy of the contract is adopted if it fits.  If none fits, the nearest one is adopted, so that
its property fails and says what is wrong.  A crash or a hang adopts nothing: the check meets it
again and reports it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bnproof.conventions.identify.degenerate import degenerate_case
from bnproof.conventions.identify.probes import Probes, Seen
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.event import EventKind
from bnproof.engine.model.names import STATISTICS
from bnproof.engine.portfolio.degenerate import EMPTY, SINGLE

CALLED = {"single_value": "one value per channel", "empty": "an empty batch"}


@dataclass(frozen=True)
class Policy:
    """What was found.

    Attributes:
        value: of the attribute.
        fits: whether the target keeps it, as far as the probe shows.
        note: what a reader has to know, "" if nothing.
    """

    value: str
    fits: bool = True
    note: str = ""


def policy_of(probes: Probes, name: str) -> Policy | None:
    """The policy of "single_value" or "empty", from one probe per declared rank.

    None if the target does not train, or crashes, or if its shape is fixed.
    """
    if not probes.trains or "shape" in probes.declared.fixed:
        return None
    found: dict[int, Policy] = {}
    for rank in probes.declared.ranks:
        made = _in_rank(probes, name, rank)
        if made is None:
            return None
        if not made.fits:
            return made
        found[rank] = made
    values = {made.value for made in found.values()}
    if len(values) == 1:
        return next((made for made in found.values() if made.note), next(iter(found.values())))
    told = ", ".join(f'"{made.value}" in rank {rank}' for rank, made in found.items())
    note = f"{CALLED[name]} gives {told}: no value of {name} declares both, so it is not judged"
    return Policy("undefined", note=note)


def _in_rank(probes: Probes, name: str, rank: int) -> Policy | None:
    declared = probes.declared
    shape = (SINGLE if name == "single_value" else EMPTY)[rank]
    case = degenerate_case(probes, rank, shape)
    seen = probes.run(case, channel_axis=declared.channel_axis)
    if seen.observation.failure:
        return None
    raised = seen.observation.of(EventKind.RAISED)
    if any(event.call == "train" and not event.backward for event in raised):
        return Policy("error", fits=not seen.updates_buffers)
    return _single(declared, seen, rank) if name == "single_value" else _empty(seen)


def _single(declared: Declaration, seen: Seen, rank: int) -> Policy:
    """Tell beta from 0/0, which makes the running variance NaN where N - 1 divides."""
    record = Judge(declared, seen.case.dtype).judge(seen.case, seen.observation)
    y, var = seen.result("train", "y"), seen.statistic("running_var")
    others = [
        judged.worst <= 1
        for _, judged in record.all_judged("train")
        if judged.output not in STATISTICS  # these depend on other conventions as well
    ]
    mean = seen.statistic("running_mean")
    others += [] if mean is None else [_finite(mean)]
    lost = var is not None and not _finite(var)
    if declared.unbiased(rank) and lost and others and all(others):
        return Policy("undefined", note="one value per channel makes the running variance NaN")
    if _divides_by_n_minus_1(declared, rank) and y is not None and not _finite(y):
        return Policy("undefined", note="one value per channel makes y NaN: its variance is 0/0")
    return Policy("beta", fits=bool(others) and all(others) and not lost)


def _divides_by_n_minus_1(declared: Declaration, rank: int) -> bool:
    value: Any = getattr(declared, "normalising_variance", "biased")
    return (value if isinstance(value, str) else value.get(rank, "biased")) == "unbiased"


def _empty(seen: Seen) -> Policy:
    """Tell unchanged statistics from NaN, the mean of nothing, and from other changes."""
    changed = {
        name: held
        for name in STATISTICS
        if (held := seen.statistic(name)) is not None
        and not np.array_equal(held, getattr(seen.case, name))
    }
    if not changed:
        return Policy("empty")
    mean = changed.get("running_mean")
    lost = mean is not None and bool(np.isnan(mean.astype(np.float64)).all())
    if not lost and any(np.isfinite(held.astype(np.float64)).any() for held in changed.values()):
        return Policy("empty", fits=False)
    names = "the running statistics" if len(changed) > 1 else "a running statistic"
    return Policy("undefined", note=f"an empty batch makes {names} NaN")


def _finite(held: Any) -> bool:
    return bool(np.isfinite(held.astype(np.float64)).all())
