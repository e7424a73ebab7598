"""Channel axis, normalising variance and the place of eps: what y shows."""

from collections.abc import Callable

import numpy as np

from bnproof.conventions.identify.finding import (
    FAILED,
    FOUND,
    NOT_OFFERED,
    NOT_PROBED,
    UNEXPLAINED,
    Finding,
    by_rank,
    of_candidates,
)
from bnproof.conventions.identify.formulas import PLACES, STANDARD, Formula, Problem
from bnproof.conventions.identify.probes import Probes, Seen
from bnproof.engine.model.formats import FORMATS
from bnproof.engine.model.names import Mode

NOTHING = "no formula that is known here explains y"


def explanations(probes: Probes, rank: int, call: Mode) -> list[Formula] | Finding:
    """The formulas that explain y of a call in one rank, or a finding that says why there are none.

    ``call`` is "train" or "infer".
    """
    found: list[Formula] | Finding = probes.once(
        f"y of {call}, rank {rank}", lambda p: _explanations(p, rank, call)
    )
    return found


def _explanations(probes: Probes, rank: int, call: Mode) -> list[Formula] | Finding:
    if call not in probes.declared.methods and "layer" not in probes.declared.methods:
        return Finding("", NOT_OFFERED, because=f"{call} is not offered")
    seen = probes.main(rank, call)
    y = seen.result(call, "y")
    if y is None:
        return Finding("", FAILED if seen.failed else NOT_OFFERED, because=seen.failed or "no y")
    updated = seen.statistic("running_mean"), seen.statistic("running_var")
    complete = None if updated[0] is None or updated[1] is None else (updated[0], updated[1])
    problem = Problem(seen.case, y, probes.weakest, complete)
    axes = (1,) if rank == 2 or seen.case.x.shape[1] != seen.case.x.shape[-1] else (1, -1)
    return problem.explanations(inference=call == "infer", axes=axes)


def working_ranks(probes: Probes) -> tuple[int, ...]:
    """The ranks in which some formula explains y, in training or else in inference."""
    found: tuple[int, ...] = probes.once("working ranks", _working_ranks)
    return found


def _working_ranks(probes: Probes) -> tuple[int, ...]:
    call: Mode = "train" if probes.trains else "infer"
    tried = ((rank, explanations(probes, rank, call)) for rank in probes.ranks)
    return tuple(rank for rank, found in tried if not isinstance(found, Finding) and found)


def axis_of(probes: Probes) -> int:
    """The channel axis of cases and results: the one that was found, or else the declared one.

    Of a fixed shape the axis is known, and cases and results are in the order of axis 1.
    """
    if "shape" in probes.declared.fixed:
        return 1
    found = channel_axis(probes)
    return int(found.value) if found.verdict == FOUND else probes.declared.channel_axis


# --- one function per convention --------------------------------------------------------------


def channel_axis(probes: Probes) -> Finding:
    """The axis over which statistics are not taken; rank 2 cannot show it."""
    if "shape" in probes.declared.fixed:
        return Finding("channel_axis", NOT_PROBED, because="the shape is fixed")
    call: Mode = "train" if probes.trains else "infer"
    findings = {}
    for rank in (r for r in probes.ranks if r > 2 and _worth_trying(probes, r)):
        found = explanations(probes, rank, call)
        if isinstance(found, Finding):
            findings[rank] = Finding("channel_axis", found.verdict, because=found.because)
        else:
            axes = [str(formula.axis) for formula in found]
            findings[rank] = of_candidates("channel_axis", axes, f"y of rank {rank}", NOTHING)
    made = by_rank("channel_axis", findings)
    if not findings:
        return Finding("channel_axis", NOT_PROBED, because="rank 2 cannot show it")
    if made.verdict == FOUND and not isinstance(made.value, dict):
        return Finding("channel_axis", FOUND, int(made.value), made.because)
    return made


def eps_place(probes: Probes) -> Finding:
    """Where eps is in the normalisation of training."""
    return _of_formulas(probes, "eps_place", "train", lambda formula: formula.place)


def eps_place_in_inference(probes: Probes) -> Finding:
    """Where eps is in the normalisation of inference."""
    return _of_formulas(probes, "eps_place_in_inference", "infer", lambda formula: formula.place)


def normalising_variance(probes: Probes) -> Finding:
    """The variance that training divides by."""

    def kind(formula: Formula) -> str:
        of = "" if formula.statistics == "batch" else f", of the {formula.statistics} statistics"
        return formula.variance + of

    return _of_formulas(probes, "normalising_variance", "train", kind)


def inference_statistics(probes: Probes) -> Finding:
    """The statistics that inference normalises by."""

    def kind(formula: Formula) -> str:
        factor = "" if formula.variance == "biased" else ", variance times N/(N-1)"
        return formula.statistics + factor

    return _of_formulas(probes, "inference_statistics", "infer", kind)


SMALL_EPS = 2.0**-24
"""Below what any library demands as a minimum."""


def small_eps(probes: Probes) -> Finding:
    """Whether an eps far below 1e-5 is used as it is, or raised, or refused."""
    works, why_not = working_ranks(probes), ""
    if not probes.trains:
        return Finding("small_eps", NOT_OFFERED, because="train is not offered")
    if "eps" in probes.declared.fixed:
        why_not = "eps is fixed"
    elif not works:
        why_not = "training works in no rank"
    elif FORMATS[probes.dtype].is_16_bit or not probes.declared.allows("eps", SMALL_EPS):
        why_not = "it is outside of what is accepted"
    if why_not:
        return Finding("small_eps", NOT_PROBED, because=why_not)
    made = probes.case(works[0], "small eps", calls="train")
    signs = np.where(np.arange(made.x.size) % 2, 1, -1).reshape(made.x.shape[::-1]).T
    x = (np.sqrt(SMALL_EPS) * signs).astype(made.x.dtype)
    return _small_eps(probes, probes.run(made.with_(x=x, eps=SMALL_EPS)))


def _small_eps(probes: Probes, seen: Seen) -> Finding:
    because, y = f"y at eps = {SMALL_EPS:.2g}", seen.result("train", "y")
    if y is None:
        return Finding("small_eps", FAILED, because=f"{because}: {seen.failed}")
    problem = Problem(seen.case, y, probes.weakest)
    found = problem.explanations(inference=False, axes=(axis_of(probes),))
    variance = "unbiased" if normalising_variance(probes).value == "unbiased" else "biased"
    places = [f.place for f in found if f.variance == variance and f.statistics == "batch"]
    if not places:
        return Finding("small_eps", UNEXPLAINED, because=f"{NOTHING}: {because}")
    if any(place in PLACES for place in places):
        return Finding("small_eps", FOUND, "as given", because)
    remark = "eps has a minimum, or is not used at all; due is eps as it is given"
    return Finding("small_eps", FOUND, places[0], because, remark)


USUAL = {
    "eps_place": STANDARD,
    "eps_place_in_inference": STANDARD,
    "normalising_variance": "biased",
    "inference_statistics": "running",
}
"""What batch normalization is by definition."""

DECLARABLE = {"normalising_variance": ("unbiased",)}
"""What an attribute declares beside that."""


def _of_formulas(
    probes: Probes, convention: str, call: Mode, kind: Callable[[Formula], str]
) -> Finding:
    findings = {}
    ranks = working_ranks(probes) or tuple(r for r in probes.ranks if _worth_trying(probes, r))
    for rank in ranks:
        found = explanations(probes, rank, call)
        if isinstance(found, Finding):
            findings[rank] = Finding(convention, found.verdict, because=found.because)
            continue
        axis = axis_of(probes)
        kinds = [kind(f) for f in found if rank == 2 or f.axis == axis]
        findings[rank] = of_candidates(convention, kinds, f"y of {call}", NOTHING)
    made = by_rank(convention, findings)
    accepted = (USUAL[convention], *DECLARABLE.get(convention, ()))
    if made.verdict == FOUND and made.value not in accepted:
        remark = f"expected {' or '.join(accepted)}; no attribute declares anything else"
        return Finding(convention, FOUND, made.value, made.because, remark)
    return made


def _worth_trying(probes: Probes, rank: int) -> bool:
    """Whether a rank that does not work has to be told: it is declared."""
    call: Mode = "train" if probes.trains else "infer"
    found = explanations(probes, rank, call)
    works = not isinstance(found, Finding) and bool(found)
    return works or rank in probes.declared.ranks
