"""Writing what fails into the file of known failures, on request only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bnproof.check.request import Asked, Examined
from bnproof.engine.judging.counterexample import Failing
from bnproof.engine.judging.rerun import alone
from bnproof.engine.model.result import Report, Result
from bnproof.known_failures.edits import Why, update
from bnproof.known_failures.file import told
from bnproof.known_failures.pinned import with_known
from bnproof.properties.catalogue import chosen
from bnproof.sandbox.session import Session


@dataclass(frozen=True)
class Updated:
    """What was written.

    Attributes:
        reports: as the next check gives them.
        added, removed: entries that were written, and taken out.
        left: what fails and cannot be pinned, a line each.
    """

    reports: list[Report]
    added: int
    removed: int
    left: tuple[str, ...]


def update_known(
    path: Path, target: str, examined: Sequence[Examined], asked: Asked, why: Why
) -> Updated:
    """Write an entry for each failure that is not known, and take out those that are stale.

    An expired entry whose example still fails is written anew.  What does not fail when its
    counterexample is run alone cannot be pinned, and goes on failing.  Raises StoreError for a
    file that is not of the form or cannot be written.
    """
    several = len(examined) > 1 or any(each.number for each in examined)
    added: list[tuple[str, Failing]] = []
    reports, left = [], []
    for each in examined:
        lasting = list(_lasting(target, each, asked))
        added += [(each.report.name if several else "", failing) for failing in lasting]
        passing = [f for f in each.failing if f not in lasting]
        left += [
            f"{f.property}, {f.dtype}: {f.output} fails in its run, not alone" for f in passing
        ]
        reports.append(_settled(each, lasting, path, why))
    removed = [found.entry for each in examined for found in each.pinned if found.stale]
    if added or removed:
        update(path, target, added, removed, why)
    return Updated(reports, len(added), len(removed), tuple(left))


def _lasting(target: str, examined: Examined, asked: Asked) -> Iterator[Failing]:
    """The failures whose counterexample fails alone, in a worker that ran nothing else."""
    if not examined.failing:
        return
    limits = asked.timeout, asked.memory
    with Session(target, examined.number, *limits, outside=examined.outside) as session:
        for failing in examined.failing:
            (property_,) = chosen((failing.property,))
            result, _ = alone(session, session.declaration, property_, failing.counterexample)
            if any(v.name == failing.output for v in result.violations):
                yield failing


def _settled(examined: Examined, lasting: Sequence[Failing], path: Path, why: Why) -> Report:
    """The report with what was written known, and without the entries that were taken out."""
    written = {(f.property, f.dtype, f.output) for f in lasting}
    live = [found for found in examined.pinned if not found.stale]
    reason = told(why.reason, why.link, why.expires)

    def settled(result: Result) -> Result:
        open_ = [
            v for v in result.violations if (result.property, result.dtype, v.name) not in written
        ]
        if result.verdict in ("pass", "known", "unsupported"):
            return result
        if open_:
            return replace(result, violations=tuple(open_))
        return replace(result, verdict="known", reason=reason)

    results = with_known([settled(result) for result in examined.results], live, path)
    return replace(examined.report, results=tuple(results))
