"""The running averages: which term momentum weighs, which variance is averaged, the cumulative one.

A candidate is a weight of the new value and a variance; it explains the running statistics if both
are within the bound of the weakest accuracy class of what exact arithmetic gives.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

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
from bnproof.conventions.identify.formulas import few_digits, on_axis
from bnproof.conventions.identify.normalisation import axis_of, working_ranks
from bnproof.conventions.identify.probes import Probes, Seen
from bnproof.engine.judging.judge import Judge
from bnproof.engine.model.formats import Array
from bnproof.engine.truth.bounds.expected import Expected, Settings, make_subject
from bnproof.engine.truth.bounds.roundings import accumulated
from bnproof.engine.truth.integers import ratio
from bnproof.engine.truth.oracle import error, running_truth

ADDED = accumulated(8, 2.0**-24)
"""Roundings of eps where it is averaged too, in float32 or better; in 16 bits nothing is added."""

BATCHES_SEEN = 3


@dataclass(frozen=True)
class Average:
    """One way to average.

    Attributes:
        term: "new" or "old", the term that momentum multiplies; "none" (not updated), "all" (the
            batch's value replaces the old one), or "C" with a weight C whatever momentum is.
        settings: with the weights, as one allowed rounding leaves them.
    """

    term: str
    settings: Settings


def _terms(probes: Probes, seen: Seen) -> Iterator[Average]:
    """The two conventions, in each allowed rounding of the settings, and two mistakes."""
    for term in ("new", "old"):
        declaration = replace(probes.neutral, momentum_weighs=term)
        for settings in Judge(declaration, seen.case.dtype).settings(seen.case):
            yield Average(term, settings)
    one, eps = Fraction(1), seen.case.eps
    yield Average("none", Settings(eps, one, Fraction(0)))
    yield Average("all", Settings(eps, Fraction(0), one))


def _subject(probes: Probes, seen: Seen, average: Average, *, unbiased: bool) -> Expected:
    case = on_axis(seen.case, axis_of(probes))
    return make_subject(case, average.settings, inference=False, unbiased=unbiased)


def _explains(probes: Probes, subject: Expected, name: str, got: Array) -> bool:
    truth, bound = subject.quantities.truth.values[name], subject.bound(probes.weakest, name)
    if got.shape != truth[0].shape or not np.isfinite(bound).all():
        return False
    return bool((error(got, truth) <= bound).all())


def averages(probes: Probes, rank: int) -> list[Average] | Finding:
    """What explains the running mean of training in one rank, or a finding that says why not."""
    found: list[Average] | Finding = probes.once(
        f"running mean, rank {rank}", lambda p: _averages(p, rank)
    )
    return found


def _averages(probes: Probes, rank: int) -> list[Average] | Finding:
    if not probes.trains:
        return Finding("", NOT_OFFERED, because="train is not offered")
    seen = probes.main(rank, "train")
    got = seen.statistic("running_mean")
    if got is None:
        why = seen.failed or "no running statistics come back"
        return Finding("", FAILED if seen.failed else NOT_OFFERED, because=why)
    tried = [*_terms(probes, seen), *_constants(probes, seen, got)]
    explaining = []
    for average in tried:
        subject = _subject(probes, seen, average, unbiased=True)
        if _explains(probes, subject, "running_mean", got):
            explaining.append(average)
    known = [average for average in explaining if average.term in ("new", "old", "none", "all")]
    return known or explaining[:1]


def _constants(probes: Probes, seen: Seen, got: Array) -> Iterator[Average]:
    """Weights of few digits next to the one that the first channel seems to have."""
    subject = _subject(probes, seen, next(_terms(probes, seen)), unbiased=True)
    mean = float(subject.quantities.truth.values["mean"][0][0])
    old = float(seen.case.running_mean[0])
    with np.errstate(all="ignore"):
        weight = float((np.float64(got[0]) - old) / np.float64(mean - old))
    for value in few_digits(weight):
        exact = Fraction(f"{value:g}")
        yield Average(f"{value:g}", Settings(seen.case.eps, 1 - exact, exact))


# --- one function per convention --------------------------------------------------------------


def momentum_weighs(probes: Probes) -> Finding:
    """The term of the running mean that momentum multiplies."""
    findings = {}
    for rank in working_ranks(probes) or probes.declared.ranks:
        found = averages(probes, rank)
        if isinstance(found, Finding):
            findings[rank] = replace(found, convention="momentum_weighs")
        else:
            findings[rank] = _momentum(found, probes.main(rank, "train").case.momentum or 0.0)
    return by_rank("momentum_weighs", findings)


def _momentum(found: list[Average], momentum: float) -> Finding:
    terms = [average.term for average in found]
    nothing = "no weight of the batch explains the running mean"
    made = of_candidates("momentum_weighs", terms, "", nothing)
    if made.verdict != FOUND:
        return made
    weight = float(found[0].settings.weight)
    because = f"at momentum {momentum:g} the batch weighs {weight:g}"
    remark = {
        "new": "",
        "old": "",
        "none": "the running mean is not updated",
        "all": "the batch's mean replaces the running mean",
    }.get(made.value, f"momentum is ignored: the batch weighs {made.value} in any case")
    if remark:
        return Finding("momentum_weighs", UNEXPLAINED, None, f"{remark} ({because})")
    return Finding("momentum_weighs", FOUND, made.value, because)


def running_variance(probes: Probes) -> Finding:
    """The variance that is averaged, by rank where ranks differ."""
    findings = {
        rank: _running_variance(probes, rank)
        for rank in working_ranks(probes) or probes.declared.ranks
    }
    return by_rank("running_variance", findings)


def _running_variance(probes: Probes, rank: int) -> Finding:
    found = averages(probes, rank)
    if isinstance(found, Finding):
        return replace(found, convention="running_variance")
    seen = probes.main(rank, "train")
    got = seen.statistic("running_var")
    if any(average.term == "none" for average in found):
        because = "the running mean is not updated"
        return Finding("running_variance", UNEXPLAINED, because=because)
    if got is None:
        return Finding("running_variance", NOT_OFFERED, because="no running variance comes back")
    names = [
        name
        for average in found
        for unbiased in (False, True)
        for name in _variances(probes, seen, average, got, unbiased=unbiased)
    ]
    nothing = "neither variance of the batch explains the running variance"
    made = of_candidates("running_variance", names, f"running variance of rank {rank}", nothing)
    if made.verdict == FOUND and made.value not in ("biased", "unbiased"):
        return Finding("running_variance", UNEXPLAINED, None, f"it is {made.value}")
    return made


def _variances(
    probes: Probes, seen: Seen, average: Average, got: Array, *, unbiased: bool
) -> Iterator[str]:
    """The names of the candidates, with this estimator, that explain the running variance."""
    kind = "unbiased" if unbiased else "biased"
    subject = _subject(probes, seen, average, unbiased=unbiased)
    if _explains(probes, subject, "running_var", got):
        yield kind
    case, quantities = on_axis(seen.case, axis_of(probes)), subject.quantities
    eps, settings = Fraction(case.eps), average.settings
    factor = Fraction(case.count, case.count - 1) if unbiased else Fraction(1)
    for sign, name in ((1, "+ eps"), (-1, "- eps")):
        spread = [
            None if s is None else ratio(s[1] * factor + sign * eps)
            for s in quantities.truth.statistics
        ]
        truth = running_truth(case.running_var, spread, settings.keep, settings.weight)
        bound = subject.bound(probes.weakest, "running_var") + ADDED * case.eps
        if got.shape == truth[0].shape and (error(got, truth) <= bound).all():
            yield f"the {kind} variance {name}"


def cumulative(probes: Probes) -> Finding:
    """Whether momentum=None gives the average over all batches so far."""
    if not probes.trains:
        return Finding("cumulative", NOT_OFFERED, because="train is not offered")
    if "momentum" in probes.declared.fixed:
        return Finding("cumulative", NOT_PROBED, because="momentum is fixed")
    for rank in working_ranks(probes):
        case = probes.case(rank, "cumulative", calls="train")
        seen = probes.run(case.with_(momentum=None, batches_seen=BATCHES_SEEN))
        return _cumulative(probes, seen)
    return Finding("cumulative", NOT_PROBED, because="training works in no rank")


def _cumulative(probes: Probes, seen: Seen) -> Finding:
    if seen.observation.failure:
        return Finding("cumulative", FAILED, because=seen.failed)
    if seen.failed:
        return Finding("cumulative", FOUND, value=False, because=f"momentum=None: {seen.failed}")
    got = seen.statistic("running_mean")
    if got is None:
        return Finding("cumulative", NOT_OFFERED, because="no running statistics come back")
    weight = Fraction(1, BATCHES_SEEN + 1)
    average = Average("", Settings(seen.case.eps, 1 - weight, weight))
    if _explains(probes, _subject(probes, seen, average, unbiased=True), "running_mean", got):
        because = f"after {BATCHES_SEEN} batches the next one weighs {float(weight):g}"
        return Finding("cumulative", FOUND, value=True, because=because)
    because = "momentum=None is taken, but the weight is not 1/(t+1) after t batches"
    return Finding("cumulative", FOUND, value=False, because=because)
