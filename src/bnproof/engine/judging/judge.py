"""Judging a case once: truth, bounds and error/bound of every output that came back."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache, partial
from itertools import product

import numpy as np

from bnproof.engine.contract.choices import AccuracyClass
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.execution.companions import companions
from bnproof.engine.judging.expectation import expected
from bnproof.engine.judging.masked import what_counts, without_masked
from bnproof.engine.judging.outlined import outline
from bnproof.engine.judging.record import Found, Judged, Record
from bnproof.engine.judging.spoiled_results import have_kinds, spoiled
from bnproof.engine.model.calls import FIRST, MODE_OF, Call, is_double, is_judged
from bnproof.engine.model.case import (
    DOUBLE_ARGUMENTS,
    SEQUENCE_PLANS,
    Case,
    Plan,
    columns,
)
from bnproof.engine.model.formats import FORMATS, Array
from bnproof.engine.model.names import DOUBLE, MODES, RESULTS, Output
from bnproof.engine.model.observation import WHOLE, Observation
from bnproof.engine.model.summation import Summation
from bnproof.engine.model.tag import Tag
from bnproof.engine.truth.bounds import Arithmetic, ladder
from bnproof.engine.truth.bounds.expected import Expected, Settings
from bnproof.engine.truth.bounds.expected_by_data import EXPECTED
from bnproof.engine.truth.bounds.side_by_side import SMALL
from bnproof.engine.truth.oracle import error
from bnproof.engine.truth.spoiled import healed, kinds_of

NOT_JUDGED: tuple[Plan, ...] = ("error", "empty", "layer", *SEQUENCE_PLANS)
"""Plans of cases that have no results of their own to judge."""


class Judge:
    """Judges the cases of one implementation in one dtype."""

    def __init__(self, declaration: Declaration, dtype: str) -> None:
        self.declaration = declaration
        self.dtype = dtype
        self.classes = ladder(
            FORMATS[dtype],
            FORMATS[declaration.parameter_dtype(dtype)],
            flush_to_zero=declaration.flush_to_zero,
        )
        self._seen: dict[tuple[Expected, Output, bool, str, bytes], Judged] | None = None
        accepted = declaration.accuracy_for(dtype)
        self.declared = self.classes.get(accepted, self.classes["one-pass"])

    def foresee(self, cases: Iterable[Case], *, double: bool) -> None:
        """Have what is expected of small cases formed side by side.

        The truths are the same; bounds may differ in their last bits, as sums are added in another
        order, for which `EVALUATION` allows.
        ``double`` tells whether double backward is offered.
        """
        seen: list[tuple[Case, Settings]] = []
        for case in cases:
            judged = companions(case) if case.calls in NOT_JUDGED else (case,)
            for each in judged:
                known = what_counts(each)
                if not double:
                    known = known.with_arrays(dict.fromkeys(DOUBLE_ARGUMENTS))
                seen.append((known, self.settings(case)[0]))
        self._seen = {}
        EXPECTED.foresee(
            seen,
            unbiased=self.declaration.unbiased,
            normalises_unbiased=self.declaration.normalises_unbiased,
        )

    def forget(self) -> None:
        """Forget what was foreseen, and what cases had in common: no more of them come."""
        self._seen = None
        EXPECTED.forget()

    def judge(self, case: Case, observation: Observation) -> Record:
        """The record of a case: at the rounding of the settings that explains it best.

        Over integer data also by the family of algorithms that does, the strongest first: one has
        to explain all outputs (see `bnproof.engine.truth.bounds.summations`).
        """
        ran = case
        case, observation = without_masked(case, observation)
        best: Record | None = None
        by_family = Tag.SUMS in case.tags and self.declaration.is_plain
        families = Summation if by_family else (None,)
        for summation, settings in product(families, self.settings(case)):
            record = self._judge(case, observation, settings, summation)
            if best is None or _badness(record) < _badness(best):
                best = record
            if not any(best.all_wrong()):
                break
        assert best is not None  # noqa: S101  # there is at least one rounding: none
        best.found = self._strongest(best)
        best.ran = ran
        outline(best, self.classes, partial(self._again, best.arithmetic))
        return best

    def settings(self, case: Case) -> list[Settings]:
        """The settings as given, and as float32 holds them, which is allowed in every dtype."""
        if case.momentum is None:
            weight = Fraction(1, case.batches_seen + 1)
            return [Settings(e, 1 - weight, weight) for e in _roundings(case.eps)]
        old = self.declaration.momentum_weighs == "old"
        weights = []
        for momentum in _roundings(case.momentum):
            kept = Fraction(momentum) if old else 1 - Fraction(momentum)
            weights.append((kept, 1 - kept))
            other = float(1 - Fraction(momentum))
            for rounded in _roundings(other)[1:]:  # 1 - momentum, rounded as well
                one = Fraction(rounded)
                pair = (kept, one) if old else (one, 1 - kept)
                weights += [pair, (1 - one, one) if old else (one, 1 - one)]
        if self.dtype != "float64":
            weights = weights[:1]
        epses = _roundings(case.eps) if self.dtype == "float64" else (case.eps,)
        return [Settings(e, keep, w) for e, (keep, w) in product(epses, weights)]

    # --- one rounding of the settings -----------------------------------------------------

    def _judge(
        self,
        case: Case,
        observation: Observation,
        settings: Settings,
        summation: Summation | None,
    ) -> Record:
        declared = self.declared
        if summation is not None:
            declared = replace(declared, summation=summation)
        record = Record(case, self.declaration, observation, declared)
        doubled = self.declaration.is_plain and any(map(is_double, observation.results))
        if case.ddx is not None and not doubled:
            case = case.with_arrays(dict.fromkeys(DOUBLE_ARGUMENTS))  # its truth is not needed
        for call, results in observation.results.items():
            if not is_judged(call) or case.count == 0:
                continue
            mode = MODE_OF[call]
            if mode not in record.subjects:
                like = next(iter(record.subjects.values()), None)
                record.subjects[mode] = expected(self.declaration, case, settings, mode, like)
            base = record.judged.get(FIRST[call], {})
            record.judged[call] = self._outputs(record, call, results, base)
        if Tag.EXACT in case.tags:
            record.exact = _exact_bits(record)
        if Tag.NONFINITE in case.tags and have_kinds(self.declaration):
            record.spoiled = self._spoiled(case, observation, settings)
        return record

    def _spoiled(
        self, case: Case, observation: Observation, settings: Settings
    ) -> dict[Call, dict[Output, Judged]]:
        """The results of a case with NaN or infinity, held against the kinds that they may have."""
        made: dict[Call, dict[Output, Judged]] = {}
        for mode in MODES:
            results = observation.results.get(mode, {})
            moves = settings.keep != 0 and settings.weight != 0
            shifts = "one-pass" in self.declared.variances
            kinds = kinds_of(case, mode, moves=moves, shifts=shifts)
            subject = EXPECTED.of(
                healed(case, mode),
                settings,
                inference=mode == "infer",
                unbiased=self.declaration.unbiased(case.x.ndim),
                normalises_unbiased=self.declaration.normalises_unbiased,
            )
            truth = subject.quantities.truth.values
            for name in RESULTS:
                if name in results and name in truth:
                    got = columns(results[name]) if name in WHOLE else results[name]
                    bound = subject.bound(self.declared, name)
                    held = spoiled(name, got, truth[name], bound, kinds)
                    made.setdefault(mode, {})[name] = held
        return made

    def _outputs(
        self,
        record: Record,
        call: Call,
        results: dict[Output, Array],
        base: dict[Output, Judged],
    ) -> dict[Output, Judged]:
        out: dict[Output, Judged] = {}
        subject = record.expected_of(call)
        first = record.observation.results.get(FIRST[call], {})
        for name in (*RESULTS, *DOUBLE):
            if name not in results or name not in subject.quantities.truth.values:
                continue
            same = first.get(name)
            if name in base and same is not None and _same_bits(same, results[name]):
                out[name] = base[name]  # the same bits have the same error
                continue
            whole = call != "infer one"
            out[name] = self._output(subject, record.arithmetic, name, results[name], whole=whole)
        return out

    def _output(
        self, subject: Expected, declared: Arithmetic, name: Output, result: Array, *, whole: bool
    ) -> Judged:
        """A judged output; where several cases of the same data have the same bits, the same one.

        Such cases differ in rank or memory layout.  What is large is judged each time, not kept,
        and so is what comes alone, as in a search.
        """
        got = columns(result) if name in WHOLE else result
        if self._seen is None or got.size > SMALL or declared.summation is not None:
            return self._held_against(subject, declared, name, got, whole=whole)
        key = subject, name, whole, got.dtype.str, got.tobytes()
        if key not in self._seen:
            self._seen[key] = self._held_against(subject, declared, name, got, whole=whole)
        return self._seen[key]

    def _again(
        self, declared: Arithmetic, subject: Expected, judged: Judged, whole: bool
    ) -> Judged:
        return self._held_against(subject, declared, judged.output, judged.got, whole=whole)

    def _held_against(
        self, subject: Expected, declared: Arithmetic, name: Output, got: Array, *, whole: bool
    ) -> Judged:
        """An output held against the truth."""
        high, low = subject.quantities.truth.values[name]
        bound = subject.bound(declared, name)
        if not whole:
            high, low, bound = high[: len(got)], low[: len(got)], bound[: len(got)]
        return Judged(name, got, (high, low), error(got, (high, low)), bound)

    def _strongest(self, record: Record) -> Found:
        """The strongest class that explains every output; classes weaker than declared as well.

        The ladder is nested: what exceeds the bound of the declared class exceeds those of all
        stronger ones, and what exceeds the bound of the weakest class exceeds all.
        """
        looked_at = {id(j): (call, j) for call, j in record.all_judged()}  # the same bits once

        def explains(name: AccuracyClass) -> bool:
            arithmetic = self.classes[name]
            return all(record.under(arithmetic, *each).worst <= 1 for each in looked_at.values())

        names = list(self.classes)
        if record.worst > 1:
            names = names[names.index(self.declared.name) + 1 :]
            if not names or not explains(names[-1]):
                return ""
        return next((name for name in names if explains(name)), "")


def _same_bits(one: Array, other: Array) -> bool:
    """Whether two results are the same numbers; the same bytes in another order are not."""
    return one.dtype == other.dtype and one.tobytes() == other.tobytes()


@lru_cache(maxsize=256)
def _roundings(value: float) -> tuple[float, ...]:
    """A setting as given, and as float32 holds it if that is another number."""
    with np.errstate(over="ignore", under="ignore"):
        single = float(np.float32(value))
    return (value,) if single == value else (value, single)


def _badness(record: Record) -> tuple[int, float]:
    """How many outputs are off, then how far: one wrong output must not choose for the others."""
    off = sum(1 for _ in record.all_wrong())
    return off, record.worst


def _exact_bits(record: Record) -> tuple[int, int]:
    """How many outputs that are representable came back bit for bit, and how many there are.

    The running variance is not among them: N / (N - 1) is no power of two.
    """
    same = total = 0
    for _, judged in record.all_judged("train"):
        if judged.output != "running_var":
            total += 1
            same += bool(np.array_equal(np.asarray(judged.got, np.float64), judged.truth[0]))
    return same, total
