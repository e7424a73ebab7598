"""eps and momentum of recognised functions: which term momentum weighs, constants inside."""

from dataclasses import dataclass, field
from typing import Any

from bnproof.conventions.identify.probes import MOMENTUM
from bnproof.recognition.aliases import SMALLEST_MOMENTUM, Role
from bnproof.recognition.functions.fits import Fit, implementation
from bnproof.recognition.functions.judgement import own_eps
from bnproof.recognition.functions.results import parameter_of
from bnproof.recognition.functions.sources import source_of
from bnproof.recognition.prober import (
    HALF,
    USUAL_EPS,
    USUAL_MOMENTUM,
    constant_momentum,
    contradiction,
    meant,
)
from bnproof.recognition.recognised import Origin


@dataclass
class Settings:
    """What was found about the settings.

    Attributes:
        declared: attributes of the contract.
        origins: where they come from.
        remarks, evidence: sentences for the recognition.
    """

    declared: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    fixed: dict[str, float] = field(default_factory=dict)


def settings_of(made: Fit) -> Settings:
    """Momentum first, then the constants in place of settings that the signature lacks."""
    found = Settings()
    _momentum(made, found)
    _eps(made, found)
    if found.fixed:
        found.declared["fixed"] = found.fixed
    return found


def _momentum(made: Fit, found: Settings) -> None:
    call = made.plan.train
    if call is None or call.running_mean is None:
        return
    terms = [average.term for average in made.explained.averages]
    if parameter_of(call.arguments, Role.MOMENTUM) is None:
        _constant_momentum(made, found)
        return
    default = _default_momentum(made)
    seen = next((term for term in terms if term in ("new", "old")), "")
    weighs = meant(default) or seen
    if seen:
        found.evidence.append(
            f"with momentum = {MOMENTUM:g} the running mean weighs the {seen} value by it"
        )
    remark = contradiction(default, seen)
    if remark:
        found.remarks.append(remark)
    if weighs:
        found.declared["momentum_weighs"] = weighs
        found.origins["momentum_weighs"] = Origin.IDENTIFIED if seen else Origin.READ


def _default_momentum(made: Fit) -> float | None:
    """The default of the parameter that is momentum, where it is a number."""
    own = (p.default for p in made.parameters if made.named.get(p.name) is Role.MOMENTUM)
    default = next(own, None)
    return float(default) if isinstance(default, (int, float)) else None


def _constant_momentum(made: Fit, found: Settings) -> None:
    """A weight that is a constant; one above 1/2 is checked as that of the old value."""
    known = made.explained.averages
    weight = float(known[0].settings.weight) if known else 0.0
    found.origins["momentum_weighs"] = Origin.IDENTIFIED
    read = [c for c in source_of(made.given.functions[made.given.main]).literals if HALF < c < 1]
    if known and known[0].term in ("none", "all"):
        found.remarks.append(
            "the running mean is never updated"
            if known[0].term == "none"
            else "the batch's mean replaces the running mean"
        )
    if known and 0 < weight < 1:
        found.fixed["momentum"] = weight
        found.origins["fixed"] = Origin.IDENTIFIED
        found.declared["momentum_weighs"], remark = constant_momentum(weight)
        found.remarks += [remark] if remark else []
        found.evidence.append(f"each batch weighs {weight:g} in the running mean")
        return
    found.fixed["momentum"] = read[0] if read else 1 - USUAL_MOMENTUM
    found.declared["momentum_weighs"] = "old"
    found.origins["fixed"] = found.origins["momentum_weighs"] = Origin.DEFAULT
    found.remarks.append(
        f"no momentum was found; the check assumes {found.fixed['momentum']:g} of the old value"
    )


def _eps(made: Fit, found: Settings) -> None:
    call = made.plan.train or made.plan.infer
    if call is None or parameter_of(call.arguments, Role.EPS) is not None:
        return
    probed = own_eps(implementation(made), made.ranks[0])
    if probed is not None:
        found.fixed["eps"] = probed
        found.origins.setdefault("fixed", Origin.IDENTIFIED)
        found.evidence.append(f"y shows that eps is the constant {probed:g}")
        return
    literals = source_of(made.given.functions[made.given.main]).literals
    read = [c for c in literals if 0 < c < SMALLEST_MOMENTUM]
    found.fixed["eps"] = read[0] if read else USUAL_EPS
    found.origins["fixed"] = Origin.DEFAULT
    number = ", a number in the source" if read else ""
    found.remarks.append(f"no eps was found; the check assumes {found.fixed['eps']:g}{number}")
