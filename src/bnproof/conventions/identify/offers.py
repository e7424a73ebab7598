"""What a target can be given: dtypes, ranks, gamma and beta or not, buffers."""

from collections.abc import Callable, Mapping

import numpy as np

from bnproof.conventions.identify.finding import FAILED, FOUND, NOT_OFFERED, NOT_PROBED, Finding
from bnproof.conventions.identify.formulas import Problem
from bnproof.conventions.identify.normalisation import axis_of, explanations, working_ranks
from bnproof.conventions.identify.probes import Probes, Seen
from bnproof.engine.model.case import Case
from bnproof.engine.model.formats import Array
from bnproof.engine.model.names import PARAMETERS, Mode, Output, Parameter


def ranks(probes: Probes) -> Finding:
    """The ranks of x in which some formula explains y."""
    call: Mode = "train" if probes.trains else "infer"
    works = working_ranks(probes)
    others = []
    for rank in probes.ranks:
        found = explanations(probes, rank, call)
        if rank not in works:
            why = found.because if isinstance(found, Finding) else "no known formula explains y"
            others.append(f"rank {rank}: {why}")
    if works:
        return Finding("ranks", FOUND, works, "; ".join(others) or "all ranks work")
    return Finding("ranks", FAILED, None, "; ".join(others[:1]))


def dtypes(probes: Probes) -> Finding:
    """The dtypes of x, of those that are declared, that come back as y's."""
    return _by_dtype(probes, "dtypes", _keeps_dtype)


def _keeps_dtype(seen: Seen) -> str:
    """What is wrong with y's dtype, "" if nothing."""
    y = seen.result("train", "y")
    y = seen.result("infer", "y") if y is None else y
    if y is None:
        return seen.failed or "no y"
    return "" if y.dtype == seen.case.x.dtype else f"y is {y.dtype}"


def statistics_dtype(probes: Probes) -> Finding:
    """The dtype of the running statistics, for each declared dtype of x."""
    if not probes.trains:
        return Finding("statistics_dtype", NOT_OFFERED, because="train is not offered")
    kept = {}
    for dtype in probes.declared.dtypes:
        seen = _in_dtype(probes, dtype)
        mean = None if seen is None else seen.statistic("running_mean")
        if mean is not None:
            kept[dtype] = mean.dtype.name
    if not kept:
        return Finding("statistics_dtype", NOT_OFFERED, because="no running statistics come back")
    declared = {dtype: probes.declared.parameter_dtype(dtype) for dtype in kept}
    return Finding("statistics_dtype", FOUND, kept, "for each dtype of x", declared=declared)


def _by_dtype(probes: Probes, convention: str, wrong: Callable[[Seen], str]) -> Finding:
    works, others = [], []
    for dtype in probes.declared.dtypes:
        seen = _in_dtype(probes, dtype)
        if seen is None:
            return Finding(convention, NOT_PROBED, because="no rank works")
        if seen.observation.failure:
            return Finding(convention, FAILED, because=f"{dtype}: {seen.failed}")
        why = wrong(seen)
        if why:
            others.append(f"{dtype}: {why}")
        else:
            works.append(dtype)
    if works:
        because = "; ".join(others) or "those that are declared were tried"
        return Finding(convention, FOUND, tuple(works), because)
    return Finding(convention, FAILED, None, "; ".join(others[:1]))


def _in_dtype(probes: Probes, dtype: str) -> Seen | None:
    """One probe in a dtype and the first rank that works."""
    works = working_ranks(probes)
    if not works:
        return None
    call: Mode = "train" if probes.trains else "infer"
    seen: Seen = probes.once(
        f"dtype {dtype}",
        lambda p: p.run(p.case(works[0], f"dtype {dtype}", dtype, calls=call)),
    )
    return seen


ABSENT: Mapping[str, tuple[Parameter, ...]] = {
    "required": (),
    "gamma only": ("beta",),
    "beta only": ("gamma",),
    "none": PARAMETERS,
}
"""What an implementation of each kind does not use."""

ABSENCES: Mapping[str, tuple[Parameter, ...]] = {
    "both": PARAMETERS,
    "gamma": ("gamma",),
    "beta": ("beta",),
}
"""What is given as None to see whether it may be."""


def affine_parameters(probes: Probes) -> Finding:
    """Whether gamma and beta are used, and which of them may be None."""
    works = working_ranks(probes)
    if not works:
        return Finding("affine_parameters", NOT_PROBED, because="no rank works")
    gamma, beta = np.resize([2.0, -1.0, 0.5], probes.channels), 3.0
    call: Mode = "train" if probes.trains else "infer"
    case = probes.case(works[0], "gamma and beta", gamma=gamma, beta=beta, calls=call)
    declared = probes.declared.affine_parameters
    value: str | None
    if ABSENT.get(declared):  # probes never give what the target declares not to have
        why_not = _refusal(probes, case)
        value, because = (None, why_not) if why_not else (declared, "never given")
    else:
        value, because = _used(probes, case)
    if value == "required":
        value, because = _required(probes, case)
    return Finding("affine_parameters", FOUND if value else FAILED, value, because)


def _used(probes: Probes, case: Case) -> tuple[str | None, str]:
    """Which of the two y depends on; what raises where both are given may take one alone."""
    given = probes.run(case)
    y = given.result(_call(case), "y")
    for value, absent in ABSENT.items():
        if _explained(probes, _without(case, absent), y):
            verb = "are" if len(absent) > 1 else "is"
            return value, f"{' and '.join(absent)} {verb} ignored"
    if given.failed:
        for value, absent in ABSENT.items():
            if absent and not _refusal(probes, _without(case, absent)):
                return value, f"with both: {given.failed}"
    return None, given.failed or "no y with gamma and beta is explained"


def _required(probes: Probes, case: Case) -> tuple[str, str]:
    """Whether what is used may be None as well."""
    for told, absent in ABSENCES.items():
        if why_not := _refusal(probes, _without(case, absent)):
            return "required", f"with None for {told}: {why_not}"
    return "optional", "None is taken for both, and for one of them"


def _refusal(probes: Probes, case: Case) -> str:
    """Why a case with some of gamma and beta as None is not taken, "" if it is."""
    call = _call(case)
    seen = probes.run(case.with_(calls="short" if probes.trains else "infer"))
    if not _explained(probes, case, seen.result(call, "y")):
        return seen.failed or "another y than for gamma = 1 and beta = 0"
    absent: list[Output] = []
    absent += ["dgamma"] if case.gamma is None else []
    absent += ["dbeta"] if case.beta is None else []
    returned = [name for name in absent if ("train", name) in seen.observation.offers]
    return f"backward returns {' and '.join(returned)}" if returned else ""


def _without(case: Case, absent: tuple[Parameter, ...]) -> Case:
    return case.with_arrays(dict.fromkeys(absent))


def _call(case: Case) -> Mode:
    """The call whose y is looked at: "train" or "infer"."""
    return "infer" if case.calls == "infer" else "train"


def _explained(probes: Probes, case: Case, y: Array | None) -> bool:
    if y is None:
        return False
    problem = Problem(case, y, probes.weakest)
    axes = (axis_of(probes),)
    return bool(problem.explanations(inference=_call(case) == "infer", axes=axes))


def in_place(probes: Probes) -> Finding:
    """Whether the given buffers of the running statistics are updated."""
    if "train" not in probes.declared.methods:
        return Finding("in_place", NOT_OFFERED, because="train is not offered as a function")
    works = working_ranks(probes)
    if not works:
        return Finding("in_place", NOT_PROBED, because="no rank works")
    changed = probes.main(works[0], "train").updates_buffers
    because = "the buffers given to train " + ("changed" if changed else "stay as they were")
    return Finding("in_place", FOUND, changed, because)
