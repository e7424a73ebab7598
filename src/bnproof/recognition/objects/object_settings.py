"""eps and momentum of an object: varied if its constructor takes them, else read or found."""

from typing import Any

import numpy as np

from bnproof.conventions.identify.probes import Probes
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.recognition.aliases import STATISTICS, Role
from bnproof.recognition.objects.draft import Draft, implementation, is_cumulative_instance
from bnproof.recognition.objects.probes import (
    constant_eps,
    is_cumulative,
    weight_of_momentum,
)
from bnproof.recognition.objects.slots import held
from bnproof.recognition.prober import (
    USUAL_EPS,
    USUAL_MOMENTUM,
    constant_momentum,
    contradiction,
    meant,
)
from bnproof.recognition.recognised import Origin


def settle_eps(draft: Draft) -> None:
    """eps is varied if the constructor takes it; else read from the object, else found."""
    maker = draft.anatomy.lab.maker
    argument = maker.signature.with_role(Role.EPS)
    by_name = argument is None or argument.by_name
    if maker.takes(Role.EPS) and (by_name or _has_effect(draft)):
        return
    value, origin, how = _own_eps(draft)
    draft.traits.fixed["eps"] = value
    draft.origins["eps"] = origin
    draft.evidence.append(f"eps is {value:g}: {how}")


def _has_effect(draft: Draft) -> bool:
    """Whether another eps gives another y."""
    lab = draft.anatomy.lab
    x = lab.probe(draft.rank)
    one, other = (
        made.once(draft.rank, x, training=draft.traits.trains)
        for made in (lab.with_(eps=1e-5), lab.with_(eps=0.5))
    )
    return not np.allclose(one, other, rtol=1e-3)


def _own_eps(draft: Draft) -> tuple[float, Origin, str]:
    """The eps of an object: as it tells, if that explains y, else as probes show it."""
    lab, path = draft.anatomy.lab, draft.anatomy.settings.get(Role.EPS)
    told = held(lab.new(draft.rank), path) if path is not None else None
    if isinstance(told, (int, float)):
        return float(told), Origin.READ, "read from the object"
    if draft.traits.trains and draft.anatomy.fused is None:

        def trained(case: Case) -> Array:
            return lab.once(draft.rank, case.x, training=True)

        found = constant_eps(trained, "batch", lab.dtype, draft.rank, lab.channels)
        if found is not None:
            return found, Origin.IDENTIFIED, "data of a small variance shows it"
    found = _eps_of_evaluation(draft)
    if found is not None:
        return found, Origin.IDENTIFIED, "evaluation with a small running variance shows it"
    draft.remarks.append(f"no eps was found; the check assumes {USUAL_EPS:g}")
    return USUAL_EPS, Origin.DEFAULT, "none was found"


def _eps_of_evaluation(draft: Draft) -> float | None:
    """The eps of evaluation, where training is wrong or there is none."""
    lab, paths = draft.anatomy.lab, draft.anatomy.roles.paths
    if Role.RUNNING_VAR not in paths or draft.anatomy.fused is not None:
        return None

    def infer(case: Case) -> Array:
        state = {
            Role.GAMMA: case.gamma,
            Role.BETA: case.beta,
            Role.RUNNING_MEAN: case.running_mean,
            Role.RUNNING_VAR: case.running_var,
        }
        there = {paths[r]: v for r, v in state.items() if v is not None and r in paths}
        return lab.y(lab.prepared(draft.rank, there), case.x, training=False)

    return constant_eps(infer, "running", lab.dtype, draft.rank, lab.channels)


def settle_momentum(draft: Draft) -> None:
    """Which term momentum weighs, and what it is where it cannot be varied."""
    anatomy, maker = draft.anatomy, draft.anatomy.lab.maker
    if not draft.traits.trains or not any(r in anatomy.roles.paths for r in STATISTICS):
        if not maker.takes(Role.MOMENTUM):
            draft.traits.fixed["momentum"] = USUAL_MOMENTUM
        return
    default = _default_momentum(draft)
    varied = maker.takes(Role.MOMENTUM) or is_cumulative_instance(draft)
    if not varied:
        draft.traits.fixed["momentum"] = default if isinstance(default, (int, float)) else 0.5
    probes = Probes(InProcess(implementation(draft)))
    term, weight, because = weight_of_momentum(probes)
    if not varied and not isinstance(default, (int, float)):
        _fix_momentum(draft, weight, because)
        return
    _choose_term(draft, term, meant(default), default, because, varied=varied)
    if varied and (default is None or anatomy.counter is not None):
        draft.traits.cumulative = is_cumulative(probes)


def _default_momentum(draft: Draft) -> Any:
    """The momentum that the object has without being told, None for the cumulative average."""
    maker = draft.anatomy.lab.maker
    argument = maker.signature.with_role(Role.MOMENTUM)
    if argument is not None and not argument.required and not maker.is_instance:
        return argument.default
    path = draft.anatomy.settings.get(Role.MOMENTUM)
    if path is None:
        return ""
    lab = draft.anatomy.lab.with_(momentum=None)
    return held(lab.new(draft.rank), path)


def _fix_momentum(draft: Draft, weight: float | None, because: str) -> None:
    """A weight that the code has of its own, as a momentum of the new value."""
    if weight is None or not 0 < weight < 1:
        draft.remarks.append(
            f"no momentum was found: {because}; the check assumes {USUAL_MOMENTUM:g}"
        )
        weight = USUAL_MOMENTUM
    term, remark = constant_momentum(weight)
    draft.remarks += [remark] if remark else []
    draft.traits.fixed["momentum"] = weight
    draft.traits.momentum_weighs = term
    draft.origins["momentum"] = draft.origins["momentum_weighs"] = Origin.IDENTIFIED
    draft.evidence.append(f"each batch weighs {weight:g} in the running mean: {because}")


def _choose_term(
    draft: Draft,
    term: str,
    author: str,
    default: Any,
    because: str,
    *,
    varied: bool,
) -> None:
    """The term by behaviour, unless the default says that the author means the other one."""
    if author and term and author != term:
        draft.remarks.append(contradiction(default, term))
        draft.evidence.append(f"momentum weighs the {author} value: the default is {default:g}")
    draft.traits.momentum_weighs = author or term or "new"
    draft.origins["momentum_weighs"] = Origin.IDENTIFIED if author or term else Origin.DEFAULT
    if not varied:
        draft.origins["momentum"] = Origin.READ
    if term and author in ("", term):
        draft.evidence.append(f"momentum weighs the {term} value: {because}")
