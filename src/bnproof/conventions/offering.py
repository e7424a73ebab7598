"""What a target can be given: dtypes, ranks, gamma and beta or not, buffers."""

from collections.abc import Callable

import numpy as np

from bnproof.conventions.finding import FAILED, FOUND, NOT_OFFERED, NOT_PROBED, Finding
from bnproof.conventions.formulas import Problem
from bnproof.conventions.normalising import axis_of, explanations, working_ranks
from bnproof.conventions.probes import Probes, Seen
from bnproof.properties.cases import Case
from bnproof.properties.formats import Array


def ranks(probes: Probes) -> Finding:
    """The ranks of x in which some formula explains y."""
    call = "train" if probes.trains else "infer"
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
    call = "train" if probes.trains else "infer"
    seen: Seen = probes.once(
        f"dtype {dtype}",
        lambda p: p.run(p.case(works[0], f"dtype {dtype}", dtype, calls=call)),
    )
    return seen


def affine_parameters(probes: Probes) -> Finding:
    """Whether gamma and beta are used, and whether they may be None."""
    works = working_ranks(probes)
    if not works:
        return Finding("affine_parameters", NOT_PROBED, because="no rank works")
    call = "train" if probes.trains else "infer"
    gamma, beta = np.resize([2.0, -1.0, 0.5], probes.channels), 3.0
    case = probes.case(works[0], "gamma and beta", gamma=gamma, beta=beta, calls=call)
    absent = case.with_(gamma=None, beta=None, calls="short" if probes.trains else "infer")
    without = probes.run(absent)
    taken = _explained(probes, absent, without.result(call, "y"), call)
    gradients = [n for n in ("dgamma", "dbeta") if without.result("train", n) is not None]
    if probes.declared.affine_parameters == "none":
        value, because = ("none", "never given") if taken else (None, without.failed)
    else:
        given = probes.run(case)
        y = given.result(call, "y")
        why_not = without.failed or "another y than for 1 and 0"
        if taken and gradients:
            taken, why_not = False, f"backward returns {' and '.join(gradients)}"
        if _explained(probes, case, y, call):
            known = {True: "None is taken for both", False: f"with None for both: {why_not}"}
            value, because = ("optional" if taken else "required"), known[taken]
        elif _explained(probes, absent, y, call):
            value, because = "none", "gamma and beta are ignored"
        else:
            value, because = None, given.failed or "no y with gamma and beta is explained"
    return Finding("affine_parameters", FOUND if value else FAILED, value, because)


def _explained(probes: Probes, case: Case, y: Array | None, call: str) -> bool:
    if y is None:
        return False
    problem = Problem(case, y, probes.weakest)
    return bool(problem.explanations(inference=call == "infer", axes=(axis_of(probes),)))


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
