"""The parts of a check that can run in processes of their own: one variant in one dtype each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bnproof.check.request import CheckedVariant, Request
from bnproof.engine.model.result import Report, Result

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """One variant of a target in one dtype.

    Attributes:
        target: as the user named it.
        variant: its number.
        dtype: of x.
        among: all dtypes of the variant that are checked.
        compiles: whether timing found that the variant compiles for each shape; the same for all
            its dtypes, which share cases.
    """

    target: str
    variant: int
    dtype: str
    among: tuple[str, ...] = ()
    compiles: bool = False

    def narrowed(self, asked: Request) -> Request:
        """What is asked of this part alone."""
        return replace(
            asked, dtypes=(self.dtype,), among=self.among, compiles=self.compiles, jobs=1
        )


def merged(parts: Sequence[CheckedVariant], *, complete: bool) -> CheckedVariant:
    """The parts of one variant as if its dtypes had been checked one after the other.

    Without all parts (not ``complete``) the run was interrupted.
    """
    reports = [part.report for part in parts]
    broken = next((report for report in reports if report.error), None)
    if broken is not None:
        return replace(parts[0], report=broken)
    pinned = {found.entry.number: found for part in parts for found in part.pinned}
    return CheckedVariant(
        _merged_report(parts, complete=complete),
        parts[0].number,
        _once(result for part in parts for result in part.results),
        tuple(failing for part in parts for failing in part.failing),
        tuple(pinned.values()),
        parts[0].outside,
        _together(part.not_offered for part in parts),
    )


def _merged_report(parts: Sequence[CheckedVariant], *, complete: bool) -> Report:
    reports = [part.report for part in parts]
    return replace(
        reports[0],
        results=_once(result for report in reports for result in report.results),
        accuracy=_together(report.accuracy for report in reports),
        cases=_together(report.cases for report in reports),
        promised=_together(report.promised for report in reports),
        notes=_notes(parts),
        seconds=sum(report.seconds for report in reports),
        interrupted=not complete or any(report.interrupted for report in reports),
        incomplete=_lines(report.incomplete for report in reports),
        advice=_lines(report.advice for report in reports),
        differs_in=_lines(report.differs_in for report in reports),
    )


def _notes(parts: Sequence[CheckedVariant]) -> tuple[str, ...]:
    """The notes of all dtypes: what is not offered in all of them is said once."""
    from bnproof.check.one_implementation import notes_on  # noqa: PLC0415  # the costly part of bnproof

    own = {note for part in parts for note in notes_on(part.not_offered)}
    others = _lines(part.report.notes for part in parts)
    return (
        *notes_on(_together(part.not_offered for part in parts)),
        *(note for note in others if note not in own),
    )


def _once(results: Iterable[Result]) -> tuple[Result, ...]:
    """Results, each property and dtype once: a stale entry is told with every dtype."""
    found: dict[tuple[str, str], Result] = {}
    for result in results:
        found.setdefault((result.property, result.dtype), result)
    return tuple(found.values())


def _together(mappings: Iterable[Mapping[str, T]]) -> dict[str, T]:
    return {key: value for mapping in mappings for key, value in mapping.items()}


def _lines(texts: Iterable[Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line for lines in texts for line in lines))
