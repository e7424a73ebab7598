"""Writing what fails into the file of known failures, on request only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bnproof.engine.judging.counterexample import Failing
from bnproof.engine.judging.rerun import alone, violation_in
from bnproof.engine.model.result import Report, Result
from bnproof.known_failures.edits import Why, update
from bnproof.known_failures.file import explanation
from bnproof.known_failures.pinned_examples import PinnedExample
from bnproof.known_failures.settlement import known, with_known
from bnproof.properties.catalogue import chosen
from bnproof.sandbox.session import TIMEOUT, Session
from bnproof.targets.outside import Outside


class VariantFailures(Protocol):
    """What a check found out about one variant; see `bnproof.check.request.CheckedVariant`."""

    @property
    def report(self) -> Report:
        """The report on the variant."""
        ...

    @property
    def number(self) -> int:
        """The number of the variant."""
        ...

    @property
    def results(self) -> tuple[Result, ...]:
        """The results without what the pinned examples say."""
        ...

    @property
    def failing(self) -> tuple[Failing, ...]:
        """Each output in which a property is violated and not known to be."""
        ...

    @property
    def pinned(self) -> tuple[PinnedExample, ...]:
        """The entries of the file that are about the variant."""
        ...

    @property
    def outside(self) -> Outside:
        """What is declared from outside."""
        ...


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
    path: Path,
    target: str,
    checked: Sequence[VariantFailures],
    why: Why,
    *,
    timeout: float = TIMEOUT,
    memory: int | None = None,
) -> Updated:
    """Write an entry for each failure that is not known, and take out those that are stale.

    An expired entry whose example still fails is written anew.  What does not fail when its
    counterexample is run alone cannot be pinned, and goes on failing.  Raises StoreError for a
    file that is not of the form or cannot be written.
    """
    several = len(checked) > 1 or any(each.number for each in checked)
    added: list[tuple[str, Failing]] = []
    reports, left = [], []
    for each in checked:
        lasting = list(_lasting(target, each, timeout, memory))
        added += [(each.report.name if several else "", failing) for failing in lasting]
        passing = [f for f in each.failing if f not in lasting]
        left += [
            f"{f.property}, {f.dtype}: {f.output} fails in its run, not alone" for f in passing
        ]
        reports.append(_settled(each, lasting, path, why))
    removed = [found.entry for each in checked for found in each.pinned if found.stale]
    if added or removed:
        update(path, target, added, removed, why)
    return Updated(reports, len(added), len(removed), tuple(left))


def _lasting(
    target: str, checked: VariantFailures, timeout: float, memory: int | None
) -> Iterator[Failing]:
    """The failures whose counterexample fails alone, in a worker that ran nothing else."""
    if not checked.failing:
        return
    with Session(target, checked.number, timeout, memory, outside=checked.outside) as session:
        for failing in checked.failing:
            (property_,) = chosen((failing.property,))
            found = failing.counterexample
            _, records = alone(session, session.declaration, property_, found)
            if violation_in(failing.output, property_, found, records) is not None:
                yield failing


def _settled(checked: VariantFailures, lasting: Sequence[Failing], path: Path, why: Why) -> Report:
    """The report with what was written known, and without the entries that were taken out."""
    written = {(f.property, f.dtype, f.output) for f in lasting}
    live = [found for found in checked.pinned if not found.stale]
    reason = explanation(why.reason, why.link, why.expires)

    def settled(result: Result) -> Result:
        open_ = [
            v for v in result.violations if (result.property, result.dtype, v.name) not in written
        ]
        if result.verdict in ("pass", "known", "unsupported"):
            return result
        if open_:
            return replace(result, violations=tuple(open_))
        return known(result, reason)

    results = with_known([settled(result) for result in checked.results], live, path)
    return replace(checked.report, results=tuple(results))
