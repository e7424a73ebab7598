"""The kill table: mutants by properties, with right implementations as controls."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor as Pool
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from bnproof.mutants.catalogue import MUTANTS, mutant_of
from bnproof.mutants.controls.catalogue import CONTROLS
from bnproof.properties.catalogue import PROPERTIES

Progress = Callable[[int, int, str], None]
QUICK = 0.95
"""Share of the distinct mistakes that the quick profile has to reject."""

KEPT = 2**21
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


@dataclass(frozen=True)
class KillTable:
    """The whole table.

    Attributes:
        profile: that was run.
        mutants, controls: a row each.
        untested: theorems of behaviour that no property cites.
    """

    profile: str
    mutants: tuple[Row, ...]
    controls: tuple[Row, ...]
    untested: tuple[str, ...] = ()
    properties: tuple[str, ...] = field(default=tuple(p.id for p in PROPERTIES))

    @property
    def survivors(self) -> tuple[str, ...]:
        """Mutants that no property rejected."""
        return tuple(row.id for row in self.mutants if not row.failed)

    @property
    def accused(self) -> tuple[str, ...]:
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
        return enough and not any((self.accused, self.idle, self.incomplete, self.untested))


def kill_table(
    profile: str,
    *,
    mutants: Sequence[str] = (),
    workers: int = 2,
    progress: Progress = lambda done, total, text: None,
) -> KillTable:
    """Judge all mutants, or those of the given ids, and all controls, in worker processes."""
    chosen = [m for m in MUTANTS if not mutants or m.id in mutants]
    jobs = [("mutant", m.id, profile) for m in chosen]
    jobs += [("control", c.id, profile) for c in CONTROLS if not mutants]
    rows: dict[str, list[Row]] = {"mutant": [], "control": []}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for done, (kind, row) in enumerate(_rows(pool, jobs), start=1):
            rows[kind].append(row)
            progress(done, len(jobs), row.id)
    return KillTable(profile, tuple(rows["mutant"]), tuple(rows["control"]), _untested())


def _rows(pool: Pool, jobs: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, Row]]:
    jobs = list(jobs)
    for job, row in zip(jobs, pool.map(judged, jobs, chunksize=4), strict=True):
        yield job[0], row


def judged(job: tuple[str, str, str]) -> Row:
    """The row of one implementation; the standard profile stops at the first dtype that fails."""
    import numpy as np  # noqa: PLC0415  # in the worker

    from bnproof.properties.checking import check  # noqa: PLC0415  # likewise
    from bnproof.properties.local import LocalSession  # noqa: PLC0415  # likewise
    from bnproof.properties.subjects import SUBJECTS  # noqa: PLC0415  # likewise

    SUBJECTS.limit = KEPT
    kind, id_, profile = job
    dtypes: tuple[str, ...] = ()
    with np.errstate(all="ignore"):
        if kind == "control":
            implementation = next(c for c in CONTROLS if c.id == id_).make()
            group = id_
        else:
            mutant = mutant_of(id_)
            implementation, group, dtypes = mutant.shown(), mutant.counts_as, mutant.dtypes
        session = LocalSession(implementation)
        dtypes = dtypes or session.declaration.dtypes
        found = check(session, session.declaration, profile=profile, dtypes=dtypes)
    failed = sorted({r.property for r in found.results if r.violations})
    complete = all(found.cases[d] >= found.promised[d] for d in dtypes)
    return Row(id_, group, tuple(failed), complete)


def _untested() -> tuple[str, ...]:
    from bnproof.spec.contents import THEOREMS  # noqa: PLC0415  # SymPy takes a second

    cited = {p.theorem for p in PROPERTIES}
    return tuple(t.id for t in THEOREMS.values() if t.behaviour and t.id not in cited)
