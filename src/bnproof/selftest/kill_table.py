"""The kill table: mutants by properties, with right implementations as controls."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from enum import Enum
from multiprocessing import get_context
from typing import Any

from bnproof.check.garbage import collect_less_often
from bnproof.check.meter import Progress
from bnproof.engine.contract.declaration import Declaration, declaration_of
from bnproof.engine.execution.in_process import InProcess
from bnproof.engine.judging.property import Property
from bnproof.engine.model.verdict import Profile
from bnproof.mutants.catalogue import MUTANTS, mutant_of
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.mutants.controls.control import Control
from bnproof.mutants.mutant import Mutant
from bnproof.mutants.variants.catalogue import VARIANTS
from bnproof.properties.catalogue import PROPERTIES, chosen
from bnproof.selftest.named_causes import DUE, Naming, NamingTable, named
from bnproof.selftest.rejection import first_failures

QUICK = 0.95
"""Share of the distinct mistakes that the quick profile has to reject."""

QUICK_TURN = 3
"""One in so many variants is looked at in the quick profile."""

OF_ANY = tuple(p.id for p in PROPERTIES if p.concerns(Declaration(), "float32"))
"""The properties of any implementation; those of whole torch modules have tests of their own."""

KEPT = 2**19
"""Elements of data sets whose truth is kept, since all are judged on nearly the same cases."""


@dataclass(frozen=True)
class Row:
    """What became of one implementation.

    Attributes:
        id: of the mutant or control.
        group: what it counts as; its own id for controls.
        failed: ids of the properties that rejected it.
        complete: whether as many cases ran as the profile promises.
    """

    id: str
    group: str
    failed: tuple[str, ...]
    complete: bool = True


class JobKind(Enum):
    """What a worker judges."""

    CONTROL = "control"
    MUTANT = "mutant"
    VARIANT = "variant"
    PROPERTY = "property"


@dataclass(frozen=True)
class Job:
    """One implementation to judge, or one property that has rejected no mutant so far.

    Attributes:
        kind: of what is judged.
        id: of the one concerned.
        profile: "quick" or "standard".
        complete: whether to go on after the first rejection.
    """

    kind: JobKind
    id: str
    profile: Profile
    complete: bool = False


@dataclass(frozen=True)
class KillTable:
    """The whole table.

    Attributes:
        profile: that was run.
        mutants, controls: a row each.
        untested: theorems of behaviour that no property cites.
        naming: how well causes are named.
    """

    profile: Profile
    mutants: tuple[Row, ...]
    controls: tuple[Row, ...]
    untested: tuple[str, ...] = ()
    naming: NamingTable = field(default=NamingTable())
    properties: tuple[str, ...] = field(default=OF_ANY)

    @property
    def survivors(self) -> tuple[str, ...]:
        """Mutants that no property rejected."""
        return tuple(row.id for row in self.mutants if not row.failed)

    @property
    def rejected_controls(self) -> tuple[str, ...]:
        """Right implementations that were rejected."""
        return tuple(row.id for row in self.controls if row.failed)

    @property
    def idle(self) -> tuple[str, ...]:
        """Properties that rejected no mutant."""
        busy = {name for row in self.mutants for name in row.failed}
        return tuple(name for name in self.properties if name not in busy)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Implementations on which fewer cases ran than promised."""
        return tuple(row.id for row in (*self.mutants, *self.controls) if not row.complete)

    @property
    def distinct(self) -> tuple[int, int]:
        """Distinct mistakes that were rejected, and how many there are; grades count once."""
        groups = {row.group for row in self.mutants}
        alive = {row.group for row in self.mutants if not row.failed}
        return len(groups - alive), len(groups)

    @property
    def strong(self) -> bool:
        """Whether nothing is wrong with the suite; quick may let 5 % of the mistakes pass."""
        killed, distinct = self.distinct
        enough = killed == distinct if self.profile == "standard" else killed >= QUICK * distinct
        named = not self.naming.rows or self.naming.single >= DUE
        wrong = (self.rejected_controls, self.idle, self.incomplete, self.untested)
        return enough and named and not any(wrong)


def kill_table(
    profile: Profile,
    *,
    mutants: Sequence[str] = (),
    complete: bool = False,
    workers: int = 2,
    progress: Progress = lambda done, total, text: None,
) -> KillTable:
    """Judge all mutants, or those of the given ids, and all controls, in worker processes.

    A mutant is judged until some property rejects it, and further only where a property has not
    rejected anything by then; with ``complete``, each is judged on all cases of the profile.
    """
    wanted = [m for m in MUTANTS if not mutants or m.id in mutants]
    jobs = [Job(JobKind.CONTROL, c.id, profile) for c in by_dtype(CONTROLS) if not mutants]
    jobs += [Job(JobKind.MUTANT, m.id, profile, complete=complete) for m in wanted]
    looked_at = VARIANTS if profile == "standard" else VARIANTS[::QUICK_TURN]
    jobs += [Job(JobKind.VARIANT, v.id, profile) for v in looked_at if not mutants]
    rows: dict[JobKind, list[Any]] = {kind: [] for kind in JobKind}
    context = get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=collect_less_often) as pool:

        def run(some: Sequence[Job], before: int) -> None:
            for done, (kind, row) in enumerate(_rows(pool, some), start=1):
                rows[kind].append(row)
                progress(before + done, before + len(some), row.id)

        run(jobs, 0)
        listed = [control.id for control in CONTROLS]
        controls = sorted(rows[JobKind.CONTROL], key=lambda row: listed.index(row.id))
        table = KillTable(profile, tuple(rows[JobKind.MUTANT]), tuple(controls))
        if not mutants:
            run([Job(JobKind.PROPERTY, name, profile) for name in table.idle], len(jobs))
    found = {row.id: row.failed for row in rows[JobKind.PROPERTY] if row.failed}
    told = tuple(replace(row, failed=_with(row, found)) for row in table.mutants)
    named = NamingTable(tuple(rows[JobKind.VARIANT]))
    return replace(table, mutants=told, untested=_untested(), naming=named)


def _with(row: Row, found: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """What rejected a mutant, with what was found by looking for idle properties' prey."""
    more = {name for name, mutants in found.items() if row.id in mutants}
    return tuple(sorted({*row.failed, *more}))


def _rows(pool: Pool, jobs: Sequence[Job]) -> Iterator[tuple[JobKind, Row | Naming]]:
    for job, row in zip(jobs, pool.map(judged, jobs), strict=True):
        yield job.kind, row


def judged(job: Job) -> Row | Naming:
    """The row of one job."""
    from bnproof.engine.truth.bounds.expected_by_data import EXPECTED  # noqa: PLC0415  # in the worker

    EXPECTED.limit = KEPT
    match job.kind:
        case JobKind.CONTROL:
            return _control(job)
        case JobKind.MUTANT:
            return _mutant(job)
        case JobKind.VARIANT:
            return named(job.id)
        case JobKind.PROPERTY:
            return _prey(job)


def _control(job: Job) -> Row:
    """A control on all cases of the profile, in one of its dtypes."""
    control = next(control for control in CONTROLS if control.id == job.id)
    return _checked(job, control.make(), _dtype(control), job.id)


def by_dtype(controls: Sequence[Control]) -> list[Control]:
    """Sort controls by dtype, so that those in a row share truths."""
    return sorted(controls, key=_dtype)


def _dtype(control: Control) -> str:
    """The dtype that a control is judged in: they take turns."""
    dtypes = declaration_of(control.make()).dtypes
    return dtypes[CONTROLS.index(control) % len(dtypes)]


def _mutant(job: Job) -> Row:
    """A mutant in its dtypes, until one rejects it."""
    mutant = mutant_of(job.id)
    row = Row(job.id, mutant.counts_as, ())
    if not job.complete:
        row = replace(row, failed=tuple(_first_failures(mutant, PROPERTIES, job.profile)))
    if not row.failed and (job.complete or job.profile != "quick"):
        for dtype in mutant.dtypes:
            row = _checked(job, mutant.shown(), dtype, mutant.counts_as)
            if row.failed:
                break
    return row


def _first_failures(mutant: Mutant, properties: Sequence[Property], profile: Profile) -> list[str]:
    """What fails first; in quick, all dtypes that are declared share the cases."""
    if profile != "quick":
        dtypes, among = tuple[str, ...](mutant.dtypes), tuple[str, ...]()
    else:
        among = declaration_of(mutant.shown()).dtypes
        dtypes = tuple(dict.fromkeys((*mutant.dtypes, *among)))
    for dtype in dtypes:
        quick = profile == "quick"
        found = first_failures(
            mutant.shown(), dtype, properties, quick=quick, among=among, begin=mutant.shown_by
        )
        if found:
            return found
    return []


def _prey(job: Job) -> Row:
    """For a property, the first mutant that it rejects, of those that name it."""
    for mutant in (m for m in MUTANTS if job.id in m.caught_by):
        if _first_failures(mutant, chosen((job.id,)), job.profile):
            return Row(job.id, "", (mutant.id,))
    return Row(job.id, "", ())


def _checked(job: Job, implementation: Any, dtype: str, group: str) -> Row:
    """One implementation on the cases of the profile in one dtype.

    Large cases are shared between all dtypes that it declares, as in a check of all of them.
    """
    import numpy as np  # noqa: PLC0415  # in the worker

    from bnproof.check.one_implementation import check  # noqa: PLC0415  # likewise

    with np.errstate(all="ignore"):
        session = InProcess(implementation).try_out()
        declared = session.declaration
        found = check(session, declared, profile=job.profile, dtypes=[dtype], among=declared.dtypes)
    failed = sorted({r.property for r in found.results if r.violations})
    return Row(job.id, group, tuple(failed), found.cases[dtype] >= found.promised[dtype])


def _untested() -> tuple[str, ...]:
    from bnproof.spec.contents import THEOREMS  # noqa: PLC0415  # SymPy takes a second

    cited = {p.theorem for p in PROPERTIES}
    return tuple(t.id for t in THEOREMS.values() if t.behaviour and t.id not in cited)
