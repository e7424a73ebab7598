"""One check of one implementation: portfolio, search, records, properties, accuracy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bnproof.causes.alternatives import Alternative, alternative
from bnproof.causes.evidence import evidence
from bnproof.check.interruption import hurried, not_reached
from bnproof.check.meter import Meter, Progress
from bnproof.engine.contract.declaration import Declaration
from bnproof.engine.judging.accepted import Accepted, is_unexpected, of_property
from bnproof.engine.judging.accuracy import accuracy
from bnproof.engine.judging.counterexample import Failing
from bnproof.engine.judging.judge import Judge
from bnproof.engine.judging.module_facts import notes as module_notes
from bnproof.engine.judging.property import Property
from bnproof.engine.judging.record import Record
from bnproof.engine.judging.records import Records
from bnproof.engine.judging.rerun import judged
from bnproof.engine.judging.verdicts import conclude
from bnproof.engine.model.calls import Call, is_double
from bnproof.engine.model.case import Case
from bnproof.engine.model.demand import Demand
from bnproof.engine.model.names import Output
from bnproof.engine.model.observation import Observation
from bnproof.engine.model.offers import Offered
from bnproof.engine.model.result import Accuracy, Result
from bnproof.engine.model.verdict import Profile
from bnproof.engine.portfolio import portfolio
from bnproof.engine.portfolio.layer_data import has_lives
from bnproof.engine.search.profiles import LIVES, SEARCHED
from bnproof.engine.wording.events import ending, sentence
from bnproof.properties.catalogue import chosen, concerning

Fails = Callable[[Sequence[Record], Sequence[Record]], bool]
STOPPED_BEFORE = "no case of its kind was reached before the first failure"


class CaseRunner(Protocol):
    """What runs cases on the target: a worker process, or the implementation in this one.

    Attributes:
        first: the case of the first calls and what came back, None where nothing did.
    """

    first: tuple[Case, Observation] | None

    def run(self, case: Case) -> Observation:
        """Run one case."""
        ...

    def run_many(self, cases: Sequence[Case]) -> Iterator[tuple[Case, Observation]]:
        """Run cases one after the other, the next while the last is judged."""
        ...


@dataclass
class CheckedDtypes:
    """What a check found out, by dtype where it says so.

    ``evidence`` are a few failing records, by which their cause can be told; ``failing`` is
    every output in which a property is violated, with a counterexample; ``offers`` the optional
    parts that were offered; ``alternatives`` another declaration under which failures disappear,
    for each dtype that has failures; ``not_offered`` are gradients that no case returned;
    ``noted`` is what differs from torch's modules and is not demanded;
    ``killed`` names cases that were not run to their end, since SIGKILL ended their processes;
    ``stopped`` says that the run ended at a failure, as asked; ``first_failure`` says in
    a few words what failed first.  After an interrupt (KeyboardInterrupt) it is what was found out
    until then, and ``interrupted`` says so.
    """

    results: list[Result] = field(default_factory=list)
    accuracy: dict[str, Accuracy] = field(default_factory=dict)
    cases: dict[str, int] = field(default_factory=dict)
    promised: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    evidence: dict[str, list[Record]] = field(default_factory=dict)
    offers: dict[str, Offered] = field(default_factory=dict)
    alternatives: dict[str, Alternative | None] = field(default_factory=dict)
    failing: list[Failing] = field(default_factory=list)
    not_offered: dict[str, tuple[str, ...]] = field(default_factory=dict)
    noted: dict[Demand, str] = field(default_factory=dict)
    killed: dict[str, list[str]] = field(default_factory=dict)
    interrupted: bool = False
    stopped: bool = False
    first_failure: str = ""

    def watched(self, step: str) -> str:
        """Return what the progress line shows: the present step, after the first failure if any."""
        return f"{self.first_failure}; {step}" if self.first_failure else step


def check(
    session: CaseRunner,
    declaration: Declaration,
    *,
    profile: Profile = "standard",
    seed: int = 0,
    dtypes: Iterable[str] = (),
    among: Sequence[str] = (),
    properties: tuple[str, ...] = (),
    exclude: tuple[str, ...] = (),
    known: Sequence[Accepted] = (),
    stop_at_first: bool = False,
    progress: Progress = lambda done, total, text: None,
) -> CheckedDtypes:
    """Check an implementation in each of its dtypes.

    ``dtypes`` and ``properties`` (glob patterns of ids) narrow the check; empty means all.
    ``among`` are the dtypes that share the cases of the quick profile, where others are checked
    elsewhere.
    ``exclude`` (likewise) leaves properties out.  ``stop_at_first`` ends the run at the first case
    that fails, or after the first dtype with a failure.
    ``known`` failures are not reported as failures, and the search goes on where it meets them.
    Raises LookupError for a pattern that matches no property.
    """
    asked_for = chosen(properties, exclude)
    checked = CheckedDtypes()
    asked = tuple(dtypes) or declaration.dtypes
    shared = tuple(among) or asked
    meter = Meter(progress, len(asked))
    for dtype in asked:
        expected = [k for k in known if k.dtype == dtype]
        wanted = concerning(asked_for, declaration, dtype)
        fails = _fails(wanted, declaration, dtype, expected) if stop_at_first else _never
        judge = Judge(declaration, dtype)
        run = _Run(session, judge, profile, seed, shared, wanted, expected, meter.next(), fails)
        _check_dtype(checked, run)
        checked.stopped |= stop_at_first and bool(checked.failing)
        if checked.interrupted or checked.stopped:
            break
    checked.notes += [*notes_on(checked.not_offered), *checked.noted.values()]
    checked.notes += notes_on_killed(checked.killed)
    return checked


def _check_dtype(checked: CheckedDtypes, run: "_Run") -> None:
    """Run the cases of one dtype, and write down what they show.

    After an interrupt as much as can be found out while somebody waits.
    """
    dtype, declaration = run.judge.dtype, run.judge.declaration
    records: list[Record] = []
    try:
        _gather(records, checked, run)
        run.step(checked, "judging the properties")
        concluded = _concluded(Records(declaration, tuple(records)), checked, run)
    except KeyboardInterrupt:
        checked.interrupted = True
        concluded = hurried(run.wanted, Records(declaration, tuple(records)), dtype, run.known)
    checked.results += [result for result, _ in concluded]
    checked.failing += [failing for _, found in concluded for failing in found]
    checked.offers[dtype] = frozenset().union(*(r.observation.offers for r in records))
    checked.not_offered[dtype] = _not_offered(records)
    checked.noted = {**module_notes(records), **checked.noted}  # of the first dtype
    if checked.interrupted:
        return
    try:
        _look_closer([result for result, _ in concluded], records, checked, run)
    except KeyboardInterrupt:
        checked.interrupted = True


def _concluded(
    records: Records, checked: CheckedDtypes, run: "_Run"
) -> list[tuple[Result, list[Failing]]]:
    """The result of each property, and its failing outputs."""
    dtype, known = run.judge.dtype, run.known
    if checked.stopped:
        return [_concluded_early(p, records, dtype, known) for p in run.wanted]
    return [conclude(p, records, dtype, of_property(known, p.id)) for p in run.wanted]


def _look_closer(
    results: Sequence[Result], records: list[Record], checked: CheckedDtypes, run: "_Run"
) -> None:
    """Find the evidence of failures, what else to declare, and how accurate the results are."""
    judge, known = run.judge, run.known
    dtype, declaration = judge.dtype, judge.declaration
    by_name = Records(declaration, tuple(records)).by_name
    failed = [r for r in results if r.violations and r.verdict != "known"]
    shown = dict.fromkeys(r.violations[0].case_name for r in failed)
    unexpected = [r for r in records if is_unexpected(r, known)] if known else records
    checked.evidence[dtype] = evidence([by_name[name] for name in shown], unexpected)
    if failed:
        run.step(checked, "looking for another declaration")
        ids = [r.property for r in failed]
        checked.alternatives[dtype] = alternative(
            records, declaration, dtype, run.wanted, ids, known
        )
    run.step(checked, "measuring the accuracy")
    checked.accuracy[dtype] = accuracy(records, judge.classes)


def _concluded_early(
    property_: Property, records: Records, dtype: str, known: Sequence[Accepted]
) -> tuple[Result, list[Failing]]:
    """The result of a property on the cases that ran before the first failure."""
    result, failing = conclude(property_, records, dtype, of_property(known, property_.id))
    return not_reached(result, property_, records.declaration, STOPPED_BEFORE), failing


def _never(fresh: Sequence[Record], records: Sequence[Record]) -> bool:  # noqa: ARG001  # as `_fails`
    """A run that does not stop at a failure."""
    return False


def _fails(
    wanted: Sequence[Property], declaration: Declaration, dtype: str, known: Sequence[Accepted]
) -> Fails:
    """Whether fresh records, the last ones of all records, break one of the wanted properties.

    Most cases are settled by their own record.  What breaks a property alone is judged once more
    among all records, since some properties compare it with others.
    """

    def breaks(property_: Property, records: Sequence[Record]) -> bool:
        every = Records(declaration, tuple(records))
        return bool(conclude(property_, every, dtype, of_property(known, property_.id))[1])

    def fails(fresh: Sequence[Record], records: Sequence[Record]) -> bool:
        wrong = [record for record in fresh if is_unexpected(record, known)]
        return bool(wrong) and any(breaks(p, wrong) and breaks(p, records) for p in wanted)

    return fails


@dataclass(frozen=True)
class _Run:
    """What it takes to check one dtype.

    ``fails``, given the fresh records and all, says whether the run ends at a failure.
    """

    session: CaseRunner
    judge: Judge
    profile: Profile
    seed: int
    among: Sequence[str]
    wanted: Sequence[Property]
    known: Sequence[Accepted]
    progress: Progress
    fails: Fails

    def step(self, checked: CheckedDtypes, text: str) -> None:
        """Say what is done once the cases have run."""
        self.progress(0, 0, checked.watched(f"{self.judge.dtype}: {text}"))


def _gather(records: list[Record], checked: CheckedDtypes, run: _Run) -> None:
    """Run the cases of one dtype, and add their records to ``records`` one by one."""
    session, judge, dtype, known = run.session, run.judge, run.judge.dtype, run.known
    cases = portfolio(
        judge.declaration,
        dtype,
        seed=run.seed,
        quick=run.profile == "quick",
        thorough=run.profile == "thorough",
        among=run.among,
    )
    killed = checked.killed.setdefault(dtype, [])
    searches = _searches(session, judge, dtype, run.profile, run.seed, known, killed)
    total = len(cases) + sum(search.examples for search in searches)
    checked.cases[dtype], checked.promised[dtype] = 0, total
    judge.foresee(cases, double=_offers_double(session))
    if session.first is not None and session.first[0].dtype == dtype:
        records += judged(judge, *session.first)
    for case, observation in session.run_many(cases):
        if was_killed(observation):
            killed.append(case.name)
            continue
        fresh = judged(judge, case, observation)
        records += fresh
        checked.cases[dtype] += 1
        checked.first_failure = checked.first_failure or _first_failure(fresh, known)
        run.progress(checked.cases[dtype], total, checked.watched(f"{dtype}: {case.name}"))
        if run.fails(fresh, records):
            checked.stopped = True
            return
    judge.forget()
    for search in searches:
        before, killed_before = checked.cases[dtype], len(killed)

        def note(name: str, before: int = before) -> None:
            checked.cases[dtype] += 1
            ran = min(checked.cases[dtype], before + search.examples)  # noqa: B023  # called within this round only
            step = "" if ran == checked.cases[dtype] else "making a failure small, "
            run.progress(ran, total, checked.watched(f"{dtype}: {step}{name}"))

        seen: list[Record] = []
        try:
            found = search.run(note, seen)
        except KeyboardInterrupt:
            records += seen
            raise
        records += found
        checked.cases[dtype] -= len(killed) - killed_before
        if any(is_unexpected(record, known) for record in found):  # it ends at a violation
            checked.promised[dtype] -= search.examples
        if run.fails(found, records):
            checked.stopped = True
            return


def _offers_double(session: CaseRunner) -> bool:
    """Whether the first calls had results of double backward."""
    return session.first is not None and any(map(is_double, session.first[1].results))


def _first_failure(fresh: Sequence[Record], known: Sequence[Accepted]) -> str:
    """Return what fails in fresh records, in a few words; "" if nothing fails."""
    wrong = next((record for record in fresh if is_unexpected(record, known)), None)
    return "" if wrong is None else f"failed: {_off(wrong)}"


def _off(record: Record) -> str:
    """Return the first output that exceeds its bound, or what happened instead."""
    seen = record.observation
    off: list[str] = [judged.output for _, judged in record.all_wrong()]
    off += [sentence(event) for event in seen.events]
    off += [ending(seen.failure)] if seen.failure else []
    return off[0]


@dataclass(frozen=True)
class _Search:
    """A search that a profile has: how many examples, and the function that makes it.

    The function is given another to tell of each case, and a list for the records of all that ran,
    which an interrupt leaves; it returns those that are of use.
    """

    examples: int
    run: Callable[[Callable[[str], None], list[Record]], list[Record]]


def _searches(
    session: CaseRunner,
    judge: Judge,
    dtype: str,
    profile: Profile,
    seed: int,
    known: Sequence[Accepted],
    killed: list[str],
) -> list[_Search]:
    """For cases, and for lives of layers where there are such; none in the quick profile.

    The names of cases whose processes were killed are added to ``killed``.
    """
    if not SEARCHED[profile]:
        return []
    from bnproof.engine.search.cases import search  # noqa: PLC0415  # Hypothesis costs time
    from bnproof.engine.search.layer_lives import search_lives  # noqa: PLC0415  # likewise

    declaration = judge.declaration

    def violates(record: Record) -> bool:
        return is_unexpected(record, known)

    def run_of(case: Case) -> Observation:
        observation = session.run(case)
        if not was_killed(observation):
            return observation
        killed.append(case.name)
        return Observation()

    def cases(note: Callable[[str], None], seen: list[Record]) -> list[Record]:
        def run(case: Case) -> Record:
            note(case.name)
            seen.append(judge.judge(case, run_of(case)))
            return seen[-1]

        wanted = SEARCHED[profile]
        return search(run, declaration, dtype, examples=wanted, seed_value=seed, violates=violates)

    def lives(note: Callable[[str], None], seen: list[Record]) -> list[Record]:
        def run(case: Case) -> list[Record]:
            note(case.name)
            made = judged(judge, case, run_of(case))
            seen.extend(made)
            return made

        wanted = LIVES[profile]
        return search_lives(
            run, declaration, dtype, examples=wanted, seed_value=seed, violates=violates
        )

    found = [_Search(SEARCHED[profile], cases)]
    if has_lives(declaration, dtype):
        found.append(_Search(LIVES[profile], lives))
    return found


def _not_offered(records: Sequence[Record]) -> tuple[str, ...]:
    """The gradients that no case returned."""
    offered: Mapping[tuple[Call, Output], str] = {
        ("train", "dx"): "dx",
        ("infer", "dx"): "dx of inference",
    }
    offers = set().union(*(r.observation.offers for r in records)) if records else set()
    return tuple(text for key, text in offered.items() if key not in offers) if records else ()


def was_killed(observation: Observation) -> bool:
    """Whether nothing is known of a case, since SIGKILL ended its processes."""
    return observation.failure is not None and observation.failure.killed


def notes_on_killed(killed: Mapping[str, Sequence[str]]) -> list[str]:
    """What was not run to its end, by dtype.

    >>> notes_on_killed({"float32": ["many values"], "float64": []})
    ['not run, as SIGKILL ended its process twice (is memory short?): many values, float32']
    """
    return [
        f"not run, as SIGKILL ended its process twice (is memory short?): {names[0]}, {dtype}"
        + (f", and {len(names) - 1} more" if len(names) > 1 else "")
        for dtype, names in killed.items()
        if names
    ]


def notes_on(not_offered: Mapping[str, tuple[str, ...]]) -> list[str]:
    """What is not offered, with the dtypes where it is offered in others."""
    dtypes: dict[str, list[str]] = {}
    for dtype, missing in not_offered.items():
        for text in missing:
            dtypes.setdefault(text, []).append(dtype)
    return [
        f"not offered: {text}" + ("" if found == [*not_offered] else f" in {', '.join(found)}")
        for text, found in dtypes.items()
    ]
