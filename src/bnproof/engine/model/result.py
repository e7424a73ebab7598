"""The result model: what was found out about one property in one dtype, and the whole report."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bnproof.engine.model.event import EarlyEnd, Event
from bnproof.engine.model.explained import Explained
from bnproof.engine.model.summation import Summation
from bnproof.engine.model.verdict import FAILED, FailureKind, Profile, Verdict

INTERRUPTED = 130  # what shells report for a process ended by Ctrl-C

PRECEDENCE = (INTERRUPTED, 2, 1, 4, 0)
"""Exit statuses, the one that outranks all others first."""

GROWTH = 2.0
"""So many times the share of a bound that is used for few values is a finding; right: 1.3."""

CHAIN = 16
"""A chain of additions that is too short to be compared with."""

ENTRY = "known failure"
"""The output of a violation that is about an entry in a file of known failures."""


@dataclass(frozen=True)
class Violation:
    """One way in which one case breaks one property.

    Attributes:
        case: one line that describes the case (name, dtype, shape, settings, layouts).
        case_name: the name alone, the same for the same seed.
        output: the result concerned, for instance "dx" or "y of infer".
        of: what follows "of" in it.
        detail: one line: what is wrong.
        elements: at most 8 rows (index, got, want, error, bound) of the worst elements.
        ratio: worst error/bound; infinite for NaN and for what has no bound.
        kind: "fail", "crashed" or "timed-out".
        replay: what ``bnproof replay`` takes, "" where nothing can be run again.
        event: the kind of event that was observed, such as "changed-input"; "" where a number is
            wrong.
        finding: what happened, as data; None where a number is wrong, where the violation is about
            an entry of a file, and in reports of older versions.
    """

    case: str
    case_name: str
    output: str
    detail: str
    elements: tuple[tuple[str, str, str, str, str], ...] = ()
    ratio: float = float("inf")
    kind: FailureKind = "fail"
    replay: str = ""
    event: str = ""
    of: str = ""
    finding: Event | EarlyEnd | None = None

    @property
    def name(self) -> str:
        """The output, whatever the call.

        >>> Violation("a case", "a", "y of infer", "y is off", of="infer").name
        'y'
        """
        return self.output.removesuffix(f" of {self.of}")


@dataclass(frozen=True)
class Cause:
    """A known mistake that reproduces what was observed.

    Attributes:
        id: of the mistake.
        mistake, repair: a sentence each.
        issues: real reports of it, as "owner/repository#number".
        explains: the wrong outputs and events that it reproduces; empty where this was not
            recorded.
    """

    id: str
    mistake: str
    repair: str
    issues: tuple[str, ...] = ()
    explains: tuple[Explained, ...] = ()


@dataclass(frozen=True)
class Result:
    """The verdict on one property in one dtype.

    Attributes:
        property, statement, theorem: id, one sentence, id of the theorem behind it.
        dtype: of x.
        verdict: see `bnproof.engine.model.verdict`.
        examples: cases on which the property was judged.
        not_judged: outputs of cases left out since no bound exists there.
        worst_ratio: largest error/bound met, 0 where nothing is measured by a bound.
        worst_output, worst_case: where it was met.
        violations: worst first, one per cause; ``further`` counts the rest.
        reason: why it is unsupported, or known.
        causes: known mistakes that reproduce the violations, likeliest first.
        replay: what ``bnproof replay`` takes to run the first violation again.
        advised: whether the violations disappear under what the report's ``advice`` says.
    """

    property: str
    statement: str
    theorem: str
    dtype: str
    verdict: Verdict
    examples: int = 0
    not_judged: int = 0
    worst_ratio: float = 0.0
    worst_output: str = ""
    worst_case: str = ""
    violations: tuple[Violation, ...] = ()
    further: int = 0
    reason: str = ""
    causes: tuple[Cause, ...] = ()
    replay: str = ""
    advised: bool = False


@dataclass(frozen=True)
class OutputAccuracy:
    """How far off one output was at worst, as each accuracy class sees it.

    Attributes:
        output: with the mode, as in "dx (train)".
        ratios: largest error/bound by class, strongest first.
        case: where the largest of the declared class was met.
    """

    output: str
    ratios: Mapping[str, float]
    case: str = ""


@dataclass(frozen=True)
class OffsetPoint:
    """The decimal digits kept at one offset: of the largest error beside the largest value.

    Attributes:
        offset: |mean|/std.
        digits: kept, from 0 to those of the format.
        bounds: the digits that each class guarantees, strongest first.
    """

    offset: float
    digits: float
    bounds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class OffsetCurve:
    """How many digits of one output are kept as |mean|/std grows.

    Attributes:
        output: y, dx, or running_var, which tells of the variance.
        most: digits of the format that the output is in.
        points: by ascending offset.
    """

    output: str
    most: float
    points: tuple[OffsetPoint, ...]

    @property
    def breakdown(self) -> float | None:
        """The smallest |mean|/std at which less than one digit is kept, None if there is none.

        >>> OffsetCurve("y", 7.2, (OffsetPoint(64.0, 4.0), OffsetPoint(4096.0, 0.5))).breakdown
        4096.0
        """
        return next((point.offset for point in self.points if point.digits < 1), None)


@dataclass(frozen=True)
class SumsAt:
    """How sums of many values behave (see `bnproof.engine.judging.depths`).

    Attributes:
        count: values per channel.
        summation: the family of algorithms that explains the integer data, None if none does.
        share: largest error/bound of the patterns; NaN where it was not measured.
        depth: additions in the longest chain, as the constant channel tells; likewise.
    """

    count: int
    summation: Summation | None
    share: float = float("nan")
    depth: float = float("nan")

    def switches(self, few: "SumsAt") -> bool:
        """Whether sums are exact for few values and not for these.

        >>> few = SumsAt(4099, Summation.EXACT)
        >>> SumsAt(33001, Summation.FORWARDS).switches(few), SumsAt(33001, None).switches(few)
        (True, False)
        """
        exact = few.summation is Summation.EXACT
        return exact and self.summation not in (Summation.EXACT, None)

    def growth(self, few: "SumsAt") -> float:
        """How many times the share for few values these have; NaN where one is not known.

        >>> SumsAt(33001, None, share=0.5).growth(SumsAt(4096, None, share=0.125))
        4.0
        """
        if math.isnan(few.share):
            return few.share
        return self.share / max(few.share, CHAIN / few.count)

    def grows(self, few: "SumsAt") -> bool:
        """Whether that is more than one algorithm has at all numbers of values."""
        return self.growth(few) > GROWTH


@dataclass(frozen=True)
class Accuracy:
    """How accurate an implementation was found to be in one dtype.

    Attributes:
        declared: weakest class accepted.
        found: strongest class that explains every output of every case; "" if none does.
        by_layout: the same, by memory layout of x.
        worst_ratio, worst_output, worst_case: the largest error/bound at the declared class.
        worst_case_name: the name alone of that case, "" in reports of older versions.
        term: the term of the bound that is largest there: mean, variance, inv_std, fold, storage.
        depth, depth_count: additions that a summand goes through, as far as the errors tell, in
            a sum of ``depth_count`` values; NaN where it was not measured.
        exact: outputs of exactly representable cases that came back bit for bit, and their number.
        outputs: the largest error/bound of each output, by class.
        offsets: the digits kept of an output as |mean|/std grows.
        sums: how sums behave, by the number of values, fewest first.
    """

    declared: str
    found: str
    by_layout: Mapping[str, str] = field(default_factory=dict)
    worst_ratio: float = 0.0
    worst_output: str = ""
    worst_case: str = ""
    term: str = ""
    depth: float = float("nan")
    depth_count: int = 0
    exact: tuple[int, int] = (0, 0)
    worst_case_name: str = ""
    outputs: tuple[OutputAccuracy, ...] = ()
    offsets: tuple[OffsetCurve, ...] = ()
    sums: tuple[SumsAt, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything that one run of ``bnproof check`` found out about one target.

    Attributes:
        target, name, version: as given, and as the target calls itself.
        profile, seed: as asked for.
        results: one per property and dtype.
        accuracy: by dtype.
        conventions: the declared attributes that matter to a reader.
        cases: cases that ran, by dtype; promised: the number the profile promises, by dtype.
        error: why the target cannot be used, else "".
        error_reason: the same without the target, where ``error`` begins with it.
        notes: what a reader should know of the run, a line each.
        environment: versions and platform.
        interrupted: whether somebody ended the run before it was done; the rest is what was found
            out until then.
        recognised: what the target was recognised as, in two or three lines.
        origins: where each convention comes from, by name.
        incomplete: what was not identified, and so not tested, with what to declare; a line each.
            A target of which something was not identified does not conform.
        advice: flags under which failures would disappear, as a convention or a weaker accuracy
            class explains them; a line each.
        differs_in: the attributes that these flags declare.
        stopped: whether the run stopped at the first failure, as asked.
        excluded: ids of the properties that were excluded, as asked.
        not_checked: what declarations, of the target or from outside, took out of the check.
    """

    target: str
    name: str = ""
    version: str = ""
    profile: Profile = "standard"
    seed: int = 0
    results: tuple[Result, ...] = ()
    accuracy: Mapping[str, Accuracy] = field(default_factory=dict)
    conventions: Mapping[str, Any] = field(default_factory=dict)
    cases: Mapping[str, int] = field(default_factory=dict)
    promised: Mapping[str, int] = field(default_factory=dict)
    error: str = ""
    notes: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    interrupted: bool = False
    recognised: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict)
    incomplete: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    differs_in: tuple[str, ...] = ()
    error_reason: str = ""
    stopped: bool = False
    excluded: tuple[str, ...] = ()
    not_checked: tuple[str, ...] = ()

    @property
    def conforms(self) -> bool:
        """Whether something was checked and nothing was violated.

        >>> Report("reference").conforms
        False
        """
        return self.exit_status == 0

    @property
    def exit_status(self) -> int:
        """0 conforms, 1 violated, 2 cannot be used, 4 incomplete, 130 interrupted.

        >>> Report("reference", error="no such module").exit_status
        2
        """
        if self.interrupted:
            return INTERRUPTED
        if self.error:
            return 2
        if any(r.verdict in FAILED for r in self.results):
            return 1
        judged = any(r.examples for r in self.results if r.verdict in ("pass", "known"))
        enough = all(self.cases.get(d, 0) >= n for d, n in self.promised.items())
        return 0 if judged and enough and not self.incomplete else 4


def exit_status(reports: Sequence[Report]) -> int:
    """The exit status that outranks the others: 130 interrupted, then 2, 1, 4, and 0.

    >>> exit_status([Report("mine"), Report("mine", error="no such method")])
    2
    """
    found = {report.exit_status for report in reports}
    return next((status for status in PRECEDENCE if status in found), 0)
