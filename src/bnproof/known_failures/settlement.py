"""What known failures make of a verdict: a failure is known, and an entry that is stale fails.

This holds of both kinds of entries: those of a file, which pin an example of each failure, and
those of a test file, which give a reason for a whole property.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bnproof.engine.model.result import ENTRY, Result, Violation
from bnproof.known_failures.file import Entry
from bnproof.known_failures.pinned_examples import PinnedExample, Stale


def known(result: Result, reason: str, violations: Sequence[Violation] | None = None) -> Result:
    """The result as a known failure; its violations stay unless others are given."""
    shown = result.violations if violations is None else tuple(violations)
    return replace(result, verdict="known", reason=reason, violations=shown)


def about_an_entry(detail: str, case: str = "", case_name: str = "") -> Violation:
    """The violation of a stale entry."""
    return Violation(case=case, case_name=case_name, output=ENTRY, detail=detail)


def with_known(
    results: Sequence[Result], pinned: Sequence[PinnedExample], path: Path | None
) -> list[Result]:
    """The results, where an example still fails known at best, and where an entry is stale failed.

    An entry about a property that was not judged has a result of its own.
    """
    settled = list(results)
    for found in pinned:
        place = _place(settled, found.entry)
        if place is None:
            settled.append(_of_no_result(found.entry))
            place = len(settled) - 1
        settled[place] = _settled(settled[place], found, path)
    return settled


def _place(results: Sequence[Result], entry: Entry) -> int | None:
    keys = [(result.property, result.dtype) for result in results]
    key = entry.property, entry.dtype
    return keys.index(key) if key in keys else None


def _settled(result: Result, found: PinnedExample, path: Path | None) -> Result:
    if found.stale:
        return stale(result, _about(found, path))
    if result.verdict in ("pass", "unsupported"):  # the cases of this run do not show it
        assert found.violation is not None  # noqa: S101  # it is not stale
        return known(result, found.entry.explanation, [found.violation])
    return result


def stale(result: Result, entry: Violation) -> Result:
    """The result of a property with a stale entry; what was known of it is no longer shown."""
    was_known = result.verdict == "known"
    return replace(
        result,
        verdict=result.verdict if result.verdict in ("crashed", "timed-out") else "fail",
        reason="",
        violations=(entry,) if was_known else (entry, *result.violations),
        further=0 if was_known else result.further,
    )


def _about(found: PinnedExample, path: Path | None) -> Violation:
    entry = found.entry
    file = "the file" if path is None else path.name
    advice = "renew or " if found.stale is Stale.EXPIRED else ""
    detail = f"{_why(found)}: {advice}remove this entry from {file}"
    return about_an_entry(detail, entry.counterexample.case.describe(), entry.counterexample.name)


def _why(found: PinnedExample) -> str:
    if found.stale is Stale.EXPIRED:
        return f"expired on {found.entry.expires}"
    return f"{found.stale}, as {found.reason}" if found.reason else f"{found.stale}"


def _of_no_result(entry: Entry) -> Result:
    from bnproof.properties.catalogue import chosen  # noqa: PLC0415  # the costly part of bnproof

    (property_,) = chosen((entry.property,))
    return Result(property_.id, property_.statement, property_.theorem, entry.dtype, "pass")
